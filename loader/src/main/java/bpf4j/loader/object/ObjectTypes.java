package bpf4j.loader.object;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfExt;
import bpf4j.model.btf.BtfKind;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The object's types, finished by what the ELF file knows, and its externs, which stand in the
/// types.
///
/// Broken types are an error only where something needs them, as in libbpf.
public final class ObjectTypes {
  private final ObjectFile object;
  private final List<Extern> externs;
  private final @Nullable Btf btf;
  private final @Nullable Btf loadedBtf;
  private final @Nullable BtfExt ext;
  private @Nullable String problem;

  /// @param notes takes what libbpf warns of and goes on
  public ObjectTypes(ObjectFile object, List<String> notes) throws ElfException {
    this.object = object;
    ElfSection section = object.btf();
    byte[] bytes = section == null ? null : object.elf().bytes(section);
    Btf raw = null;
    int errno = LibbpfErrno.ENOENT;
    if (bytes != null) {
      try {
        raw = Btf.parse(bytes);
      } catch (BtfException e) {
        errno = LibbpfErrno.EINVAL;
        String why = String.valueOf(e.getMessage());
        problem =
            why.startsWith("btf: type [") && why.contains("]: invalid ")
                ? why
                : "Error loading ELF section .BTF: -" + errno + ". (" + why + ")";
        notes.add(problem);
      }
    }
    if (raw == null && isRequired()) {
      throw object
          .elf()
          .refuse(
              errno, problem == null ? "BTF is required, but is missing or corrupted." : problem);
    }
    this.ext = raw == null ? null : parseExt(notes);
    try {
      MutableBtf types = raw == null || bytes == null ? null : new MutableBtf(bytes, raw);
      if (problem != null && object.symbols().stream().anyMatch(ElfSymbol::isExtern)) {
        throw object.elf().refuse(LibbpfErrno.ESRCH, problem);
      }
      this.externs = new ExternCollector(object, raw, types).collect();
      if (raw != null && types != null) {
        new DatasecFixup(object, raw, types).run();
        this.btf = types.freeze();
        hideFunctions(types);
        this.loadedBtf = types.freeze();
      } else {
        this.btf = null;
        this.loadedBtf = null;
      }
    } catch (BtfException e) {
      throw object
          .elf()
          .refuse(LibbpfErrno.EINVAL, "Error loading ELF section .BTF: " + e.getMessage());
    }
  }

  private boolean isRequired() {
    return object.mapsIdx() >= 0 || object.hasStructOps();
  }

  private @Nullable BtfExt parseExt(List<String> notes) throws ElfException {
    ElfSection section = object.btfExt();
    if (section == null) {
      return null;
    }
    try {
      return BtfExt.parse(object.elf().bytes(section));
    } catch (BtfException e) {
      String text =
          "Error loading ELF section .BTF.ext: -22. Ignored and continue. (" + e.getMessage() + ")";
      // libbpf says so, but gives up all the same where types are needed.
      if (isRequired()) {
        throw object.elf().refuse(LibbpfErrno.EINVAL, text);
      }
      notes.add(text);
      return null;
    }
  }

  /// Makes the types of hidden subprograms static: the verifier then checks them at each call.
  private void hideFunctions(MutableBtf types) {
    Set<String> hidden = new HashSet<>();
    for (ProgramCode p : object.programs()) {
      if (p.hidden && object.isSubprog(p)) {
        hidden.add(p.name);
      }
    }
    if (hidden.isEmpty() || btf == null) {
      return;
    }
    for (int id = 1; id < btf.typeCount() && !hidden.isEmpty(); id++) {
      if (btf.isKind(id, BtfKind.FUNC) && btf.linkage(id) == 1 && hidden.remove(btf.name(id))) {
        types.set(id, 1, types.get(id, 1) & ~0xffff);
      }
    }
  }

  /// The externs, in the order of their numbers in relocations.
  public List<Extern> externs() {
    return externs;
  }

  /// The object's types, or null without usable ones.
  public @Nullable Btf btf() {
    return btf;
  }

  /// The types as the kernel gets them: as [#btf], with hidden functions static.
  public @Nullable Btf loadedBtf() {
    return loadedBtf;
  }

  /// What the types say about instructions, or null.
  public @Nullable BtfExt ext() {
    return ext;
  }

  /// Whether there are CO-RE relocations, so that the kernel's types are needed.
  public boolean needsCoreTarget() {
    return ext != null && !ext.coreRelos().isEmpty();
  }

  /// The ELF section that a section of `.BTF.ext` is about, 0 where there is none.
  public int elfSection(int nameOff) {
    if (btf == null || !btf.isValidString(nameOff)) {
      return 0;
    }
    ElfSection s = object.elf().section(btf.string(nameOff));
    return s == null ? 0 : s.index();
  }
}
