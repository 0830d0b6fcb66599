package bpf4j.loader.linker;

import bpf4j.loader.elf.ElfSection;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Writes a relocatable ELF64 object: header, section bytes in order, section headers last.
final class ElfWriter {
  static final int STRTAB_INDEX = 1;
  static final int SYMTAB_INDEX = 2;

  private static final int EHDR_SIZE = 64;
  private static final int SHDR_SIZE = 64;
  private static final int SYM_SIZE = 24;
  private static final int EM_BPF = 247;
  private static final long SHF_STRINGS = 0x20;

  private final ByteOrder order;
  private final StringPool strings;
  private final List<Section> sections = new ArrayList<>();

  private record Section(
      int nameOff,
      int type,
      long flags,
      byte[] bytes,
      int size,
      int link,
      int info,
      long align,
      long entSize) {
    int fileSize() {
      return type == ElfSection.NOBITS ? 0 : size;
    }
  }

  ElfWriter(ByteOrder order, StringPool strings) {
    this.order = order;
    this.strings = strings;
  }

  byte[] write(List<TargetSection> targets, List<TargetSymbol> symbols, LinkedTypes types) {
    var numbered = new ArrayList<Section>();
    var present = new ArrayList<>(targets);
    present.removeIf(t -> t.ephemeral);
    // A section that was known to BTF only may have come to bytes after others.
    present.sort(Comparator.comparingInt(t -> t.index));
    for (TargetSection t : present) {
      numbered.add(
          new Section(
              t.nameOff, t.type, t.flags, t.bytes, t.size, t.link, t.info, t.align, t.entSize));
    }
    addTypes(numbered, ".BTF", types.btfSection());
    addTypes(numbered, ".BTF.ext", types.extSection());
    byte[] symtab = symbolTable(symbols);
    byte[] strtab = strings.toBytes();
    sections.add(
        new Section(
            strings.add(".strtab"),
            ElfSection.STRTAB,
            SHF_STRINGS,
            strtab,
            strtab.length,
            0,
            0,
            1,
            0));
    sections.add(
        new Section(
            strings.add(".symtab"),
            ElfSection.SYMTAB,
            0,
            symtab,
            symtab.length,
            STRTAB_INDEX,
            0,
            8,
            SYM_SIZE));
    sections.addAll(numbered);
    return layOut();
  }

  private void addTypes(
      List<Section> into, String name, byte @org.jspecify.annotations.Nullable [] bytes) {
    if (bytes != null) {
      into.add(
          new Section(strings.add(name), ElfSection.PROGBITS, 0, bytes, bytes.length, 0, 0, 8, 0));
    }
  }

  private byte[] symbolTable(List<TargetSymbol> symbols) {
    var out = ByteBuffer.allocate(Math.multiplyExact(symbols.size(), SYM_SIZE)).order(order);
    for (TargetSymbol s : symbols) {
      out.putInt(s.nameOff).put((byte) s.info).put((byte) s.other).putShort((short) s.shndx);
      out.putLong(s.value).putLong(s.size);
    }
    return out.array();
  }

  private byte[] layOut() {
    long[] offsets = new long[sections.size()];
    long at = EHDR_SIZE;
    for (int i = 0; i < offsets.length; i++) {
      at = roundUp(at, sections.get(i).align);
      offsets[i] = at;
      at += sections.get(i).fileSize();
    }
    long table = roundUp(at, 8);
    int count = sections.size() + 1;
    var out = ByteBuffer.allocate(Math.toIntExact(table + (long) count * SHDR_SIZE)).order(order);
    out.put(
        new byte[] {0x7f, 'E', 'L', 'F', 2, (byte) (order == ByteOrder.LITTLE_ENDIAN ? 1 : 2), 1});
    out.putShort(16, (short) 1).putShort(18, (short) EM_BPF).putInt(20, 1).putLong(40, table);
    out.putShort(52, (short) EHDR_SIZE).putShort(58, (short) SHDR_SIZE);
    out.putShort(60, (short) count).putShort(62, (short) STRTAB_INDEX);
    for (int i = 0; i < offsets.length; i++) {
      Section s = sections.get(i);
      out.put((int) offsets[i], s.bytes, 0, s.fileSize());
      int header = (int) table + (i + 1) * SHDR_SIZE;
      out.putInt(header, s.nameOff).putInt(header + 4, s.type).putLong(header + 8, s.flags);
      out.putLong(header + 24, offsets[i]).putLong(header + 32, s.size);
      out.putInt(header + 40, s.link).putInt(header + 44, s.info);
      out.putLong(header + 48, s.align).putLong(header + 56, s.entSize);
    }
    return out.array();
  }

  private static long roundUp(long value, long step) {
    return step <= 1 ? value : (value + step - 1) / step * step;
  }
}
