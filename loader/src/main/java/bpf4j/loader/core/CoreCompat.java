package bpf4j.loader.core;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;

/// Compares a type of the object with a type of the target, by the three relations CO-RE has:
/// fields compatible, types compatible, types matching.
///
/// The work is bounded by a budget, because nested anonymous unions and prototypes of prototypes
/// can be walked exponentially often; libbpf has no such limit, and no real types come near it.
final class CoreCompat {
  /// Types compared for one candidate before giving up.
  private static final int BUDGET = 1 << 20;

  /// Deepest nesting that libbpf follows, of pointers in one type and of types in types.
  private static final int MAX_DEPTH = 32;

  private final Btf local;
  private final Btf target;
  private int budget = BUDGET;

  CoreCompat(Btf local, Btf target) {
    this.local = local;
    this.target = target;
  }

  void spend() throws CoreException {
    if (--budget < 0) {
      throw new CoreException(Errno.E2BIG, "types are nested too deeply to compare");
    }
  }

  private static CoreException tooDeep() {
    return new CoreException(Errno.EINVAL, "types are nested too deeply");
  }

  /// Whether a field of type `localId` may be read as one of type `targetId`.
  boolean fieldsCompatible(int localId, int targetId) throws CoreException {
    int l = local.skipModsAndTypedefs(localId);
    int t = target.skipModsAndTypedefs(targetId);
    while (local.isKind(l, BtfKind.ARRAY) && target.isKind(t, BtfKind.ARRAY)) {
      spend();
      l = local.skipModsAndTypedefs(local.arrayElement(l));
      t = target.skipModsAndTypedefs(target.arrayElement(t));
    }
    BtfKind lk = local.kind(l);
    BtfKind tk = target.kind(t);
    if (lk.isComposite() && tk.isComposite()) {
      return true;
    }
    if (!CoreTarget.kindsCompatible(lk, tk)) {
      return false;
    }
    return switch (lk) {
      case PTR, FLOAT -> true;
      case FWD, ENUM, ENUM64 -> {
        String ln = CoreTarget.essentialName(local.name(l));
        String tn = CoreTarget.essentialName(target.name(t));
        yield ln.isEmpty() || tn.isEmpty() || ln.equals(tn);
      }
      case INT -> local.intBitOffset(l) == 0 && target.intBitOffset(t) == 0;
      case UNKN,
          ARRAY,
          STRUCT,
          UNION,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          FUNC_PROTO,
          VAR,
          DATASEC,
          DECL_TAG,
          TYPE_TAG ->
          false;
    };
  }

  /// Whether two types go together for a type-based relocation; their names have been compared.
  boolean typesCompatible(int localId, int targetId) throws CoreException {
    return typesCompatible(localId, targetId, MAX_DEPTH);
  }

  private boolean typesCompatible(int localId, int targetId, int level) throws CoreException {
    if (!CoreTarget.kindsCompatible(local.kind(localId), target.kind(targetId))) {
      return false;
    }
    int l = localId;
    int t = targetId;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
      spend();
      l = local.skipModsAndTypedefs(l);
      t = target.skipModsAndTypedefs(t);
      BtfKind kind = local.kind(l);
      if (!CoreTarget.kindsCompatible(kind, target.kind(t))) {
        return false;
      }
      switch (kind) {
        case UNKN, STRUCT, UNION, ENUM, FWD, ENUM64 -> {
          return true;
        }
        case INT -> {
          return local.intBitOffset(l) == 0 && target.intBitOffset(t) == 0;
        }
        case PTR -> {
          l = local.target(l);
          t = target.target(t);
        }
        case ARRAY -> {
          l = local.arrayElement(l);
          t = target.arrayElement(t);
        }
        case FUNC_PROTO -> {
          if (!paramsCompatible(l, t, level)) {
            return false;
          }
          l = local.target(l);
          t = target.target(t);
        }
        case TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG -> {
          return false;
        }
      }
    }
    throw tooDeep();
  }

  private boolean paramsCompatible(int l, int t, int level) throws CoreException {
    int n = local.vlen(l);
    if (n != target.vlen(t)) {
      return false;
    }
    for (int i = 0; i < n; i++) {
      if (level <= 0) {
        throw tooDeep();
      }
      int lp = local.skipModsAndTypedefs(local.paramType(l, i));
      int tp = target.skipModsAndTypedefs(target.paramType(t, i));
      if (!typesCompatible(lp, tp, level - 1)) {
        return false;
      }
    }
    return true;
  }

  /// Whether the target type has everything the local type has (`bpf_core_type_matches`).
  boolean typesMatch(int localId, int targetId) throws CoreException {
    return typesMatch(localId, targetId, false, MAX_DEPTH);
  }

  private boolean typesMatch(int localId, int targetId, boolean behindPtr, int level)
      throws CoreException {
    if (level <= 0) {
      throw tooDeep();
    }
    boolean viaPtr = behindPtr;
    int l = localId;
    int t = targetId;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
      spend();
      l = local.skipModsAndTypedefs(l);
      t = target.skipModsAndTypedefs(t);
      if (!namesMatch(local.nameOff(l), target.nameOff(t))) {
        return false;
      }
      BtfKind lk = local.kind(l);
      BtfKind tk = target.kind(t);
      if (lk != BtfKind.PTR && lk != BtfKind.ARRAY && lk != BtfKind.FUNC_PROTO) {
        return leavesMatch(l, t, viaPtr, level);
      }
      if (lk != tk) {
        return false;
      }
      if (lk == BtfKind.ARRAY) {
        if (local.arrayLength(l) != target.arrayLength(t)) {
          return false;
        }
        l = local.arrayElement(l);
        t = target.arrayElement(t);
        continue;
      }
      if (lk == BtfKind.PTR) {
        viaPtr = true;
      } else if (!paramsMatch(l, t, viaPtr, level)) {
        return false;
      }
      l = local.target(l);
      t = target.target(t);
    }
    throw tooDeep();
  }

  private boolean paramsMatch(int l, int t, boolean behindPtr, int level) throws CoreException {
    int n = local.vlen(l);
    if (n != target.vlen(t)) {
      return false;
    }
    for (int i = 0; i < n; i++) {
      if (!typesMatch(local.paramType(l, i), target.paramType(t, i), behindPtr, level - 1)) {
        return false;
      }
    }
    return true;
  }

  private boolean leavesMatch(int l, int t, boolean behindPtr, int level) throws CoreException {
    BtfKind lk = local.kind(l);
    BtfKind tk = target.kind(t);
    return switch (lk) {
      case UNKN -> tk == BtfKind.UNKN;
      case FWD ->
          lk == tk
              ? local.kindFlag(l) == target.kindFlag(t)
              : behindPtr && tk == (local.kindFlag(l) ? BtfKind.UNION : BtfKind.STRUCT);
      case ENUM, ENUM64 -> tk.isAnyEnum() && enumsMatch(l, t);
      case STRUCT, UNION -> {
        if (!behindPtr) {
          yield lk == tk && compositesMatch(l, t, level);
        }
        yield lk == tk || (tk == BtfKind.FWD && target.kindFlag(t) == (lk == BtfKind.UNION));
      }
      case INT ->
          lk == tk
              && local.size(l) == target.size(t)
              && (local.intEncoding(l) & Btf.INT_SIGNED)
                  == (target.intEncoding(t) & Btf.INT_SIGNED);
      case PTR,
          ARRAY,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          FUNC_PROTO,
          VAR,
          DATASEC,
          FLOAT,
          DECL_TAG,
          TYPE_TAG ->
          false;
    };
  }

  private boolean namesMatch(int localOff, int targetOff) throws CoreException {
    spend();
    String tn = target.string(targetOff);
    String ln = local.string(localOff);
    if (tn.isEmpty()) {
      return ln.isEmpty();
    }
    return CoreTarget.essentialName(ln).equals(CoreTarget.essentialName(tn));
  }

  private boolean enumsMatch(int l, int t) throws CoreException {
    if (local.size(l) != target.size(t) || local.vlen(l) > target.vlen(t)) {
      return false;
    }
    for (int i = 0, n = local.vlen(l); i < n; i++) {
      boolean matched = false;
      for (int j = 0, m = target.vlen(t); j < m && !matched; j++) {
        matched = namesMatch(local.enumNameOff(l, i), target.enumNameOff(t, j));
      }
      if (!matched) {
        return false;
      }
    }
    return true;
  }

  private boolean compositesMatch(int l, int t, int level) throws CoreException {
    if (local.vlen(l) > target.vlen(t)) {
      return false;
    }
    for (int i = 0, n = local.vlen(l); i < n; i++) {
      boolean matched = false;
      for (int j = 0, m = target.vlen(t); j < m && !matched; j++) {
        matched =
            namesMatch(local.memberNameOff(l, i), target.memberNameOff(t, j))
                && typesMatch(local.memberType(l, i), target.memberType(t, j), false, level - 1);
      }
      if (!matched) {
        return false;
      }
    }
    return true;
  }
}
