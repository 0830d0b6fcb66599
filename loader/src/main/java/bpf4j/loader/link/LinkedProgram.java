package bpf4j.loader.link;

import bpf4j.loader.object.ProgramCode;
import bpf4j.loader.object.Relocation;
import bpf4j.model.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// An entry program while subprograms are being appended to it.
final class LinkedProgram {
  final ProgramCode main;
  long[] insns;
  int size;

  /// Where each function starts.
  final Map<ProgramCode, Integer> bases = new HashMap<>();

  /// Relocations of all functions, with slots of the linked program, in the order of appending.
  final List<Relocation> relocations = new ArrayList<>();

  final List<ProgramSpec.FuncInfo> funcs = new ArrayList<>();
  final ArrayList<ProgramSpec.LineInfo> lines = new ArrayList<>();

  LinkedProgram(ProgramCode main, long[] code) {
    this.main = main;
    this.insns = code.clone();
    append(main, code);
  }

  /// Puts the function behind what is there.
  void append(ProgramCode p, long[] code) {
    int base = size;
    if (insns.length < base + code.length) {
      insns = Arrays.copyOf(insns, Math.max(base + code.length, insns.length * 2));
    }
    System.arraycopy(code, 0, insns, base, code.length);
    size = base + code.length;
    bases.put(p, base);
    for (Relocation r : p.relocations) {
      relocations.add(
          base == 0 ? r : new Relocation(r.kind(), r.slotIdx() + base, r.target(), r.symOff()));
    }
  }

  long[] finished() {
    return insns.length == size ? insns : Arrays.copyOf(insns, size);
  }
}
