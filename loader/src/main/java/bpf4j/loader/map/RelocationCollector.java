package bpf4j.loader.map;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfRel;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.loader.object.Extern;
import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ProgramCode;
import bpf4j.loader.object.Relocation;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.MapSpec;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the relocations of program sections into the functions they belong to, and those of
/// `.maps` and `.struct_ops` into the maps. Mirrors libbpf 1.5 `bpf_object__collect_relos`.
public final class RelocationCollector {
  private static final int CALL = 0x85;
  private static final int PSEUDO_CALL = 1;

  private final ObjectFile object;
  private final ElfFile elf;
  private final List<MapEntry> maps;
  private final Map<Integer, Integer> externBySymbol = new HashMap<>();
  private final Map<Long, Integer> mapByPlace = new HashMap<>();
  private final Map<Integer, Integer> dataMapBySection = new HashMap<>();
  private final InitialSlotCollector slots;
  private int arenaMap = -1;

  /// @param slots takes the relocations of `.maps` and `.struct_ops`
  public RelocationCollector(
      ObjectFile object, List<Extern> externs, List<MapEntry> maps, InitialSlotCollector slots) {
    this.object = object;
    this.elf = object.elf();
    this.maps = maps;
    this.slots = slots;
    for (int i = 0; i < externs.size(); i++) {
      externBySymbol.put(externs.get(i).symIdx, i);
    }
    for (int i = 0; i < maps.size(); i++) {
      MapEntry m = maps.get(i);
      if (m.isArena()) {
        arenaMap = i;
      }
      switch (m.kind) {
        case DEFINED, ARENA -> mapByPlace.putIfAbsent(place(m.secIdx, m.secOffset), i);
        case DATA, RODATA, BSS -> dataMapBySection.putIfAbsent(m.secIdx, i);
        case KCONFIG, STRUCT_OPS -> {}
      }
    }
  }

  private static long place(int secIdx, long offset) {
    return (long) secIdx << 48 ^ offset;
  }

  public void collect() throws ElfException {
    for (ElfSection s : elf.sections()) {
      if (object.role(s.index()) != ObjectFile.Role.RELOCATIONS) {
        continue;
      }
      int target = s.info();
      if (object.role(target) == ObjectFile.Role.STRUCT_OPS) {
        slots.structOps(s);
      } else if (target == object.mapsIdx()) {
        slots.maps(s);
      } else {
        collectProgram(s, elf.sections().get(target));
      }
    }
    for (ProgramCode p : object.programs()) {
      p.relocations.sort(
          Comparator.comparingInt(Relocation::slotIdx).thenComparing(Relocation::kind));
    }
  }

  private void collectProgram(ElfSection rels, ElfSection target) throws ElfException {
    long size = elf.data(target).limit();
    String sec = "sec '" + rels.name() + "': ";
    int i = 0;
    for (ElfRel rel : elf.relocations(rels)) {
      if (rel.symIdx() >= object.symbols().size()) {
        throw elf.refuse(
            LibbpfErrno.FORMAT, sec + "symbol #" + rel.symIdx() + " not found for relo #" + i);
      }
      ElfSymbol sym = object.symbols().get((int) rel.symIdx());
      if (sym.shndx() >= elf.sections().size()) {
        throw elf.refuse(
            LibbpfErrno.FORMAT,
            sec
                + "corrupted symbol #"
                + rel.symIdx()
                + " pointing to invalid section #"
                + sym.shndx()
                + " for relo #"
                + i);
      }
      if (rel.offset() % ObjectFile.INSN_SIZE != 0 || rel.offset() < 0 || rel.offset() >= size) {
        throw elf.refuse(
            LibbpfErrno.FORMAT,
            sec + "invalid offset 0x" + Long.toHexString(rel.offset()) + " for relo #" + i);
      }
      long slot = rel.offset() / ObjectFile.INSN_SIZE;
      ProgramCode p = object.programAt(target.index(), slot);
      // Without a function there, the place belonged to a weak one that the linker dropped.
      if (p != null) {
        p.relocations.add(resolve(p, (int) slot - p.secSlotOff, sym));
      }
      i++;
    }
  }

  private String nameOf(ElfSymbol sym) throws ElfException {
    if (sym.type() == ElfSymbol.SECTION && sym.nameOff() == 0) {
      ElfSection s = elf.section(sym.shndx());
      return s == null ? "<?" : s.name();
    }
    return object.symbolName(sym);
  }

  private ElfException bad(ProgramCode p, String text) {
    return elf.refuse(LibbpfErrno.RELOC, "prog '" + p.name + "': " + text);
  }

  private Relocation resolve(ProgramCode p, int slot, ElfSymbol sym) throws ElfException {
    long insn = p.insns[slot];
    boolean call = RawInsn.opcode(insn) == CALL;
    if (!call && !RawInsn.isLdImm64(insn)) {
      throw bad(
          p,
          "invalid relo against '"
              + nameOf(sym)
              + "' for insns["
              + slot
              + "].code 0x"
              + Integer.toHexString(RawInsn.opcode(insn)));
    }
    if (!call && slot + 1 >= p.insns.length) {
      throw bad(
          p, "relo against '" + nameOf(sym) + "' for insns[" + slot + "]: ld_imm64 is cut off");
    }
    if (sym.isExtern()) {
      Integer ext = externBySymbol.get(sym.index());
      if (ext == null) {
        throw bad(
            p, "extern relo failed to find extern for '" + nameOf(sym) + "' (" + sym.index() + ")");
      }
      Relocation.Kind kind = call ? Relocation.Kind.EXTERN_CALL : Relocation.Kind.EXTERN_LD64;
      return new Relocation(kind, slot, ext, 0);
    }
    return call ? subprogCall(p, slot, sym) : load(p, slot, sym);
  }

  private Relocation subprogCall(ProgramCode p, int slot, ElfSymbol sym) throws ElfException {
    if (RawInsn.src(p.insns[slot]) != PSEUDO_CALL) {
      throw bad(p, "incorrect bpf_call opcode");
    }
    if (sym.shndx() == 0 || sym.shndx() != object.textIdx()) {
      throw bad(
          p, "bad call relo against '" + nameOf(sym) + "' in section '" + sectionName(sym) + "'");
    }
    if (sym.value() % ObjectFile.INSN_SIZE != 0) {
      throw bad(
          p,
          "bad call relo against '"
              + nameOf(sym)
              + "' at offset "
              + Long.toUnsignedString(sym.value()));
    }
    return new Relocation(Relocation.Kind.CALL, slot, -1, (int) sym.value());
  }

  private String sectionName(ElfSymbol sym) {
    ElfSection s = elf.section(sym.shndx());
    return s == null ? "(null)" : s.name();
  }

  private boolean isSubprog(ElfSymbol sym) {
    if (sym.shndx() != object.textIdx()) {
      return false;
    }
    return sym.bind() == ElfSymbol.LOCAL
        ? sym.type() == ElfSymbol.SECTION
        : sym.isGlobalOrWeak() && sym.type() == ElfSymbol.FUNC;
  }

  private Relocation load(ProgramCode p, int slot, ElfSymbol sym) throws ElfException {
    int shndx = sym.shndx();
    if (shndx == 0 || shndx >= ElfSymbol.SHN_LORESERVE) {
      throw bad(
          p,
          "invalid relo against '"
              + nameOf(sym)
              + "' in special section 0x"
              + Integer.toHexString(shndx)
              + "; forgot to initialize global var?..");
    }
    if (isSubprog(sym)) {
      int imm = RawInsn.imm(p.insns[slot]);
      if (sym.value() % ObjectFile.INSN_SIZE != 0 || imm % ObjectFile.INSN_SIZE != 0) {
        throw bad(
            p,
            "bad subprog addr relo against '"
                + nameOf(sym)
                + "' at offset "
                + Long.toUnsignedString(sym.value())
                + "+"
                + imm);
      }
      return new Relocation(Relocation.Kind.SUBPROG_ADDR, slot, -1, (int) sym.value());
    }
    if (shndx == object.arenaIdx()) {
      if (arenaMap < 0) {
        throw bad(p, "bad arena data relocation at insn " + slot + ", no arena maps defined");
      }
      return new Relocation(Relocation.Kind.DATA, slot, arenaMap, (int) sym.value());
    }
    Integer data = dataMapBySection.get(shndx);
    if (data != null) {
      return new Relocation(Relocation.Kind.DATA, slot, data, (int) sym.value());
    }
    return mapLoad(p, slot, sym);
  }

  private Relocation mapLoad(ProgramCode p, int slot, ElfSymbol sym) throws ElfException {
    int shndx = sym.shndx();
    switch (object.role(shndx)) {
      case DATA, RODATA, BSS ->
          throw bad(p, "data relo failed to find map for section '" + sectionName(sym) + "'");
      case OTHER, STRUCT_OPS, RELOCATIONS -> {}
    }
    if (shndx != object.mapsIdx() && shndx != object.legacyMapsIdx()) {
      throw bad(
          p, "bad map relo against '" + nameOf(sym) + "' in section '" + sectionName(sym) + "'");
    }
    Integer map = mapByPlace.get(place(shndx, sym.value()));
    if (map == null || maps.get(map).kind != MapSpec.Kind.DEFINED) {
      throw bad(
          p,
          "map relo failed to find map for section '"
              + sectionName(sym)
              + "', off "
              + Long.toUnsignedString(sym.value()));
    }
    return new Relocation(Relocation.Kind.MAP, slot, map, 0);
  }

  /// The arena map's number, or -1.
  public int arenaMap() {
    return arenaMap;
  }

  /// The map with number `index`, or null.
  public @Nullable MapEntry map(int index) {
    return index >= 0 && index < maps.size() ? maps.get(index) : null;
  }
}
