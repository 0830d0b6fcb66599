package bpf4j.loader.core;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Finds in a candidate type of the target what a local spec describes.
final class CoreMatcher {
  private final CoreSpec local;
  private final CoreSpec found;
  private final CoreCompat compat;

  /// Type that the member found last leads to.
  private int nextType;

  private CoreMatcher(CoreSpec local, Btf target, int candidate) {
    this.local = local;
    this.found = new CoreSpec(target, candidate, local.kind);
    this.compat = new CoreCompat(local.btf, target);
  }

  /// The spec in the target, or null where the candidate does not match. A failure to decide is
  /// thrown; `partial` then holds how far the match came.
  static @Nullable CoreSpec match(CoreSpec local, Btf target, int candidate, CoreSpec[] partial)
      throws CoreException {
    var matcher = new CoreMatcher(local, target, candidate);
    partial[0] = matcher.found;
    boolean matches =
        switch (local.kind.subject()) {
          case TYPE ->
              local.kind == CoreReloKind.TYPE_MATCHES
                  ? matcher.compat.typesMatch(local.rootTypeId, candidate)
                  : matcher.compat.typesCompatible(local.rootTypeId, candidate);
          case ENUMVAL -> matcher.enumerator(candidate);
          case FIELD -> matcher.path(candidate);
        };
    return matches ? matcher.found : null;
  }

  private boolean enumerator(int candidate) {
    Btf target = found.btf;
    int id = target.skipModsAndTypedefs(candidate);
    if (!target.kind(id).isAnyEnum()) {
      return false;
    }
    String wanted = CoreTarget.essentialName(Objects.requireNonNull(local.nameAt(0)));
    for (int i = 0, n = target.vlen(id); i < n; i++) {
      String name = target.enumName(id, i);
      if (CoreTarget.essentialName(name).equals(wanted)) {
        found.push(id, i, name);
        found.pushRaw(i);
        return true;
      }
    }
    return false;
  }

  private boolean path(int candidate) throws CoreException {
    Btf target = found.btf;
    int id = candidate;
    for (int i = 0; i < local.len(); i++) {
      id = target.skipModsAndTypedefs(id);
      if (local.nameAt(i) != null) {
        if (!member(i, id)) {
          return false;
        }
        id = nextType;
        continue;
      }
      // The first index is about the root type itself, as an element of an array of them.
      if (i > 0) {
        if (!target.isKind(id, BtfKind.ARRAY) || !found.inArray(id, local.idxAt(i))) {
          return false;
        }
        id = target.skipModsAndTypedefs(target.arrayElement(id));
      }
      if (!found.pushRaw(local.idxAt(i))) {
        throw tooBig();
      }
      found.push(id, local.idxAt(i), null);
      long size = target.resolveSize(id);
      if (size < 0) {
        throw new CoreException(Errno.EINVAL, "type [" + id + "] has no size");
      }
      found.addBits((int) (local.idxAt(i) * size * 8));
    }
    return true;
  }

  /// Looks for the member that step `i` names in a struct or union and the anonymous ones inside
  /// it. Depth is bounded by the length of a spec.
  private boolean member(int i, int typeId) throws CoreException {
    Btf target = found.btf;
    int id = target.skipModsAndTypedefs(typeId);
    if (!target.kind(id).isComposite()) {
      return false;
    }
    int localType = local.typeAt(i);
    String wanted = Objects.requireNonNull(local.nameAt(i));
    for (int m = 0, n = target.vlen(id); m < n; m++) {
      compat.spend();
      if (!found.pushRaw(m)) {
        throw tooBig();
      }
      int bits = target.memberBitOffset(id, m);
      found.addBits(bits);
      int nameOff = target.memberNameOff(id, m);
      if (target.stringEquals(nameOff, "")) {
        if (member(i, target.memberType(id, m))) {
          return true;
        }
      } else if (target.stringEquals(nameOff, wanted)) {
        nextType = target.memberType(id, m);
        if (!compat.fieldsCompatible(local.btf.memberType(localType, local.idxAt(i)), nextType)) {
          return false;
        }
        found.push(id, m, wanted);
        return true;
      }
      found.addBits(-bits);
      found.popRaw();
    }
    return false;
  }

  private static CoreException tooBig() {
    return new CoreException(Errno.E2BIG, "path has over " + CoreSpec.MAX_LEN + " steps");
  }
}
