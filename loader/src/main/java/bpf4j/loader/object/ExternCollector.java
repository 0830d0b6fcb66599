package bpf4j.loader.object;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds the object's externs and writes into its types what the kernel wants to see for them:
/// every extern becomes a defined variable or function.
///
/// Mirrors libbpf 1.5 `bpf_object__collect_externs`.
final class ExternCollector {
  private static final String KCONFIG = ".kconfig";
  private static final String KSYMS = ".ksyms";

  /// More than any configuration holds; the values are allocated before the kernel is asked.
  private static final int MAX_CONFIG = 16 << 20;

  private final ElfFile elf;
  private final ObjectFile object;
  private final @Nullable Btf btf;
  private final @Nullable MutableBtf types;
  private final Map<String, Integer> declarations = new HashMap<>();
  private final Map<Integer, Integer> datasecOf = new HashMap<>();
  private final List<Extern> externs = new ArrayList<>();
  private final Map<String, Extern> byName = new HashMap<>();
  private int kconfigSec;
  private int ksymsSec;

  ExternCollector(ObjectFile object, @Nullable Btf btf, @Nullable MutableBtf types) {
    this.object = object;
    this.elf = object.elf();
    this.btf = btf;
    this.types = types;
  }

  /// The externs in libbpf's order: configuration values by alignment, size and name, then kernel
  /// symbols by name.
  List<Extern> collect() throws ElfException {
    if (object.symtab().entSize() != 24) {
      throw elf.refuse(
          LibbpfErrno.FORMAT,
          "elf: symbol table entry size " + object.symtab().entSize() + " is not 24");
    }
    indexDeclarations();
    int dummyVar = addDummyKsymVar();
    for (ElfSymbol sym : object.symbols()) {
      if (sym.isExtern()) {
        String name = object.symbolName(sym);
        if (!name.isEmpty()) {
          add(sym, name);
        }
      }
    }
    if (externs.isEmpty()) {
      return externs;
    }
    externs.sort(
        Comparator.<Extern>comparingInt(e -> e.isConfig() ? 0 : 1)
            .thenComparingInt(e -> e.isConfig() ? -e.align : 0)
            .thenComparingInt(e -> e.isConfig() ? e.size : 0)
            .thenComparing(e -> e.name));
    externs.forEach(e -> byName.putIfAbsent(e.name, e));
    if (btf != null && types != null) {
      if (ksymsSec != 0) {
        defineKsyms(btf, types, dummyVar);
      }
      if (kconfigSec != 0) {
        defineKconfig(btf, types);
      }
    }
    return externs;
  }

  private void indexDeclarations() {
    if (btf == null) {
      return;
    }
    for (int id = 1; id < btf.typeCount(); id++) {
      switch (btf.kind(id)) {
        case VAR, FUNC -> declarations.putIfAbsent(btf.name(id), id);
        case DATASEC -> {
          for (int i = 0; i < btf.vlen(id); i++) {
            datasecOf.putIfAbsent(btf.varSecType(id, i), id);
          }
        }
        default -> {}
      }
    }
  }

  /// A variable that stands in `.ksyms` for every function there, and lends its name to parameters
  /// without one; 0 where `.ksyms` has no function.
  private int addDummyKsymVar() {
    if (btf == null || types == null) {
      return 0;
    }
    int sec = btf.find(KSYMS, BtfKind.DATASEC);
    for (int i = 0; sec != 0 && i < btf.vlen(sec); i++) {
      if (btf.isKind(btf.varSecType(sec, i), BtfKind.FUNC)) {
        return types.addGlobalVar("dummy_ksym", findInt(btf));
      }
    }
    return 0;
  }

  private static int findInt(Btf btf) {
    for (int id = 1; id < btf.typeCount(); id++) {
      if (btf.isKind(id, BtfKind.INT) && btf.intBits(id) == 32) {
        return id;
      }
    }
    return 0;
  }

  private void add(ElfSymbol sym, String name) throws ElfException {
    int id = declaration(name);
    if (btf == null || id <= 0) {
      throw elf.refuse(-id, "failed to find BTF for extern '" + name + "': " + id);
    }
    int sec = datasecOf.getOrDefault(id, 0);
    if (sec == 0) {
      throw elf.refuse(
          LibbpfErrno.ENOENT,
          "failed to find BTF for extern '" + name + "' [" + id + "] section: -2");
    }
    boolean weak = sym.bind() == ElfSymbol.WEAK;
    boolean function = btf.isKind(id, BtfKind.FUNC);
    switch (btf.name(sec)) {
      case KCONFIG -> {
        kconfigSec = sec;
        externs.add(configValue(btf, sym, name, weak, id, function));
      }
      case KSYMS -> {
        ksymsSec = sec;
        int typeId = btf.skipModsAndTypedefs(btf.target(id));
        externs.add(new Extern(name, sym.index(), weak, id, function, null, 0, 0, false, typeId));
      }
      default ->
          throw elf.refuse(
              LibbpfErrno.ENOTSUP, "unrecognized extern section '" + btf.name(sec) + "'");
    }
  }

  /// Id of the extern's VAR or FUNC, or a negated error number.
  private int declaration(String name) {
    if (btf == null) {
      return -LibbpfErrno.ESRCH;
    }
    int id = declarations.getOrDefault(name, 0);
    if (id == 0) {
      return -LibbpfErrno.ENOENT;
    }
    return btf.linkage(id) == 2 ? id : -LibbpfErrno.EINVAL;
  }

  private Extern configValue(
      Btf btf, ElfSymbol sym, String name, boolean weak, int id, boolean function)
      throws ElfException {
    if (function) {
      throw elf.refuse(
          LibbpfErrno.ENOTSUP,
          "extern function " + name + " is unsupported under " + KCONFIG + " section");
    }
    int type = btf.target(id);
    long size = btf.resolveSize(type);
    if (size <= 0 || size > Integer.MAX_VALUE) {
      throw elf.refuse(
          LibbpfErrno.EINVAL,
          "failed to resolve size of extern (kcfg) '" + name + "': " + (size < 0 ? -22 : size));
    }
    int align = btf.alignOf(type);
    if (align <= 0) {
      throw elf.refuse(
          LibbpfErrno.EINVAL,
          "failed to determine alignment of extern (kcfg) '" + name + "': " + align);
    }
    int resolved = btf.skipModsAndTypedefs(type);
    Extern.ConfigType config = configType(btf, resolved);
    if (config == null) {
      throw elf.refuse(LibbpfErrno.ENOTSUP, "extern (kcfg) '" + name + "': type is unsupported");
    }
    boolean signed =
        btf.isKind(resolved, BtfKind.INT)
            && config != Extern.ConfigType.BOOL
            && (btf.intEncoding(resolved) & Btf.INT_SIGNED) != 0;
    return new Extern(name, sym.index(), weak, id, false, config, (int) size, align, signed, 0);
  }

  private static Extern.@Nullable ConfigType configType(Btf btf, int id) {
    switch (btf.kind(id)) {
      case INT -> {
        int size = btf.size(id);
        if ((btf.intEncoding(id) & Btf.INT_BOOL) != 0) {
          return size == 1 ? Extern.ConfigType.BOOL : null;
        }
        if (size == 1) {
          return Extern.ConfigType.CHAR;
        }
        return size == 2 || size == 4 || size == 8 ? Extern.ConfigType.INT : null;
      }
      case ENUM, ENUM64 -> {
        boolean tristate = btf.nameEquals(id, "libbpf_tristate");
        boolean fits = btf.isKind(id, BtfKind.ENUM64) || btf.size(id) == 4;
        return tristate && fits ? Extern.ConfigType.TRISTATE : null;
      }
      case ARRAY -> {
        int element = btf.skipModsAndTypedefs(btf.arrayElement(id));
        boolean chars =
            btf.isKind(element, BtfKind.INT) && configType(btf, element) == Extern.ConfigType.CHAR;
        return btf.arrayLength(id) != 0 && chars ? Extern.ConfigType.CHAR_ARRAY : null;
      }
      default -> {
        return null;
      }
    }
  }

  private void defineKsyms(Btf btf, MutableBtf types, int dummyVar) throws ElfException {
    int intId = findInt(btf);
    int n = btf.vlen(ksymsSec);
    for (int i = 0; i < n; i++) {
      int id = btf.varSecType(ksymsSec, i);
      if (!byName.containsKey(btf.name(id))) {
        throw elf.refuse(
            LibbpfErrno.ESRCH,
            "failed to find extern definition for BTF "
                + btf.kind(id).label()
                + " '"
                + btf.name(id)
                + "'");
      }
      if (btf.isKind(id, BtfKind.FUNC)) {
        nameParams(btf, types, btf.target(id));
        types.set(ksymsSec, 3 + 3 * i, dummyVar);
        types.set(id, 1, (types.get(id, 1) & ~0xffff) | 1);
      } else if (btf.isKind(id, BtfKind.VAR)) {
        types.set(id, 2, intId);
        types.set(id, 3, 1);
      }
      types.set(ksymsSec, 4 + 3 * i, 4 * i);
      types.set(ksymsSec, 5 + 3 * i, 4);
    }
    types.set(ksymsSec, 2, 4 * n);
  }

  private static void nameParams(Btf btf, MutableBtf types, int proto) {
    if (btf.isKind(proto, BtfKind.FUNC_PROTO)) {
      for (int i = 0; i < btf.vlen(proto); i++) {
        if (btf.paramType(proto, i) != 0 && btf.paramNameOff(proto, i) == 0) {
          types.set(proto, 3 + 2 * i, types.lastAddedNameOff());
        }
      }
    }
  }

  private void defineKconfig(Btf btf, MutableBtf types) throws ElfException {
    long off = 0;
    for (Extern e : externs) {
      if (e.isConfig()) {
        long at = (off + e.align - 1) / e.align * e.align;
        off = at + e.size;
        if (off > MAX_CONFIG) {
          throw elf.refuse(
              LibbpfErrno.E2BIG, "extern (kcfg) '" + e.name + "': values exceed 16 MiB");
        }
        e.dataOff = (int) at;
      }
    }
    types.set(kconfigSec, 2, (int) off);
    for (int i = 0; i < btf.vlen(kconfigSec); i++) {
      int id = btf.varSecType(kconfigSec, i);
      Extern e = byName.get(btf.name(id));
      if (e == null) {
        throw elf.refuse(
            LibbpfErrno.ESRCH,
            "failed to find extern definition for BTF var '" + btf.name(id) + "'");
      }
      if (btf.isKind(id, BtfKind.VAR)) {
        types.set(id, 3, 1);
      }
      types.set(kconfigSec, 4 + 3 * i, e.dataOff);
    }
  }
}
