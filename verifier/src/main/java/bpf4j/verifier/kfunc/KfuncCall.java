package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.proto.Kfunc;
import bpf4j.verifier.object.Iterators;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.VerifierMap;
import org.jspecify.annotations.Nullable;

/// One call of a kfunc: its prototype and flags, and what its arguments told.
final class KfuncCall {
  /// No constant argument.
  static final long NO_CONSTANT = Long.MIN_VALUE;

  final Btf btf;
  final int funcId;
  final int proto;
  final String name;
  final Kfunc kfunc;

  int refObjId;

  /// Register whose reference the call releases, 0 for none.
  int releaseRegno;

  boolean r0Rdonly;
  long r0Size;
  int kernelCtxId;
  int subprogIdx;
  boolean hasConstant;
  long constant;

  /// The allocated object that an argument points to.
  Pointee.@Nullable BtfRef object;

  boolean owningRef;
  FieldRecord.@Nullable Field graphRoot;

  /// State of an initialised dynptr argument.
  Pointee.@Nullable DynptrType dynptrType;

  int dynptrId;
  int dynptrRefObjId;
  Iterators.@Nullable Place iter;
  @Nullable VerifierMap map;
  int mapUid;

  KfuncCall(Btf btf, int funcId, Kfunc kfunc) {
    this.btf = btf;
    this.funcId = funcId;
    this.proto = btf.target(funcId);
    this.name = btf.name(funcId);
    this.kfunc = kfunc;
  }

  int argCount() {
    return btf.vlen(proto);
  }

  boolean is(String other) {
    return name.equals(other);
  }

  boolean has(int flag) {
    return kfunc.has(flag);
  }

  boolean isIter() {
    return (kfunc.flags() & (Kfunc.ITER_NEW | Kfunc.ITER_NEXT | Kfunc.ITER_DESTROY)) != 0;
  }

  /// Whether parameter `i` is named with the suffix.
  boolean suffix(int i, String suffix) {
    String p = btf.paramName(proto, i);
    return p.length() >= suffix.length() && p.endsWith(suffix);
  }

  /// Type of parameter `i` without modifiers and typedefs.
  int param(int i) {
    return btf.skipModsAndTypedefs(btf.paramType(proto, i));
  }

  boolean isScalar(int type) {
    return btf.isKind(type, BtfKind.INT) || btf.kind(type).isAnyEnum();
  }

  /// The type that pointer parameter `i` points to, without modifiers and typedefs.
  int pointee(int i) {
    int ptr = param(i);
    return btf.isKind(ptr, BtfKind.PTR) ? btf.skipModsAndTypedefs(btf.target(ptr)) : 0;
  }

  boolean pointsTo(int i, String struct) {
    int t = pointee(i);
    return btf.isKind(t, BtfKind.STRUCT) && btf.nameEquals(t, struct);
  }

  /// Whether it may return NULL, now that its arguments are known.
  boolean mayReturnNull() {
    return !(owningRef && is("bpf_refcount_acquire_impl")) && has(Kfunc.RET_NULL);
  }
}
