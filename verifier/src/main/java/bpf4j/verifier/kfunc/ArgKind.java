package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.btf.CtxTypes;
import bpf4j.verifier.btf.KindNames;
import bpf4j.verifier.btf.Trust;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// What a pointer argument of a kfunc is, by its type, its name's suffix and what is passed. Source
/// of the order: `get_kfunc_ptr_arg_type` of Linux 6.18.
enum ArgKind {
  CTX,
  ALLOC_BTF_ID,
  REFCOUNTED_KPTR,
  DYNPTR,
  ITER,
  LIST_HEAD,
  LIST_NODE,
  RB_ROOT,
  RB_NODE,
  BTF_ID,
  MEM,
  /// Memory whose size is the next argument.
  MEM_SIZE,
  CALLBACK,
  NULL,
  CONST_STR,
  MAP,
  WORKQUEUE,
  TASK_WORK,
  IRQ_FLAG,
  RES_SPIN_LOCK;

  private static final int MAX_NESTING = 3;

  static ArgKind of(Env env, KfuncCall c, int i) {
    RegState reg = env.reg(i + 1);
    if (c.is("bpf_cast_to_kern_ctx") || CtxTypes.isCtx(c.btf, c.param(i), env.progType())) {
      return CTX;
    }
    if (c.suffix(i, "__nullable") && reg.isNull()) {
      return NULL;
    }
    ArgKind byType = byNameOrType(c, i);
    if (byType != MEM) {
      return byType;
    }
    int target = c.pointee(i);
    if (RegType.base(reg.type()) == RegType.BTF_ID || Trust.hasKernelStruct(reg.type())) {
      if (!c.btf.kind(target).isComposite()) {
        throw env.reject(
            Errno.EINVAL,
            "kernel function %s args#%d pointer type %s %s is not supported",
            c.name,
            i,
            KindNames.of(c.btf, target),
            c.btf.name(target));
      }
      return BTF_ID;
    }
    if (c.btf.isKind(target, BtfKind.FUNC_PROTO)) {
      return CALLBACK;
    }
    return memory(env, c, i, target);
  }

  /// The kind that the name's suffix or the type alone tell, else `MEM`.
  private static ArgKind byNameOrType(KfuncCall c, int i) {
    if (c.suffix(i, "__alloc")) {
      return ALLOC_BTF_ID;
    }
    if (c.suffix(i, "__refcounted_kptr")) {
      return REFCOUNTED_KPTR;
    }
    if (c.pointsTo(i, "bpf_dynptr")) {
      return DYNPTR;
    }
    if (c.isIter() ? i == 0 : c.suffix(i, "__iter")) {
      return ITER;
    }
    if (c.pointsTo(i, "bpf_list_head")) {
      return LIST_HEAD;
    }
    if (c.pointsTo(i, "bpf_list_node")) {
      return LIST_NODE;
    }
    if (c.pointsTo(i, "bpf_rb_root")) {
      return RB_ROOT;
    }
    if (c.pointsTo(i, "bpf_rb_node")) {
      return RB_NODE;
    }
    if (c.suffix(i, "__str")) {
      return CONST_STR;
    }
    if (c.suffix(i, "__map")) {
      return MAP;
    }
    if (c.pointsTo(i, "bpf_wq")) {
      return WORKQUEUE;
    }
    if (c.pointsTo(i, "bpf_task_work")) {
      return TASK_WORK;
    }
    if (c.suffix(i, "__irq_flag")) {
      return IRQ_FLAG;
    }
    return c.pointsTo(i, "bpf_res_spin_lock") ? RES_SPIN_LOCK : MEM;
  }

  private static ArgKind memory(Env env, KfuncCall c, int i, int target) {
    boolean sized = i + 1 < c.argCount() && isSize(env, c, i + 1);
    boolean plain =
        c.isScalar(target) || (target == 0 && sized) || isScalarStruct(env, c.btf, target, 0);
    if (!plain) {
      throw env.reject(
          Errno.EINVAL,
          "arg#%d pointer type %s %s must point to %sscalar, or struct with scalar",
          i,
          KindNames.of(c.btf, target),
          c.btf.name(target),
          sized ? "void, " : "");
    }
    return sized ? MEM_SIZE : MEM;
  }

  private static boolean isSize(Env env, KfuncCall c, int i) {
    return c.isScalar(c.param(i))
        && env.reg(i + 1).isScalar()
        && (c.suffix(i, "__sz") || c.suffix(i, "__szk"));
  }

  /// Whether a struct holds nothing but numbers.
  static boolean isScalarStruct(Env env, Btf btf, int id, int depth) {
    if (!btf.kind(id).isComposite()) {
      return false;
    }
    for (int i = 0; i < btf.vlen(id); i++) {
      int t = btf.skipModsAndTypedefs(btf.memberType(id, i));
      if (btf.kind(t).isComposite()) {
        if (depth >= MAX_NESTING) {
          env.log.print("max struct nesting depth exceeded\n");
          return false;
        }
        if (!isScalarStruct(env, btf, t, depth + 1)) {
          return false;
        }
        continue;
      }
      if (btf.isKind(t, BtfKind.ARRAY)) {
        if (btf.arrayLength(t) == 0) {
          return false;
        }
        t = btf.skipModsAndTypedefs(btf.arrayElement(t));
      }
      if (!btf.isKind(t, BtfKind.INT) && !btf.kind(t).isAnyEnum()) {
        return false;
      }
    }
    return true;
  }
}
