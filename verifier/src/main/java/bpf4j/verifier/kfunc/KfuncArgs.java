package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.proto.Kfunc;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.btf.CtxTypes;
import bpf4j.verifier.btf.KindNames;
import bpf4j.verifier.btf.Trust;
import bpf4j.verifier.btf.TypeMatch;
import bpf4j.verifier.call.CallMeta;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.VerifierMap;

/// Checks the arguments of a kfunc against its BTF prototype. Source of the rules:
/// `check_kfunc_args` of Linux 6.18.
final class KfuncArgs {
  private static final int MAX_ARGS = 5;

  private final Machine m;
  private final Env env;
  private final GraphArgs graphs;
  private final ObjectArgs objects;

  KfuncArgs(Machine m, GraphArgs graphs) {
    this.m = m;
    this.env = m.env;
    this.graphs = graphs;
    this.objects = new ObjectArgs(m, graphs);
  }

  void check(KfuncCall c) {
    int n = c.argCount();
    if (n > MAX_ARGS) {
      throw env.reject(Errno.EINVAL, "Function %s has %d > %d args", c.name, n, MAX_ARGS);
    }
    for (int i = 0; i < n; i++) {
      if (c.suffix(i, "__prog") || c.suffix(i, "__ign")) {
        continue;
      }
      int type = c.param(i);
      if (c.isScalar(type)) {
        scalar(c, i);
      } else if (!c.btf.isKind(type, BtfKind.PTR)) {
        throw env.reject(Errno.EINVAL, "Unrecognized arg#%d type %s", i, KindNames.of(c.btf, type));
      } else if (pointer(c, i) == ArgKind.MEM_SIZE) {
        i++;
      }
    }
    if (c.has(Kfunc.RELEASE) && c.releaseRegno == 0) {
      throw env.reject(
          Errno.EINVAL, "release kernel function %s expects refcounted PTR_TO_BTF_ID", c.name);
    }
  }

  private void scalar(KfuncCall c, int i) {
    int regno = i + 1;
    RegState reg = env.reg(regno);
    if (!reg.isScalar()) {
      throw env.reject(Errno.EINVAL, "R%d is not a scalar", regno);
    }
    if (c.suffix(i, "__k")) {
      constant(c, regno);
      m.precision.markReg(regno);
      return;
    }
    String name = c.btf.paramName(c.proto, i);
    boolean rdonly = name.equals("rdonly_buf_size");
    if (!rdonly && !name.equals("rdwr_buf_size")) {
      return;
    }
    c.r0Rdonly |= rdonly;
    if (c.r0Size != 0) {
      throw env.rejectOpen(Errno.EINVAL, "2 or more rdonly/rdwr_buf_size parameters for kfunc");
    }
    if (!reg.range().isConst()) {
      throw env.reject(Errno.EINVAL, "R%d is not a const", regno);
    }
    c.r0Size = reg.varOff().value();
    m.precision.markReg(regno);
  }

  private void constant(KfuncCall c, int regno) {
    RegState reg = env.reg(regno);
    if (c.hasConstant) {
      throw env.reject(
          Errno.EFAULT, "verifier internal error: only one constant argument permitted");
    }
    if (!reg.range().isConst()) {
      throw env.reject(Errno.EINVAL, "R%d must be a known constant", regno);
    }
    c.hasConstant = true;
    c.constant = reg.varOff().value();
  }

  private ArgKind pointer(KfuncCall c, int i) {
    int regno = i + 1;
    RegState reg = env.reg(regno);
    boolean strict = c.has(Kfunc.TRUSTED_ARGS) || c.has(Kfunc.RELEASE) || c.has(Kfunc.RCU);
    if (strict && (reg.isNull() || RegType.mayBeNull(reg.type())) && !c.suffix(i, "__nullable")) {
      throw env.reject(Errno.EACCES, "Possibly NULL pointer passed to trusted arg%d", i);
    }
    boolean release = c.has(Kfunc.RELEASE);
    if (reg.refObjId() != 0) {
      if (release && c.refObjId != 0) {
        throw env.reject(
            Errno.EFAULT,
            "verifier internal error: more than one arg with ref_obj_id R%d %d %d",
            regno,
            reg.refObjId(),
            c.refObjId);
      }
      c.refObjId = reg.refObjId();
      if (release) {
        c.releaseRegno = regno;
      }
    }
    ArgKind kind = ArgKind.of(env, c, i);
    if (kind == ArgKind.NULL) {
      return kind;
    }
    if (kind == ArgKind.MAP) {
      map(c, regno, reg);
    }
    if (strict && (kind == ArgKind.MAP || kind == ArgKind.ALLOC_BTF_ID || kind == ArgKind.BTF_ID)) {
      trusted(c, regno, reg);
    }
    m.helpers.checkOffset(reg, regno, release && reg.refObjId() != 0, false);
    byKind(c, i, kind);
    return kind;
  }

  private void map(KfuncCall c, int regno, RegState reg) {
    if (reg.pointee() instanceof Pointee.BtfRef) {
      // A `struct bpf_map` of the kernel; its type is checked as any other's.
      return;
    }
    if (!(reg.pointee() instanceof Pointee.MapRef ref)) {
      throw env.reject(Errno.EINVAL, "pointer in R%d isn't map pointer", regno);
    }
    VerifierMap map = ref.map();
    boolean work = map.fields().has(FieldRecord.Kind.TASK_WORK);
    if (c.map != null && (work || map.fields().has(FieldRecord.Kind.WORKQUEUE))) {
      // The object belongs to its own map, not to another inner map alike.
      if (c.map != map || c.mapUid != ref.uid()) {
        throw env.reject(
            Errno.EINVAL,
            work
                ? "bpf_task_work pointer in R2 map_uid=%d doesn't match map pointer in R3 map_uid=%d"
                : "workqueue pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d",
            c.mapUid,
            ref.uid());
      }
    }
    c.map = map;
    c.mapUid = ref.uid();
  }

  private void trusted(KfuncCall c, int regno, RegState reg) {
    if (Trust.isTrusted(reg)) {
      return;
    }
    if (!c.has(Kfunc.RCU)) {
      throw env.reject(Errno.EINVAL, "R%d must be referenced or trusted", regno);
    }
    if (!Trust.isRcu(reg)) {
      throw env.reject(Errno.EINVAL, "R%d must be a rcu pointer", regno);
    }
  }

  private void byKind(KfuncCall c, int i, ArgKind kind) {
    int regno = i + 1;
    RegState reg = env.reg(regno);
    switch (kind) {
      case CTX -> ctx(c, i, reg);
      case ALLOC_BTF_ID -> objects.allocated(c, i, reg);
      case REFCOUNTED_KPTR -> objects.refcounted(c, i, reg);
      case DYNPTR -> objects.dynptr(c, i);
      case ITER -> objects.iterator(c, i);
      case LIST_HEAD, RB_ROOT -> objects.graphRoot(c, i, reg, kind == ArgKind.LIST_HEAD);
      case LIST_NODE -> objects.listNode(c, i, reg);
      case RB_NODE -> objects.treeNode(c, i, reg);
      case MAP -> btfId(c, i, reg, "bpf_map");
      case BTF_ID -> btfId(c, i, reg, "");
      case MEM -> memory(c, i);
      case MEM_SIZE -> sizedMemory(c, i);
      case CALLBACK -> {
        if (reg.type() != RegType.FUNC) {
          throw env.reject(Errno.EINVAL, "arg%d expected pointer to func", i);
        }
        c.subprogIdx = reg.pointee() instanceof Pointee.Subprog s ? s.subprogIdx() : 0;
      }
      case CONST_STR -> {
        if (reg.type() != RegType.MAP_VALUE) {
          throw env.reject(Errno.EINVAL, "arg#%d doesn't point to a const string", i);
        }
        m.helpers.checkConstString(reg, regno);
      }
      case WORKQUEUE -> objects.mapField(c, i, reg, FieldRecord.Kind.WORKQUEUE);
      case TASK_WORK -> objects.mapField(c, i, reg, FieldRecord.Kind.TASK_WORK);
      case IRQ_FLAG -> objects.irqFlag(c, i);
      case RES_SPIN_LOCK -> objects.resLock(c, i, reg);
      case NULL -> {
        // Nothing to check.
      }
    }
  }

  private void ctx(KfuncCall c, int i, RegState reg) {
    if (reg.type() != RegType.CTX) {
      throw env.reject(
          Errno.EINVAL, "arg#%d expected pointer to ctx, but got %s", i, RegType.name(reg.type()));
    }
    if (c.is("bpf_cast_to_kern_ctx")) {
      String struct = CtxTypes.kernelStruct(env.progType());
      int id = struct.isEmpty() ? 0 : env.types.kernelStruct(struct);
      if (id == 0) {
        throw new Rejection(Errno.EINVAL);
      }
      c.kernelCtxId = id;
    }
  }

  // ---- kernel types --------------------------------------------------------------------------

  private void btfId(KfuncCall c, int i, RegState reg, String struct) {
    int type = reg.type();
    boolean isBtf =
        RegType.base(type) == RegType.BTF_ID
            && (!RegType.hasUnsafeModifiers(type) || Trust.isRcu(reg));
    if (!isBtf && !Trust.hasKernelStruct(type)) {
      throw env.reject(
          Errno.EINVAL,
          "arg#%d is %s expected %s or socket",
          i,
          RegType.name(type),
          RegType.name(RegType.base(type) | (RegType.flags(type) & RegType.TRUSTED_MODIFIERS)));
    }
    int needed = struct.isEmpty() ? c.pointee(i) : c.btf.find(struct, BtfKind.STRUCT);
    Btf hasBtf = c.btf;
    int has;
    if (reg.pointee() instanceof Pointee.BtfRef ref) {
      hasBtf = ref.btf();
      has = hasBtf.skipModsAndTypedefs(ref.typeId());
    } else {
      has = c.btf.find(Trust.kernelStruct(type), BtfKind.STRUCT);
    }
    boolean strict =
        (c.has(Kfunc.RELEASE) && reg.refObjId() != 0)
            || (hasBtf == c.btf && TypeMatch.isNocastAlias(hasBtf, has, c.btf, needed));
    boolean same = TypeMatch.matches(env, hasBtf, has, reg.off(), c.btf, needed, strict);
    if (!same && !CtxTypes.isProjection(c.btf.name(needed), hasBtf.name(has))) {
      throw env.reject(
          Errno.EINVAL,
          "kernel function %s args#%d expected pointer to %s %s but R%d has a pointer to %s %s",
          c.name,
          i,
          KindNames.of(c.btf, needed),
          c.btf.name(needed),
          i + 1,
          KindNames.of(hasBtf, has),
          hasBtf.name(has));
    }
  }

  // ---- memory --------------------------------------------------------------------------------

  private void memory(KfuncCall c, int i) {
    int target = c.pointee(i);
    long size = c.btf.resolveSize(target);
    if (size < 0) {
      throw env.reject(
          Errno.EINVAL,
          "arg#%d reference type('%s %s') size cannot be determined: %d",
          i,
          KindNames.of(c.btf, target),
          c.btf.name(target),
          -Errno.EINVAL.code());
    }
    m.mem.checkReadWriteMemory(i + 1, (int) size);
  }

  private void sizedMemory(KfuncCall c, int i) {
    int regno = i + 1;
    RegState buffer = env.reg(regno);
    if (!buffer.isNull() || !c.suffix(i, "__opt")) {
      boolean nullable = RegType.mayBeNull(buffer.type());
      if (nullable) {
        env.setReg(regno, m.jumps.notNull(buffer));
      }
      try {
        CallMeta meta = new CallMeta(0, false);
        m.mem.checkSizedMemory(regno + 1, false, true, meta);
        m.mem.checkSizedMemory(regno + 1, true, true, meta);
      } catch (Rejection e) {
        env.log.printf("arg#%d arg#%d memory, len pair leads to invalid memory access\n", i, i + 1);
        throw e;
      }
      if (nullable) {
        env.setReg(regno, buffer);
      }
    }
    if (c.suffix(i + 1, "__szk") && env.reg(regno + 1).isScalar()) {
      constant(c, regno + 1);
    }
  }

  /// Whether iterators over a css's tasks may be used here.
  static boolean mayIterateCssTasks(Env env) {
    return env.progType() == ProgType.LSM
        || (env.progType() == ProgType.TRACING && env.attachType() == AttachType.TRACE_ITER)
        || Trust.inSleepable(env);
  }

  GraphArgs graphs() {
    return graphs;
  }
}
