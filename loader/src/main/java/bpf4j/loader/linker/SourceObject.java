package bpf4j.loader.linker;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfBuilder;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfExt;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.btf.BtfType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One input of the linker, read and checked.
final class SourceObject {
  final ElfFile elf;

  /// By section number; sections that stand in BTF only come last.
  final List<SourceSection> sections = new ArrayList<>();

  final List<ElfSymbol> symbols;
  final String[] symbolNames;
  final @Nullable Btf btf;
  final @Nullable BtfExt ext;

  /// Output symbol of each symbol, 0 for none.
  final int[] symbolMap;

  private final Map<String, SourceSection> byName = new HashMap<>();
  private final Map<String, Integer> globalTypes = new HashMap<>();
  private final Map<String, int[]> globalVariables = new HashMap<>();

  SourceObject(String name, byte[] bytes) throws ElfException {
    elf = new ElfFile(name, bytes);
    ElfSection symtab = null;
    Btf types = null;
    BtfExt records = null;
    for (ElfSection s : elf.sections()) {
      var section = new SourceSection(s.name(), s, alignment(bytes, s));
      sections.add(section);
      if (s.index() == 0) {
        section.skipped = true;
        continue;
      }
      byName.putIfAbsent(s.name(), section);
      checkHeader(section);
      if (section.skipped = isIgnored(s)) {
        continue;
      }
      if (s.type() == ElfSection.SYMTAB) {
        if (symtab != null) {
          throw refuse(LibbpfErrno.ENOTSUP, "multiple SYMTAB sections found, not supported");
        }
        symtab = s;
      } else if (s.name().equals(".BTF")) {
        types = parseTypes(s);
        section.skipped = true;
      } else if (s.name().equals(".BTF.ext")) {
        records = parseRecords(s);
        section.skipped = true;
      } else if (s.type() != ElfSection.PROGBITS
          && s.type() != ElfSection.NOBITS
          && s.type() != ElfSection.REL) {
        throw invalid("unrecognized section #" + s.index() + " (" + s.name() + ") in " + name);
      }
    }
    if (symtab == null) {
      throw invalid("ELF is missing SYMTAB section in " + name);
    }
    symbols = elf.symbols(symtab);
    symbolNames = new String[symbols.size()];
    nameSymbols(elf.symbolNames(symtab));
    symbolMap = new int[symbols.size()];
    if (records != null && types == null) {
      throw invalid(".BTF.ext without .BTF in " + name);
    }
    ext = records;
    btf = types == null ? null : placeVariables(types);
    if (btf != null) {
      indexGlobals(btf);
    }
  }

  private long alignment(byte[] bytes, ElfSection s) {
    var buf = ByteBuffer.wrap(bytes).order(elf.order());
    return buf.getLong((int) buf.getLong(40) + 64 * s.index() + 48);
  }

  private void nameSymbols(ElfFile.SymbolNames names) throws ElfException {
    for (ElfSymbol symbol : symbols) {
      symbolNames[symbol.index()] = symbol.index() == 0 ? "" : names.of(symbol);
      checkSymbol(symbol);
    }
  }

  ElfException refuse(int errno, String text) {
    return elf.refuse(errno, text);
  }

  ElfException invalid(String text) {
    return refuse(LibbpfErrno.EINVAL, text);
  }

  @Nullable SourceSection section(String name) {
    return byName.get(name);
  }

  private Btf parseTypes(ElfSection s) throws ElfException {
    try {
      return Btf.parse(elf.bytes(s));
    } catch (BtfException e) {
      throw invalid("failed to parse .BTF from " + elf.name() + ": " + e.getMessage());
    }
  }

  private BtfExt parseRecords(ElfSection s) throws ElfException {
    try {
      return BtfExt.parse(elf.bytes(s));
    } catch (BtfException e) {
      throw invalid("failed to parse .BTF.ext from '" + elf.name() + "': " + e.getMessage());
    }
  }

  private static boolean isIgnored(ElfSection s) {
    String name = s.name();
    return s.type() == ElfSection.STRTAB
        || s.type() == ElfSection.LLVM_ADDRSIG
        || (s.type() == ElfSection.PROGBITS && s.size() == 0 && name.equals(".text"))
        || name.startsWith(".debug_")
        || name.startsWith(".rel.debug_")
        || name.equals(".rel.BTF")
        || name.equals(".rel.BTF.ext");
  }

  private void checkHeader(SourceSection section) throws ElfException {
    ElfSection s = section.header;
    if (s == null || s.name().startsWith(".debug_")) {
      return;
    }
    if (s.name().isEmpty()) {
      throw invalid("ELF section #" + s.index() + " has empty name in " + elf.name());
    }
    if (Long.bitCount(section.align) > 1 || section.align < 0 || section.align > 1 << 20) {
      throw invalid(
          "ELF section #"
              + s.index()
              + " alignment "
              + Long.toUnsignedString(section.align)
              + " is non pow-of-2 alignment in "
              + elf.name());
    }
    if (s.size() < 0 || s.size() > 1 << 28) {
      throw invalid("ELF section #" + s.index() + " of " + s.size() + " bytes is too large");
    }
    if (s.type() == ElfSection.PROGBITS && s.isExecutable() && s.size() % 8 != 0) {
      throw invalid(
          "ELF section #"
              + s.index()
              + " has unexpected size alignment "
              + s.size()
              + " in "
              + elf.name());
    }
  }

  private void checkSymbol(ElfSymbol symbol) throws ElfException {
    int visibility = symbol.other() & 3;
    if (symbol.index() == 0) {
      return;
    }
    if (symbol.bind() > ElfSymbol.WEAK) {
      throw invalid(
          "ELF sym #" + symbol.index() + " has unsupported symbol binding " + symbol.bind());
    }
    if (visibility != 0 && visibility != 2) {
      throw invalid(
          "ELF sym #" + symbol.index() + " has unsupported symbol visibility " + visibility);
    }
    if (symbol.shndx() == 0 && !symbol.isExtern()) {
      throw invalid("ELF sym #" + symbol.index() + " is invalid extern symbol in " + elf.name());
    }
    if (symbol.shndx() < ElfSymbol.SHN_LORESERVE && symbol.shndx() >= elf.sections().size()) {
      throw invalid(
          "ELF sym #"
              + symbol.index()
              + " points to missing section #"
              + symbol.shndx()
              + " in "
              + elf.name());
    }
  }

  /// Fills in sizes and offsets that the compiler leaves to the linker, and adds the sections that
  /// only BTF knows.
  private Btf placeVariables(Btf types) throws ElfException {
    var builder = BtfBuilder.copyOf(types);
    for (int id = 1; id < types.typeCount(); id++) {
      if (!types.isKind(id, BtfKind.DATASEC)) {
        continue;
      }
      String name = types.name(id);
      SourceSection section = byName.get(name);
      if (section != null) {
        builder.setDatasecSize(id, section.size());
      } else if (name.equals(".extern")) {
        continue;
      } else {
        section = new SourceSection(name, null, 0);
        sections.add(section);
        byName.put(name, section);
      }
      section.datasecId = id;
      for (int i = 0, n = types.vlen(id); i < n; i++) {
        int variable = types.varSecType(id, i);
        if (types.isKind(variable, BtfKind.VAR) && types.linkage(variable) == 1) {
          long offset = symbolOf(section, types.name(variable)).value();
          builder.setVarSec(id, i, (int) offset, types.varSecSize(id, i));
        }
      }
    }
    return builder.build();
  }

  private ElfSymbol symbolOf(SourceSection section, String variable) throws ElfException {
    int index = section.header == null ? 0 : section.header.index();
    for (ElfSymbol symbol : symbols) {
      if (symbol.shndx() == index
          && symbol.type() == ElfSymbol.OBJECT
          && symbolNames[symbol.index()].equals(variable)) {
        return symbol;
      }
    }
    throw refuse(
        LibbpfErrno.ENOENT,
        "failed to find symbol for variable '" + variable + "' in section '" + section.name + "'");
  }

  static boolean isNonStatic(Btf btf, int id) {
    return (btf.isKind(id, BtfKind.VAR) || btf.isKind(id, BtfKind.FUNC))
        && btf.linkage(id) != BtfType.Linkage.STATIC.ordinal();
  }

  private void indexGlobals(Btf types) {
    for (int id = 1; id < types.typeCount(); id++) {
      if (isNonStatic(types, id)) {
        globalTypes.put(types.name(id), id);
      } else if (types.isKind(id, BtfKind.DATASEC)) {
        for (int i = 0, n = types.vlen(id); i < n; i++) {
          int variable = types.varSecType(id, i);
          if (isNonStatic(types, variable)) {
            globalVariables.putIfAbsent(types.name(variable), new int[] {id, variable});
          }
        }
      }
    }
  }

  /// DATASEC (0 for none) and VAR or FUNC of a global or extern symbol.
  int[] typeOf(String symbol) throws ElfException {
    if (btf == null) {
      throw invalid("failed to find BTF info for object '" + elf.name() + "'");
    }
    Integer type = globalTypes.get(symbol);
    int[] variable = globalVariables.get(symbol);
    if (variable != null) {
      if (type != null && type != variable[1]) {
        throw invalid(
            "global/extern '%s' BTF is ambiguous: both types #%d and #%d match"
                .formatted(symbol, type, variable[1]));
      }
      return variable;
    }
    if (type == null) {
      throw refuse(
          LibbpfErrno.ENOENT, "failed to find BTF info for global/extern symbol '" + symbol + "'");
    }
    return new int[] {0, type};
  }
}
