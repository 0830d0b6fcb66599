package bpf4j.loader.object;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Fills in what clang leaves open in DATASEC types: their size, and where variables lie. Makes
/// hidden variables static, and sorts the variables of each section.
///
/// Mirrors libbpf 1.5 `btf_fixup_datasec`.
final class DatasecFixup {
  private static final int OFFSET_WORD = 1;

  private final ObjectFile object;
  private final Btf btf;
  private final MutableBtf types;
  private @Nullable Map<String, ElfSymbol> variables;

  DatasecFixup(ObjectFile object, Btf btf, MutableBtf types) {
    this.object = object;
    this.btf = btf;
    this.types = types;
  }

  void run() throws ElfException {
    for (int id = 1; id < btf.typeCount(); id++) {
      if (btf.isKind(id, BtfKind.DATASEC)) {
        String name = btf.name(id);
        // Extern sections have been laid out already.
        if (!name.equals(".kconfig") && !name.equals(".ksyms")) {
          layOut(id, name);
        }
        sort(id);
      }
    }
  }

  private void layOut(int id, String section) throws ElfException {
    boolean unfinished = btf.size(id) == 0;
    if (unfinished) {
      ElfSection s = object.elf().section(section);
      if (s == null || (int) s.size() == 0) {
        throw refuse("sec '" + section + "': failed to determine size from ELF: size 0");
      }
      types.set(id, 2, (int) s.size());
    }
    for (int i = 0; i < btf.vlen(id); i++) {
      int var = btf.varSecType(id, i);
      if (!btf.isKind(var, BtfKind.VAR)) {
        throw object
            .elf()
            .refuse(LibbpfErrno.EINVAL, "sec '" + section + "': unexpected non-VAR type found");
      }
      int linkage = types.get(var, 3);
      if (linkage == 0 || linkage == 2) {
        continue;
      }
      ElfSymbol sym = variables().get(btf.name(var));
      if (sym == null) {
        throw refuse(
            "sec '" + section + "': failed to find ELF symbol for VAR '" + btf.name(var) + "'");
      }
      if (unfinished) {
        types.set(id, 3 + 3 * i + OFFSET_WORD, (int) sym.value());
      }
      if (sym.isHidden()) {
        types.set(var, 3, 0);
      }
    }
  }

  private void sort(int id) {
    int n = btf.vlen(id);
    int[][] rows = new int[n][];
    for (int i = 0; i < n; i++) {
      int at = 3 + 3 * i;
      rows[i] = new int[] {types.get(id, at), types.get(id, at + 1), types.get(id, at + 2)};
    }
    int[][] sorted =
        IntStream.range(0, n)
            .mapToObj(i -> rows[i])
            .sorted(Comparator.comparingLong(r -> Integer.toUnsignedLong(r[OFFSET_WORD])))
            .toArray(int[][]::new);
    for (int i = 0; i < n; i++) {
      for (int w = 0; w < 3; w++) {
        types.set(id, 3 + 3 * i + w, sorted[i][w]);
      }
    }
  }

  private ElfException refuse(String text) {
    return object.elf().refuse(LibbpfErrno.ENOENT, text);
  }

  private Map<String, ElfSymbol> variables() throws ElfException {
    if (variables == null) {
      variables = new HashMap<>();
      for (ElfSymbol s : object.symbols()) {
        if (s.type() == ElfSymbol.OBJECT && s.isGlobalOrWeak()) {
          variables.putIfAbsent(object.symbolName(s), s);
        }
      }
    }
    return variables;
  }
}
