package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.proto.ArgFlags;
import bpf4j.model.proto.ArgProto;
import bpf4j.model.proto.HelperProto;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.proto.RetType;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.call.CallMeta;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.env.SubprogArgs;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.object.Kptrs;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rules of pointers with BTF types, of the kernel's and the program's own.
public final class KernelTypes implements BtfPointers {
  private static final int KPTR_XCHG = HelperTable.id("kptr_xchg");
  private static final int SK_RELEASE = HelperTable.id("sk_release");
  private static final int SPIN_LOCK = HelperTable.id("spin_lock");
  private static final int SPIN_UNLOCK = HelperTable.id("spin_unlock");

  private final TypesOfProgram types;
  private final KernelAccess access;

  public KernelTypes(TypesOfProgram types) {
    this.types = types;
    this.access = new KernelAccess(types);
  }

  @Override
  public void access(Machine m, int regno, int off, int size, boolean write, int valueRegno) {
    access.access(m, regno, off, size, write, valueRegno);
  }

  @Override
  public void mapAccess(Machine m, int regno, int off, int size, boolean write, int valueRegno) {
    KernelAccess.mapAccess(m, regno, off, size, write, valueRegno);
  }

  @Override
  public @Nullable RegState ctxAccess(
      Machine m, int off, int size, boolean write, boolean signExtend) {
    return new CtxByBtf(m.env, types).load(off, size, write);
  }

  @Override
  public void helperArg(Machine m, int regno, ArgProto arg, CallMeta meta) {
    Env env = m.env;
    RegState reg = env.reg(regno);
    if (RegType.isAlloc(reg.type())) {
      localArg(env, regno, reg, meta);
      return;
    }
    if ((reg.type() & RegType.PERCPU) != 0) {
      return;
    }
    if (isMemory(arg)) {
      if (!arg.has(ArgFlags.RDONLY)) {
        throw env.reject(
            Errno.EACCES,
            "%s() may write into memory pointed by R%d type=%s",
            HelperTable.kernelName(meta.funcId),
            regno,
            RegType.name(reg.type()));
      }
      return;
    }
    boolean release = arg.has(ArgFlags.OBJ_RELEASE);
    if (RegType.mayBeNull(reg.type()) && (!arg.has(ArgFlags.MAYBE_NULL) || release)) {
      throw env.reject(Errno.EACCES, "Possibly NULL pointer passed to helper arg%d", regno);
    }
    if (meta.funcId == KPTR_XCHG) {
      FieldRecord.Field field = meta.kptrField;
      if (field == null || !Kptrs.matches(env, field, reg, regno)) {
        throw new Rejection(Errno.EACCES);
      }
      return;
    }
    Btf kernel = types.kernel();
    String name = arg.struct() == null ? "sock_common" : arg.struct();
    int needed = types.kernelStruct(name);
    boolean strict = release && meta.funcId != SK_RELEASE;
    Pointee.BtfRef has = reg.btf();
    if (kernel == null
        || !TypeMatch.matches(env, has.btf(), has.typeId(), reg.off(), kernel, needed, strict)) {
      throw env.reject(
          Errno.EACCES,
          "R%d is of type %s but %s is expected",
          regno,
          has.btf().name(has.typeId()),
          name);
    }
  }

  private static boolean isMemory(ArgProto arg) {
    return switch (arg.type()) {
      case PTR_TO_MEM, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE -> true;
      default -> false;
    };
  }

  private static void localArg(Env env, int regno, RegState reg, CallMeta meta) {
    if (meta.funcId == KPTR_XCHG) {
      FieldRecord.Field field = meta.kptrField;
      if (regno == 2 && field != null && !Kptrs.matches(env, field, reg, regno)) {
        throw new Rejection(Errno.EACCES);
      }
      return;
    }
    if (meta.funcId != SPIN_LOCK && meta.funcId != SPIN_UNLOCK) {
      throw env.reject(
          Errno.EFAULT, "verifier internal error: unimplemented handling of MEM_ALLOC");
    }
  }

  @Override
  public RegState helperReturn(Machine m, int helperId, CallMeta meta, int flags) {
    Env env = m.env;
    Optional<HelperProto> proto = env.helpers.getOrDefault(helperId, Optional.empty());
    HelperProto p = proto.orElseGet(() -> HelperTable.variants(helperId).getFirst());
    if (p.ret().type() == RetType.PTR_TO_MEM_OR_BTF_ID) {
      return perCpu(env, meta, flags);
    }
    if (helperId == KPTR_XCHG) {
      return exchanged(env, meta, flags);
    }
    Btf kernel = types.kernel();
    String struct = p.ret().struct();
    int id = struct == null ? 0 : types.kernelStruct(struct);
    if (kernel == null || id == 0) {
      throw env.reject(
          Errno.EINVAL,
          "invalid return type %d of func %s#%d",
          p.ret().type().ordinal(),
          p.kernelName(),
          helperId);
    }
    return RegState.pointer(RegType.BTF_ID | flags, new Pointee.BtfRef(kernel, id));
  }

  private RegState perCpu(Env env, CallMeta meta, int flags) {
    Pointee.BtfRef ref = meta.retType;
    if (ref == null) {
      throw env.reject(Errno.EACCES, "Helper has invalid btf_id in R%d", 1);
    }
    int id = ref.btf().skipModsAndTypedefs(ref.typeId());
    if (!ref.btf().kind(id).isComposite()) {
      long size = ref.btf().resolveSize(id);
      if (size < 0) {
        throw env.reject(
            Errno.EINVAL,
            "unable to resolve the size of type '%s': %d",
            ref.btf().name(id),
            -Errno.EINVAL.code());
      }
      return RegState.pointer(RegType.MEM | flags, new Pointee.Memory((int) size, 0));
    }
    if (ref.btf() == types.program()) {
      return RegState.pointer(RegType.BTF_ID | RegType.ALLOC | RegType.RCU, ref);
    }
    return RegState.pointer(RegType.BTF_ID | (flags & ~RegType.RDONLY), ref);
  }

  private RegState exchanged(Env env, CallMeta meta, int flags) {
    FieldRecord.Field field = meta.kptrField;
    Btf btf = field == null ? null : field.btf();
    if (field == null || btf == null) {
      throw env.reject(Errno.EFAULT, "verifier internal error: no kptr to exchange");
    }
    int type = RegType.BTF_ID | flags;
    if (btf != types.kernel()) {
      type |= RegType.ALLOC;
      if (field.kind() == FieldRecord.Kind.KPTR_PERCPU) {
        type |= RegType.PERCPU;
      }
    }
    return RegState.pointer(type, new Pointee.BtfRef(btf, field.typeId()));
  }

  @Override
  public void subprogArg(Machine m, int regno, SubprogArgs.Arg arg) {
    Env env = m.env;
    RegState reg = env.reg(regno);
    Btf kernel = types.kernel();
    boolean nullable = (arg.flags() & RegType.MAYBE_NULL) != 0;
    int type = nullable ? reg.type() & ~RegType.MAYBE_NULL : reg.type();
    boolean fits =
        type == RegType.BTF_ID
            || type == (RegType.BTF_ID | RegType.TRUSTED)
            || type == (RegType.BTF_ID | RegType.RCU);
    if (!fits) {
      throw env.reject(
          Errno.EACCES,
          "R%d type=%s expected=%s",
          regno,
          RegType.name(reg.type()),
          "ptr_, trusted_ptr_, rcu_ptr_");
    }
    if (RegType.mayBeNull(reg.type()) && !nullable) {
      throw env.reject(Errno.EACCES, "Possibly NULL pointer passed to helper arg%d", regno);
    }
    Pointee.BtfRef has = reg.btf();
    if (kernel == null
        || !TypeMatch.matches(
            env, has.btf(), has.typeId(), reg.off(), kernel, arg.btfId(), false)) {
      throw env.reject(
          Errno.EACCES,
          "R%d is of type %s but %s is expected",
          regno,
          has.btf().name(has.typeId()),
          kernel == null ? "" : kernel.name(arg.btfId()));
    }
    m.helpers.checkOffset(reg, regno, false, false);
  }

  @Override
  public boolean returnsReference(Machine m, int regno) {
    Env env = m.env;
    RegState reg = env.reg(regno);
    if (RegType.base(reg.type()) != RegType.BTF_ID || reg.refObjId() == 0) {
      return false;
    }
    int target = returnedStruct(env);
    Pointee.BtfRef has = reg.btf();
    return target != 0 && has.btf() == env.attach.btf && has.typeId() == target;
  }

  @Override
  public boolean targetReturnsPointer(Machine m) {
    return returnedStruct(m.env) != 0;
  }

  /// The struct that the attached function returns a pointer to, else 0.
  private static int returnedStruct(Env env) {
    Btf btf = env.attach.btf;
    if (btf == null || env.attach.funcProtoId == 0) {
      return 0;
    }
    int ret = btf.skipModsAndTypedefs(btf.target(env.attach.funcProtoId));
    if (!btf.isKind(ret, bpf4j.model.btf.BtfKind.PTR)) {
      return 0;
    }
    int target = btf.skipModsAndTypedefs(btf.target(ret));
    return btf.kind(target).isComposite() ? target : 0;
  }

  @Override
  public void acquireTargetArgs(Machine m) {
    // No struct_ops type of the reference kernel hands over references.
  }

  @Override
  public RegState ksym(Machine m, int slotIdx) {
    return KernelSymbols.load(m.env, slotIdx);
  }

  @Override
  public int kernelStruct(Machine m, String name) {
    return types.kernelStruct(name);
  }
}
