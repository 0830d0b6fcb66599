package bpf4j.loader.object;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.model.isa.RawInsn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An object file's sections sorted by what they are for, its symbols and its functions.
///
/// Mirrors libbpf 1.5 `bpf_object__elf_collect`: the same sections count, the same are skipped, the
/// same are refused, in the same order.
public final class ObjectFile {
  /// What a section is to the loader.
  public enum Role {
    OTHER,
    DATA,
    RODATA,
    BSS,
    STRUCT_OPS,
    RELOCATIONS
  }

  /// Bytes of an instruction slot.
  public static final int INSN_SIZE = 8;

  private static final int MAX_LICENSE = 63;

  private final ElfFile elf;
  private final Role[] roles;
  private final ElfSection symtab;
  private final List<ElfSymbol> symbols;
  private final ElfFile.SymbolNames symbolNames;
  private final Map<Integer, List<ElfSymbol>> functionsBySection = new HashMap<>();
  private final List<ProgramCode> programs = new ArrayList<>();
  private long codeBudget;
  private String license = "";
  private @Nullable Integer version;
  private int textIdx;
  private int mapsIdx = -1;
  private int legacyMapsIdx = -1;
  private int arenaIdx = -1;
  private boolean structOps;
  private @Nullable ElfSection btf;
  private @Nullable ElfSection btfExt;

  public ObjectFile(ElfFile elf) throws ElfException {
    this.elf = elf;
    this.roles = new Role[elf.sections().size()];
    Arrays.fill(roles, Role.OTHER);
    this.symtab = findSymtab();
    this.symbols = elf.symbols(symtab);
    this.symbolNames = elf.symbolNames(symtab);
    for (ElfSymbol s : symbols) {
      if (s.type() == ElfSymbol.FUNC) {
        functionsBySection.computeIfAbsent(s.shndx(), k -> new ArrayList<>()).add(s);
      }
    }
    this.codeBudget = 2L * elf.size();
    for (ElfSection s : elf.sections()) {
      if (s.index() != 0 && !isIgnored(s)) {
        collect(s);
      }
    }
    programs.sort(
        Comparator.<ProgramCode>comparingInt(p -> p.secIdx).thenComparingInt(p -> p.secSlotOff));
  }

  private ElfSection findSymtab() throws ElfException {
    ElfSection found = null;
    for (ElfSection s : elf.sections()) {
      if (s.type() == ElfSection.SYMTAB) {
        if (found != null) {
          throw elf.refuse(LibbpfErrno.FORMAT, "elf: multiple symbol tables in " + elf.name());
        }
        found = s;
      }
    }
    if (found == null) {
      throw elf.refuse(
          LibbpfErrno.ENOENT,
          "elf: couldn't find symbol table in " + elf.name() + ", stripped object file?");
    }
    return found;
  }

  private static boolean isDebug(String name) {
    return name.startsWith(".debug_");
  }

  private static boolean isIgnored(ElfSection s) {
    if (s.type() == ElfSection.STRTAB || s.type() == ElfSection.LLVM_ADDRSIG) {
      return true;
    }
    String name = s.name();
    if (s.type() == ElfSection.PROGBITS && s.size() == 0 && name.equals(".text")) {
      return true;
    }
    if (isDebug(name)) {
      return true;
    }
    if (name.startsWith(".rel")) {
      String of = name.substring(4);
      return isDebug(of) || of.equals(".BTF") || of.equals(".BTF.ext");
    }
    return false;
  }

  private void collect(ElfSection s) throws ElfException {
    switch (s.name()) {
      case "license" -> readLicense(elf.data(s));
      case "version" -> readVersion(elf.data(s));
      case "maps" -> legacyMapsIdx = s.index();
      case ".maps" -> mapsIdx = s.index();
      case ".BTF" -> btf = typeSection(s);
      case ".BTF.ext" -> btfExt = typeSection(s);
      default -> collectByType(s);
    }
  }

  private ElfSection typeSection(ElfSection s) throws ElfException {
    if (s.type() != ElfSection.PROGBITS) {
      throw elf.refuse(
          LibbpfErrno.FORMAT,
          "elf: section(" + s.index() + ") " + s.name() + " has type " + s.type());
    }
    return s;
  }

  private void collectByType(ElfSection s) throws ElfException {
    switch (s.type()) {
      case ElfSection.PROGBITS -> {
        if (s.size() != 0) {
          collectProgbits(s);
        }
      }
      case ElfSection.REL -> collectRelocations(s);
      case ElfSection.NOBITS -> {
        if (s.name().equals(".bss") || s.name().startsWith(".bss.")) {
          roles[s.index()] = Role.BSS;
        }
      }
      default -> {}
    }
  }

  private void collectProgbits(ElfSection s) throws ElfException {
    String name = s.name();
    if (s.isExecutable()) {
      if (name.equals(".text")) {
        textIdx = s.index();
      }
      addPrograms(s);
    } else if (name.equals(".data") || name.startsWith(".data.")) {
      roles[s.index()] = Role.DATA;
    } else if (name.equals(".rodata") || name.startsWith(".rodata.")) {
      roles[s.index()] = Role.RODATA;
    } else if (isStructOps(name)) {
      roles[s.index()] = Role.STRUCT_OPS;
      structOps = true;
    } else if (name.equals(".addr_space.1")) {
      arenaIdx = s.index();
    }
  }

  private static boolean isStructOps(String name) {
    return switch (name) {
      case ".struct_ops", ".struct_ops.link", "?.struct_ops", "?.struct_ops.link" -> true;
      default -> false;
    };
  }

  private void collectRelocations(ElfSection s) throws ElfException {
    ElfSection target = elf.section(s.info());
    if (s.entSize() != 16 || target == null) {
      throw elf.refuse(
          LibbpfErrno.FORMAT,
          "elf: relocation section("
              + s.index()
              + ") "
              + s.name()
              + ": entry size "
              + Long.toUnsignedString(s.entSize())
              + ", target section "
              + Integer.toUnsignedLong(s.info()));
    }
    String of = s.name().startsWith(".rel") ? s.name().substring(4) : "";
    if (target.isExecutable() || of.equals(".maps") || isStructOps(of)) {
      roles[s.index()] = Role.RELOCATIONS;
    }
  }

  private void readLicense(ByteBuffer data) throws ElfException {
    if (data.limit() == 0) {
      throw elf.refuse(LibbpfErrno.FORMAT, "invalid license section in " + elf.name());
    }
    int n = 0;
    while (n < data.limit() && n < MAX_LICENSE && data.get(n) != 0) {
      n++;
    }
    byte[] text = new byte[n];
    data.get(0, text);
    license = new String(text, StandardCharsets.UTF_8);
  }

  private void readVersion(ByteBuffer data) throws ElfException {
    if (data.limit() != 4) {
      throw elf.refuse(LibbpfErrno.FORMAT, "invalid kver section in " + elf.name());
    }
    version = data.getInt(0);
  }

  private void addPrograms(ElfSection s) throws ElfException {
    ByteBuffer data = elf.data(s);
    for (ElfSymbol sym : functionsBySection.getOrDefault(s.index(), List.of())) {
      long off = sym.value();
      long size = sym.size();
      String name = symbolNames.of(sym);
      if (Long.compareUnsigned(off + size, data.limit()) > 0
          || Long.compareUnsigned(off + size, off) < 0) {
        throw elf.refuse(
            LibbpfErrno.FORMAT,
            "sec '"
                + s.name()
                + "': program at offset "
                + Long.toUnsignedString(off)
                + " crosses section boundary");
      }
      if (s.index() != textIdx && sym.bind() == ElfSymbol.LOCAL) {
        throw elf.refuse(
            LibbpfErrno.ENOTSUP,
            "sec '" + s.name() + "': program '" + name + "' is static and not supported");
      }
      if (size == 0 || size % INSN_SIZE != 0 || off % INSN_SIZE != 0) {
        throw elf.refuse(
            LibbpfErrno.EINVAL,
            "sec '"
                + s.name()
                + "': corrupted program '"
                + name
                + "', offset "
                + off
                + ", size "
                + size);
      }
      codeBudget -= size;
      if (codeBudget < 0) {
        throw elf.refuse(
            LibbpfErrno.FORMAT,
            "sec '" + s.name() + "': program '" + name + "' overlaps others beyond reason");
      }
      programs.add(
          new ProgramCode(
              name,
              s.name(),
              s.index(),
              (int) (off / INSN_SIZE),
              readInsns(data, (int) off, (int) size),
              sym.bind() != ElfSymbol.LOCAL,
              sym.bind() != ElfSymbol.LOCAL && sym.isHidden()));
    }
  }

  private static long[] readInsns(ByteBuffer data, int off, int size) {
    long[] insns = new long[size / INSN_SIZE];
    boolean little = data.order() == ByteOrder.LITTLE_ENDIAN;
    for (int i = 0; i < insns.length; i++) {
      int at = off + i * INSN_SIZE;
      // A big-endian object has the destination register in the upper half of its byte.
      insns[i] =
          little
              ? data.getLong(at)
              : RawInsn.of(
                  data.get(at),
                  data.get(at + 1) >>> 4,
                  data.get(at + 1),
                  data.getShort(at + 2),
                  data.getInt(at + 4));
    }
    return insns;
  }

  /// The function that holds slot `slot` of section `secIdx`, or null.
  public @Nullable ProgramCode programAt(int secIdx, long slot) {
    int lo = 0;
    int hi = programs.size() - 1;
    while (lo < hi) {
      int mid = lo + (hi - lo + 1) / 2;
      ProgramCode p = programs.get(mid);
      if (p.secIdx < secIdx || (p.secIdx == secIdx && p.secSlotOff <= slot)) {
        lo = mid;
      } else {
        hi = mid - 1;
      }
    }
    if (hi < 0) {
      return null;
    }
    ProgramCode p = programs.get(lo);
    return p.secIdx == secIdx && p.containsSlot(slot) ? p : null;
  }

  public ElfFile elf() {
    return elf;
  }

  /// What section `index` is to the loader; [Role#OTHER] for one that is not there.
  public Role role(int index) {
    return index >= 0 && index < roles.length ? roles[index] : Role.OTHER;
  }

  public ElfSection symtab() {
    return symtab;
  }

  public List<ElfSymbol> symbols() {
    return symbols;
  }

  /// The symbol's name. Throws when it lies outside of the string table.
  public String symbolName(ElfSymbol symbol) throws ElfException {
    return symbolNames.of(symbol);
  }

  /// All functions, by section and place in it; those of `.text` are subprograms.
  public List<ProgramCode> programs() {
    return programs;
  }

  /// Whether `p` is a subprogram rather than an entry program.
  public boolean isSubprog(ProgramCode p) {
    return p.secIdx == textIdx;
  }

  public String license() {
    return license;
  }

  /// The number in the `version` section, or null without one.
  public @Nullable Integer version() {
    return version;
  }

  /// Number of `.text`, 0 without one.
  public int textIdx() {
    return textIdx;
  }

  /// Number of `.maps`, -1 without one.
  public int mapsIdx() {
    return mapsIdx;
  }

  /// Number of the `maps` section that libbpf gave up in its version 1.0, -1 without one.
  public int legacyMapsIdx() {
    return legacyMapsIdx;
  }

  /// Number of the section with global variables in the arena, -1 without one.
  public int arenaIdx() {
    return arenaIdx;
  }

  /// Whether the file defines struct_ops maps.
  public boolean hasStructOps() {
    return structOps;
  }

  public @Nullable ElfSection btf() {
    return btf;
  }

  public @Nullable ElfSection btfExt() {
    return btfExt;
  }
}
