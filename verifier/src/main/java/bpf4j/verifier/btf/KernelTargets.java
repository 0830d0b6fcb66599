package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.proto.ProgRules;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import java.util.Map;
import java.util.Set;

/// Finds the function, tracepoint, iterator or struct_ops member that a program is for in the
/// kernel's BTF. Source of the rules: `check_attach_btf_id` of Linux 6.18.
public final class KernelTargets implements AttachTargets {
  private static final String TRACE_PREFIX = "btf_trace_";
  private static final String ITER_PREFIX = "bpf_iter_";
  private static final String LSM_PREFIX = "bpf_lsm_";

  /// Members of struct_ops types that programs may not implement.
  private static final Map<String, Set<String>> UNSUPPORTED =
      Map.of("tcp_congestion_ops", Set.of("get_info"));

  /// Members that may sleep, where only some may.
  private static final Map<String, Set<String>> SLEEPABLE =
      Map.of("bpf_dummy_ops", Set.of("test_sleepable"));

  @Override
  public void resolve(Env env) {
    ProgType type = env.spec.type();
    AttachType attach = env.attachType();
    if (type == ProgType.SYSCALL) {
      if (!env.sleepable()) {
        throw env.reject(Errno.EINVAL, "Syscall programs can only be sleepable");
      }
      return;
    }
    if (env.sleepable()
        && !ProgRules.maySleep(type, attach == null ? AttachType.CGROUP_INET_INGRESS : attach)) {
      throw env.reject(
          Errno.EINVAL,
          "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable");
    }
    switch (type) {
      case STRUCT_OPS -> structOps(env);
      case TRACING, LSM -> function(env, attach);
      case EXT -> throw env.unsupported("extension of another program");
      default -> {
        // Attached by user space, without types.
      }
    }
  }

  private static void function(Env env, @org.jspecify.annotations.Nullable AttachType attach) {
    Btf btf = env.kernelBtf;
    int id = env.spec.attachBtfId();
    if (id == 0) {
      throw env.reject(Errno.EINVAL, "Tracing programs must provide btf_id");
    }
    if (btf == null) {
      throw env.unsupported("program type " + env.spec.type().kernelName() + " without kernel BTF");
    }
    if (!btf.isValidId(id)) {
      throw env.reject(Errno.EINVAL, "attach_btf_id %d is invalid", id);
    }
    String name = btf.name(id);
    if (attach == AttachType.TRACE_RAW_TP && env.spec.type() == ProgType.TRACING) {
      tracepoint(env, btf, id, name);
      return;
    }
    if (attach == null || !takesFunction(attach)) {
      throw new Rejection(Errno.EINVAL);
    }
    if (!btf.isKind(id, BtfKind.FUNC)) {
      throw env.reject(Errno.EINVAL, "attach_btf_id %d is not a function", id);
    }
    env.attach.btf = btf;
    env.attach.funcProtoId = btf.target(id);
    env.attach.name = name;
    if (attach == AttachType.TRACE_ITER) {
      if (!name.startsWith(ITER_PREFIX)) {
        throw new Rejection(Errno.EINVAL);
      }
      env.attach.target = name.substring(ITER_PREFIX.length());
      env.helpers.clear();
      return;
    }
    boolean lsm = env.spec.type() == ProgType.LSM;
    if (lsm) {
      lsm(env, name);
    }
    checkHook(env, name, lsm, attach);
  }

  private static void checkHook(Env env, String name, boolean lsm, AttachType attach) {
    if (env.sleepable()) {
      if (lsm ? !AttachHooks.sleepableLsm(name) : !AttachHooks.sleepableFunction(name)) {
        throw env.reject(Errno.EINVAL, "%s is not sleepable", name);
      }
    } else if (attach == AttachType.MODIFY_RETURN && !AttachHooks.modifiable(name)) {
      throw env.reject(Errno.EINVAL, "%s() is not modifiable", name);
    }
  }

  private static boolean takesFunction(AttachType attach) {
    return switch (attach) {
      case TRACE_ITER, MODIFY_RETURN, LSM_MAC, LSM_CGROUP, TRACE_FENTRY, TRACE_FEXIT -> true;
      default -> false;
    };
  }

  private static void tracepoint(Env env, Btf btf, int id, String name) {
    if (!btf.isKind(id, BtfKind.TYPEDEF)) {
      throw env.reject(Errno.EINVAL, "attach_btf_id %d is not a typedef", id);
    }
    if (!name.startsWith(TRACE_PREFIX)) {
      throw env.reject(Errno.EINVAL, "attach_btf_id %d points to wrong type name %s", id, name);
    }
    int ptr = btf.target(id);
    int proto = btf.isKind(ptr, BtfKind.PTR) ? btf.target(ptr) : 0;
    if (!btf.isKind(proto, BtfKind.FUNC_PROTO)) {
      throw new Rejection(Errno.EINVAL);
    }
    env.attach.btf = btf;
    env.attach.funcProtoId = proto;
    env.attach.name = name.substring(TRACE_PREFIX.length());
    env.attach.isBtfTracepoint = true;
  }

  private static void lsm(Env env, String name) {
    if (!env.gplCompatible()) {
      throw env.reject(Errno.EINVAL, "LSM programs must have a GPL compatible license");
    }
    if (!name.startsWith(LSM_PREFIX)) {
      throw env.reject(
          Errno.EINVAL,
          "attach_btf_id %d points to wrong type name %s",
          env.spec.attachBtfId(),
          name);
    }
    env.attach.target = name;
    env.helpers.clear();
  }

  private static void structOps(Env env) {
    if (!env.gplCompatible()) {
      throw env.reject(Errno.EINVAL, "struct ops programs must have a GPL compatible license");
    }
    Btf btf = env.kernelBtf;
    int id = env.spec.attachBtfId();
    if (id == 0) {
      throw new Rejection(Errno.ENOTSUPP);
    }
    if (btf == null) {
      throw env.unsupported("struct_ops without kernel BTF");
    }
    String ops = btf.isValidId(id) ? btf.name(id) : "";
    if (ops.isEmpty()
        || !btf.isKind(id, BtfKind.STRUCT)
        || btf.find("bpf_struct_ops_" + ops, BtfKind.STRUCT) == 0) {
      throw env.reject(Errno.ENOTSUPP, "attach_btf_id %d is not a supported struct", id);
    }
    int idx = env.spec.expectedAttachType();
    if (idx < 0 || idx >= btf.vlen(id)) {
      throw env.reject(Errno.EINVAL, "attach to invalid member idx %d of struct %s", idx, ops);
    }
    String member = btf.memberName(id, idx);
    int ptr = btf.skipModsAndTypedefs(btf.memberType(id, idx));
    int proto = btf.isKind(ptr, BtfKind.PTR) ? btf.skipModsAndTypedefs(btf.target(ptr)) : 0;
    if (!btf.isKind(proto, BtfKind.FUNC_PROTO)) {
      throw env.reject(
          Errno.EINVAL, "attach to invalid member %s(@idx %d) of struct %s", member, idx, ops);
    }
    boolean unsupported = UNSUPPORTED.getOrDefault(ops, Set.of()).contains(member);
    Set<String> sleepable = SLEEPABLE.get(ops);
    boolean sleeps = env.sleepable() && sleepable != null && !sleepable.contains(member);
    if (unsupported || sleeps) {
      throw env.reject(
          unsupported ? Errno.ENOTSUPP : Errno.EINVAL,
          "attach to unsupported member %s of struct %s",
          member,
          ops);
    }
    env.attach.btf = btf;
    env.attach.funcProtoId = proto;
    env.attach.name = member;
    env.attach.target = ops;
    env.attach.member = member;
    // Prototypes that earlier passes asked for did not know the member.
    env.helpers.clear();
  }
}
