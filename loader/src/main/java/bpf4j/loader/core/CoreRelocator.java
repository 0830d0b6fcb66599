package bpf4j.loader.core;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfExt;
import bpf4j.model.spec.Errno;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Applies the CO-RE relocations of one object, as libbpf's `bpf_object__relocate_core` does.
///
/// Make one for an object and call [#relocate] for each record of `.BTF.ext`, section by section in
/// file order: candidates for a type are searched once, and those that one relocation rules out are
/// no longer tried for the next, so the order matters. Records for programs that are not loaded
/// (`SEC("?…")`) are left out by the caller.
///
/// ```java
/// var core = new CoreRelocator(objectBtf, new CoreTarget(vmlinux), warnings::add);
/// for (var section : btfExt.coreRelos()) {
///   int i = 0;
///   for (var relo : section.records()) {
///     // prog holds the instruction; insns are its own, before subprograms are linked to it
///     core.relocate(prog.name, prog.insns, relo.insnOff() / 8 - prog.firstSlot, relo, i++);
///   }
/// }
/// ```
public final class CoreRelocator {
  private final Btf local;
  private final @Nullable CoreTarget target;
  private final Consumer<String> warnings;
  private final Map<Integer, int[]> candidates = new HashMap<>();

  /// @param local types of the object
  /// @param target types of the kernel, or null where there are none: then only relocations that
  ///   need no target succeed
  /// @param warnings takes what libbpf would print at its warning level, without `libbpf: `
  public CoreRelocator(Btf local, @Nullable CoreTarget target, Consumer<String> warnings) {
    this.local = local;
    this.target = target;
    this.warnings = warnings;
  }

  /// Relocates the instruction at `insnIdx` of `insns` in place. An instruction whose target is
  /// missing becomes a call of helper 195896080, which the verifier refuses where it is reachable.
  ///
  /// @param insnIdx slot within `insns`
  /// @param reloIdx number of the record within its section, for messages
  public void relocate(
      String progName, long[] insns, int insnIdx, BtfExt.CoreRelo relo, int reloIdx)
      throws CoreException {
    if (insnIdx < 0 || insnIdx >= insns.length) {
      throw new CoreException(
          Errno.EINVAL,
          "prog '%s': relo #%d: insn #%d is outside the program"
              .formatted(progName, reloIdx, insnIdx));
    }
    String place = "prog '" + progName + "': relo #" + reloIdx + ": ";
    CoreResult result;
    try {
      result = resolve(place, progName, relo);
    } catch (CoreException e) {
      warnings.accept(place + "failed to relocate: " + e.errno().negated());
      throw e;
    }
    try {
      new CorePatch(progName, reloIdx, insns, insnIdx, result, warnings).apply();
    } catch (CoreException e) {
      warnings.accept(place + "failed to patch insn #" + insnIdx + ": " + e.errno().negated());
      throw e;
    }
  }

  /// The relocation in libbpf's words, such as `<byte_off> [7] struct foo.a (0:1 @ offset 4)`, as
  /// it replaces `call unknown#195896080` in a verifier log; null where the record makes no sense.
  public @Nullable String describe(BtfExt.CoreRelo relo) {
    CoreReloKind kind = CoreReloKind.of(relo.kind());
    if (kind == null
        || !local.isValidId(relo.typeId())
        || !local.isValidString(relo.accessStrOff())) {
      return null;
    }
    try {
      return CoreSpec.parse(
              local, relo.typeId(), local.string(relo.accessStrOff()), kind, "", w -> {})
          .format();
    } catch (CoreException e) {
      return null;
    }
  }

  private CoreResult resolve(String place, String progName, BtfExt.CoreRelo relo)
      throws CoreException {
    int typeId = relo.typeId();
    if (!local.isValidId(typeId)) {
      throw new CoreException(
          Errno.EINVAL, place + "invalid type ID " + Integer.toUnsignedString(typeId));
    }
    CoreReloKind kind = CoreReloKind.of(relo.kind());
    String name = local.name(typeId);
    if (name.isEmpty() && kind != CoreReloKind.TYPE_ID_LOCAL) {
      throw fail(
          Errno.EINVAL,
          place
              + "target candidate search failed for [%d] %s %s: %d"
                  .formatted(typeId, local.kind(typeId).label(), name, Errno.EINVAL.negated()));
    }
    CoreSpec spec = parse(place, progName, relo, kind);
    if (spec.kind == CoreReloKind.TYPE_ID_LOCAL) {
      return CoreResult.localTypeId(typeId);
    }
    if (target == null) {
      throw fail(Errno.ESRCH, place + "there is no target BTF to relocate against");
    }
    var at = new CoreResult.Place(progName, relo.insnOff() >>> 3, relo.kind(), warnings);
    return choose(place, spec, target, at);
  }

  private CoreSpec parse(
      String place, String progName, BtfExt.CoreRelo relo, @Nullable CoreReloKind kind)
      throws CoreException {
    int typeId = relo.typeId();
    String access = "<?>";
    try {
      if (!local.isValidString(relo.accessStrOff())) {
        throw new CoreException(Errno.EINVAL, "");
      }
      access = local.string(relo.accessStrOff());
      if (kind == null) {
        throw new CoreException(Errno.EINVAL, "");
      }
      return CoreSpec.parse(local, typeId, access, kind, progName, warnings);
    } catch (CoreException e) {
      String name = local.name(typeId);
      throw fail(
          Errno.EINVAL,
          place
              + "parsing [%d] %s %s + %s failed: %d"
                  .formatted(
                      typeId,
                      local.kind(typeId).label(),
                      name.isEmpty() ? "<anon>" : name,
                      access,
                      e.errno().negated()));
    }
  }

  /// Matches the spec with every candidate; all that match must agree.
  private CoreResult choose(String place, CoreSpec spec, CoreTarget against, CoreResult.Place at)
      throws CoreException {
    int typeId = spec.rootTypeId;
    int[] ids = candidates.get(typeId);
    if (ids == null) {
      ids = against.candidates(CoreTarget.essentialName(local.name(typeId)), local.kind(typeId));
    }
    int[] matching = new int[ids.length];
    int n = 0;
    CoreSpec chosen = null;
    CoreResult result = null;
    for (int i = 0; i < ids.length; i++) {
      CoreSpec candidate = match(place, spec, against.btf(), ids[i], i);
      if (candidate == null) {
        continue;
      }
      CoreResult value = CoreResult.of(spec, candidate, at);
      if (chosen == null || result == null) {
        chosen = candidate;
        result = value;
      } else if (candidate.bitOffset() != chosen.bitOffset()) {
        throw fail(
            Errno.EINVAL,
            place
                + "field offset ambiguity: "
                + Integer.toUnsignedString(candidate.bitOffset())
                + " != "
                + Integer.toUnsignedString(chosen.bitOffset()));
      } else if (value.poison() != result.poison() || value.newValue() != result.newValue()) {
        throw fail(
            Errno.EINVAL,
            place
                + "relocation decision ambiguity: "
                + decision(value)
                + " != "
                + decision(result));
      }
      matching[n++] = ids[i];
    }
    candidates.put(typeId, n > 0 ? Arrays.copyOf(matching, n) : ids);
    return result != null ? result : CoreResult.of(spec, null, at);
  }

  private static String decision(CoreResult result) {
    return (result.poison() ? "failure " : "success ") + Long.toUnsignedString(result.newValue());
  }

  private @Nullable CoreSpec match(
      String place, CoreSpec spec, Btf against, int candidateId, int candidateIdx)
      throws CoreException {
    CoreSpec[] partial = new CoreSpec[1];
    try {
      return CoreMatcher.match(spec, against, candidateId, partial);
    } catch (CoreException e) {
      throw fail(
          e.errno(),
          place
              + "error matching candidate #"
              + candidateIdx
              + " "
              + partial[0].format()
              + ": "
              + e.errno().negated());
    }
  }

  private CoreException fail(Errno errno, String message) {
    warnings.accept(message);
    return new CoreException(errno, message);
  }
}
