package bpf4j.loader.linker;

import bpf4j.loader.elf.ElfSection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A section of the output: the bytes of all input sections of its name.
final class TargetSection {
  final String name;

  /// Whether no bytes have come yet, only BTF of externs.
  boolean ephemeral;

  /// Number in the output's section table, 0 while ephemeral.
  int index;

  int nameOff;
  int type;
  long flags;
  long entSize;
  long align;
  int link;
  int info;
  byte[] bytes = {};
  int size;

  /// Symbol of the section itself, 0 for none.
  int symbolIdx;

  boolean hasBtf;
  final List<Variable> variables = new ArrayList<>();
  final List<int[]> funcInfo = new ArrayList<>();
  final List<int[]> lineInfo = new ArrayList<>();
  final List<int[]> coreRelos = new ArrayList<>();

  /// A variable or function of the section's DATASEC.
  static final class Variable {
    final int typeId;
    final int offset;
    int size;

    Variable(int typeId, int offset, int size) {
      this.typeId = typeId;
      this.offset = offset;
      this.size = size;
    }
  }

  TargetSection(String name) {
    this.name = name;
  }

  /// Appends `added` bytes at `sourceAlign`; returns the offset at which they begin.
  int append(byte[] content, int added, long sourceAlign) {
    align = Math.max(Math.max(align, 1), sourceAlign);
    long start = (size + align - 1) / align * align;
    int end = Math.toIntExact(start + added);
    if (type != ElfSection.NOBITS) {
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(end, Math.multiplyExact(bytes.length, 2)));
      }
      System.arraycopy(content, 0, bytes, (int) start, added);
    }
    size = end;
    return (int) start;
  }
}
