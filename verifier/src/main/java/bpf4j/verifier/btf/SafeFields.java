package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;

/// Members of kernel structs that keep their parent's trust. The kernel declares them in structs
/// named `X__safe_rcu` and so on, which stand in its BTF.
final class SafeFields {
  static final String RCU = "__safe_rcu";
  static final String RCU_OR_NULL = "__safe_rcu_or_null";
  static final String TRUSTED = "__safe_trusted";
  static final String TRUSTED_OR_NULL = "__safe_trusted_or_null";

  private SafeFields() {}

  /// Whether `member` of struct `structId`, a pointer to `targetId`, is listed under `suffix`.
  static boolean has(Btf btf, int structId, String member, int targetId, String suffix) {
    int safe = btf.find(btf.name(structId) + suffix, btf.kind(structId));
    if (safe == 0) {
      return false;
    }
    for (int i = 0; i < btf.vlen(safe); i++) {
      int type = btf.memberType(safe, i);
      if (btf.isKind(type, BtfKind.PTR)
          && btf.memberName(safe, i).equals(member)
          && btf.skipModsAndTypedefs(btf.target(type)) == targetId) {
        return true;
      }
    }
    return false;
  }
}
