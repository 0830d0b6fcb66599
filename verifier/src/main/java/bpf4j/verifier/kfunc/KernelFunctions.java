package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.Kfunc;
import bpf4j.model.proto.KfuncTable;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Frame;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Calls of kernel functions by BTF: which exist, who may call them, and what a call does.
public final class KernelFunctions implements Kfuncs {
  private static final int MAX_DIFFERENT = 256;

  private final Map<Integer, Summary> summaries = new HashMap<>();
  private final Set<Integer> added = new HashSet<>();
  private @Nullable KfuncCalls calls;

  @Override
  public void add(Env env, int slotIdx) {
    long insn = env.insns[slotIdx];
    int id = RawInsn.imm(insn);
    if (id == 0 && RawInsn.off(insn) == 0) {
      return;
    }
    Btf btf = env.kernelBtf;
    if (btf == null) {
      throw env.reject(
          Errno.ENOTSUPP, "calling kernel function is not supported without CONFIG_DEBUG_INFO_BTF");
    }
    if (!env.gplCompatible()) {
      throw env.reject(Errno.EINVAL, "cannot call kernel function from non-GPL compatible program");
    }
    if (!added.add(id)) {
      return;
    }
    if (added.size() > MAX_DIFFERENT) {
      throw env.reject(Errno.E2BIG, "too many different kernel function calls");
    }
    if (RawInsn.off(insn) != 0) {
      throw env.unsupported("kernel function of a module");
    }
    if (!btf.isValidId(id) || !btf.isKind(id, BtfKind.FUNC)) {
      throw env.reject(Errno.EINVAL, "kernel btf_id %d is not a function", id);
    }
    if (!btf.isKind(btf.target(id), BtfKind.FUNC_PROTO)) {
      throw env.reject(
          Errno.EINVAL, "kernel function btf_id %d does not have a valid func_proto", id);
    }
    if (KfuncNames.DEVICE_BOUND.contains(btf.name(id))) {
      throw env.reject(Errno.EINVAL, "metadata kfuncs require device-bound program");
    }
  }

  /// The kfunc called at a slot, or null where there is none or this program may not call it.
  static @Nullable Kfunc find(Env env, int slotIdx) {
    Btf btf = env.kernelBtf;
    int id = RawInsn.imm(env.insns[slotIdx]);
    if (btf == null
        || RawInsn.off(env.insns[slotIdx]) != 0
        || !btf.isValidId(id)
        || !btf.isKind(id, BtfKind.FUNC)) {
      return null;
    }
    Kfunc kfunc = KfuncTable.find(btf.name(id));
    AttachType attach = env.attachType();
    boolean allowed =
        kfunc != null
            && kfunc.allowed(
                env.progType(), attach == null ? AttachType.CGROUP_INET_INGRESS : attach);
    return allowed ? kfunc : null;
  }

  @Override
  public @Nullable Summary summary(Env env, int slotIdx) {
    int id = RawInsn.imm(env.insns[slotIdx]);
    Summary known = summaries.get(id);
    if (known != null) {
      return known;
    }
    Kfunc k = find(env, slotIdx);
    Btf btf = env.kernelBtf;
    if (k == null || btf == null) {
      return null;
    }
    int proto = btf.target(id);
    String name = k.name();
    Summary s =
        new Summary(
            btf.vlen(proto),
            btf.skipModsAndTypedefs(btf.target(proto)) == 0,
            k.has(Kfunc.FASTCALL),
            k.has(Kfunc.ITER_NEXT),
            k.has(Kfunc.SLEEPABLE),
            name.equals("bpf_xdp_pull_data"),
            name.equals(KfuncNames.RBTREE_ADD),
            name.equals(KfuncNames.WQ_SET_CALLBACK) || KfuncNames.TASK_WORK.contains(name),
            name.equals(KfuncNames.THROW),
            KfuncNames.allowedUnderLock(name));
    summaries.put(id, s);
    return s;
  }

  @Override
  public void call(Machine m, int slotIdx) {
    KfuncCalls c = calls;
    if (c == null) {
      c = new KfuncCalls(m);
      calls = c;
    }
    c.call(slotIdx);
  }

  @Override
  public boolean inLockedCallback(Env env) {
    Frame f = env.frame();
    if (f.frameno == 0 || !f.inCallback) {
      return false;
    }
    long insn = env.insns[f.callsite];
    Btf btf = env.kernelBtf;
    int id = RawInsn.imm(insn);
    return btf != null
        && bpf4j.verifier.cfg.Insns.isKfuncCall(insn)
        && btf.isValidId(id)
        && KfuncNames.RBTREE.contains(btf.name(id));
  }
}
