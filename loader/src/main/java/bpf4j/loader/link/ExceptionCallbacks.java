package bpf4j.loader.link;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.kernel.LoadException;
import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ProgramCode;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The exception callbacks that programs name by a `exception_callback:NAME` decl tag. Mirrors
/// libbpf 1.5 `bpf_prog_assign_exc_cb`.
final class ExceptionCallbacks {
  private static final String PREFIX = "exception_callback:";

  private final Map<String, List<ProgramCode>> subprogs = new HashMap<>();
  private final Map<String, List<String>> callbacks = new HashMap<>();

  /// Whether some tag is on something else than a global function.
  private boolean misplaced;

  ExceptionCallbacks(ObjectFile object, @Nullable Btf btf) {
    if (btf == null) {
      return;
    }
    for (ProgramCode p : object.programs()) {
      if (object.isSubprog(p)) {
        subprogs.computeIfAbsent(p.name, k -> new ArrayList<>()).add(p);
      }
    }
    for (int id = 1; id < btf.typeCount(); id++) {
      if (!btf.isKind(id, BtfKind.DECL_TAG)
          || btf.declTagComponent(id) != -1
          || !btf.name(id).startsWith(PREFIX)) {
        continue;
      }
      int func = btf.target(id);
      if (!btf.isKind(func, BtfKind.FUNC) || btf.linkage(func) != 1) {
        misplaced = true;
        return;
      }
      callbacks
          .computeIfAbsent(btf.name(func), k -> new ArrayList<>())
          .add(btf.name(id).substring(PREFIX.length()));
    }
  }

  /// The callback of entry program `p`, or null when it names none, or several: then the verifier
  /// complains.
  @Nullable ProgramCode of(ProgramCode p) throws LoadException {
    ProgramCode found = null;
    for (String name : callbacks.getOrDefault(p.name, List.of())) {
      if (found != null) {
        return null;
      }
      if (name.isEmpty()) {
        throw fail(
            LibbpfErrno.EINVAL, p, "exception_callback:<value> decl tag contains empty value");
      }
      List<ProgramCode> candidates = subprogs.getOrDefault(name, List.of());
      if (candidates.isEmpty()) {
        throw fail(LibbpfErrno.ENOENT, p, "cannot find exception callback '" + name + "'");
      }
      found = candidates.getFirst();
      if (!found.global || found.hidden) {
        throw fail(
            LibbpfErrno.EINVAL,
            p,
            "exception callback " + name + " must be a global non-hidden function");
      }
    }
    if (misplaced) {
      throw fail(
          LibbpfErrno.EINVAL,
          p,
          "exception_callback:<value> decl tag not applied to the main program");
    }
    return found;
  }

  private static LoadException fail(int errno, ProgramCode p, String text) {
    return new LoadException(errno, "prog '" + p.name + "': " + text);
  }
}
