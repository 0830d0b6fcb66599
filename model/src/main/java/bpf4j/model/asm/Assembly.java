package bpf4j.model.asm;

import java.util.Map;

/// What [Assembler] made of a source text.
///
/// @param insns the program, one raw word a slot; a map reference's immediate is its index in the
///   list of maps that the assembler was given
/// @param lineOfSlot source line of each slot, counted from 1
/// @param labels slot of each label
public record Assembly(long[] insns, int[] lineOfSlot, Map<String, Integer> labels) {
  public Assembly {
    labels = Map.copyOf(labels);
  }
}
