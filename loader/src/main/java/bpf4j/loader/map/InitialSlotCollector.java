package bpf4j.loader.map;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfRel;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ProgramCode;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Reads what an object puts into its maps by name: `.values = { [1] = &inner }` of outer maps and
/// program arrays, and the functions of struct_ops variables.
///
/// Mirrors libbpf 1.5 `bpf_object__collect_map_relos` and `bpf_object__collect_st_ops_relos`.
public final class InitialSlotCollector {
  private static final int POINTER_SIZE = 8;

  private final ObjectFile object;
  private final ElfFile elf;
  private final @Nullable Btf btf;
  private final int mapsDatasec;
  private final TreeMap<Long, MapEntry> definedByOffset = new TreeMap<>();
  private final Map<Integer, TreeMap<Long, MapEntry>> structOpsByOffset = new HashMap<>();
  private final Map<String, MapEntry> mapsByName = new HashMap<>();
  private final Map<String, ProgramCode> programsByName = new HashMap<>();

  /// @param mapsDatasec id of the DATASEC `.maps`, 0 without one
  public InitialSlotCollector(
      ObjectFile object, @Nullable Btf btf, int mapsDatasec, List<MapEntry> maps) {
    this.object = object;
    this.elf = object.elf();
    this.btf = btf;
    this.mapsDatasec = mapsDatasec;
    for (MapEntry m : maps) {
      mapsByName.putIfAbsent(m.name, m);
      if (m.structOps != null) {
        structOpsByOffset
            .computeIfAbsent(m.secIdx, k -> new TreeMap<>())
            .putIfAbsent(m.secOffset, m);
      } else if (m.varIdx >= 0) {
        definedByOffset.putIfAbsent(m.secOffset, m);
      }
    }
    for (ProgramCode p : object.programs()) {
      if (!object.isSubprog(p)) {
        programsByName.putIfAbsent(p.name, p);
      }
    }
  }

  void maps(ElfSection rels) throws ElfException {
    if (btf == null || mapsDatasec == 0) {
      throw elf.refuse(LibbpfErrno.EINVAL, ".maps relocations without BTF of .maps");
    }
    int i = 0;
    for (ElfRel rel : elf.relocations(rels)) {
      map(btf, i++, rel);
    }
  }

  private ElfException bad(int errno, int relo, String text) {
    return elf.refuse(errno, ".maps relo #" + relo + ": " + text);
  }

  private ElfSymbol symbol(ElfRel rel, String where) throws ElfException {
    if (rel.symIdx() >= object.symbols().size()) {
      throw elf.refuse(
          LibbpfErrno.FORMAT, where + "symbol " + Long.toHexString(rel.symIdx()) + " not found");
    }
    return object.symbols().get((int) rel.symIdx());
  }

  private void map(Btf btf, int i, ElfRel rel) throws ElfException {
    ElfSymbol sym = symbol(rel, ".maps relo #" + i + ": ");
    String name = object.symbolName(sym);
    Map.Entry<Long, MapEntry> at = definedByOffset.floorEntry(rel.offset());
    MapEntry map = at == null ? null : at.getValue();
    if (map == null
        || rel.offset() + POINTER_SIZE - map.secOffset
            > Integer.toUnsignedLong(btf.varSecSize(mapsDatasec, map.varIdx))) {
      throw bad(
          LibbpfErrno.EINVAL,
          i,
          "cannot find map '" + name + "' at rel->r_offset " + Long.toUnsignedString(rel.offset()));
    }
    if (map.isMapInMap()) {
      checkInnerMap(i, map, sym, name);
    } else if (map.def.type == MapType.PROG_ARRAY.id()) {
      checkProgram(i, sym, name);
    } else {
      throw bad(
          LibbpfErrno.EINVAL, i, "map '" + map.name + "' is neither map-in-map nor prog-array");
    }
    int struct = btf.skipModsAndTypedefs(btf.target(btf.varSecType(mapsDatasec, map.varIdx)));
    int last = btf.vlen(struct) - 1;
    if (last < 0 || !btf.memberName(struct, last).equals("values")) {
      throw bad(LibbpfErrno.EINVAL, i, "map '" + map.name + "' has no 'values'");
    }
    long off =
        rel.offset()
            - map.secOffset
            - Integer.toUnsignedLong(btf.memberBitOffset(struct, last)) / 8;
    if (off < 0 || off % POINTER_SIZE != 0) {
      throw bad(
          LibbpfErrno.EINVAL, i, "offset " + rel.offset() + " is not a slot of '" + map.name + "'");
    }
    map.initialSlots.put((int) (off / POINTER_SIZE), name);
  }

  private void checkInnerMap(int i, MapEntry map, ElfSymbol sym, String name) throws ElfException {
    if (sym.shndx() != object.mapsIdx()) {
      throw bad(LibbpfErrno.RELOC, i, "'" + name + "' isn't a BTF-defined map");
    }
    if (map.def.type == MapType.HASH_OF_MAPS.id() && map.def.keySize != 4) {
      throw bad(LibbpfErrno.EINVAL, i, "hash-of-maps '" + map.name + "' should have key size 4.");
    }
    if (!mapsByName.containsKey(name)) {
      throw bad(LibbpfErrno.ESRCH, i, "'" + name + "' isn't a valid map reference");
    }
  }

  private void checkProgram(int i, ElfSymbol sym, String name) throws ElfException {
    ProgramCode p = programsByName.get(name);
    if (p == null) {
      throw bad(LibbpfErrno.ESRCH, i, "'" + name + "' isn't a valid program reference");
    }
    if (p.secIdx != sym.shndx() || (long) p.secSlotOff * ObjectFile.INSN_SIZE != sym.value()) {
      throw bad(LibbpfErrno.RELOC, i, "'" + name + "' isn't an entry-point program");
    }
  }

  void structOps(ElfSection rels) throws ElfException {
    if (btf == null) {
      throw elf.refuse(LibbpfErrno.EINVAL, "struct_ops reloc: no BTF");
    }
    for (ElfRel rel : elf.relocations(rels)) {
      structOps(btf, rels.info(), rel);
    }
  }

  private void structOps(Btf btf, int secIdx, ElfRel rel) throws ElfException {
    ElfSymbol sym = symbol(rel, "struct_ops reloc: ");
    TreeMap<Long, MapEntry> section = structOpsByOffset.getOrDefault(secIdx, new TreeMap<>());
    Map.Entry<Long, MapEntry> at = section.floorEntry(rel.offset());
    MapEntry map = at == null ? null : at.getValue();
    StructOpsData ops = map == null ? null : map.structOps;
    if (map == null
        || ops == null
        || rel.offset() - map.secOffset >= Integer.toUnsignedLong(map.def.valueSize)) {
      throw elf.refuse(
          LibbpfErrno.EINVAL,
          "struct_ops reloc: cannot find map at rel->r_offset "
              + Long.toUnsignedString(rel.offset()));
    }
    String where = "struct_ops reloc " + map.name + ": ";
    if (sym.shndx() >= ElfSymbol.SHN_LORESERVE) {
      throw elf.refuse(
          LibbpfErrno.RELOC,
          where
              + "rel->r_offset "
              + rel.offset()
              + " shdr_idx "
              + sym.shndx()
              + " unsupported non-static function");
    }
    if (sym.value() % ObjectFile.INSN_SIZE != 0) {
      throw elf.refuse(
          LibbpfErrno.FORMAT,
          where + "invalid target program offset " + Long.toUnsignedString(sym.value()));
    }
    long memberOff = rel.offset() - map.secOffset;
    int member = memberAt(btf, ops.typeId, memberOff * 8);
    if (member < 0) {
      throw elf.refuse(LibbpfErrno.EINVAL, where + "cannot find member at moff " + memberOff);
    }
    String name = btf.memberName(ops.typeId, member);
    if (!isFunctionPointer(btf, btf.memberType(ops.typeId, member))) {
      throw elf.refuse(LibbpfErrno.EINVAL, where + "cannot relocate non func ptr " + name);
    }
    ProgramCode p = object.programAt(sym.shndx(), sym.value() / ObjectFile.INSN_SIZE);
    if (p == null) {
      throw elf.refuse(
          LibbpfErrno.EINVAL,
          where + "cannot find prog at shdr_idx " + sym.shndx() + " to relocate func ptr " + name);
    }
    if (p.type != ProgType.STRUCT_OPS) {
      throw elf.refuse(
          LibbpfErrno.EINVAL, where + "prog " + p.name + " is not struct_ops BPF program");
    }
    ops.programs.put(member, p);
  }

  private static int memberAt(Btf btf, int struct, long bitOffset) {
    for (int i = 0; i < btf.vlen(struct); i++) {
      if (Integer.toUnsignedLong(btf.memberBitOffset(struct, i)) == bitOffset) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isFunctionPointer(Btf btf, int type) {
    int ptr = btf.skipModsAndTypedefs(type);
    return btf.isKind(ptr, BtfKind.PTR)
        && btf.isKind(btf.skipModsAndTypedefs(btf.target(ptr)), BtfKind.FUNC_PROTO);
  }
}
