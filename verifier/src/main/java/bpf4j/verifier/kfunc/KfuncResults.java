package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.proto.Kfunc;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.btf.KindNames;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Pointee.DynptrType;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// What a kfunc leaves in R0. Source of the rules: `check_kfunc_call` of Linux 6.18.
final class KfuncResults {
  private static final int MAX_PERCPU_SIZE = 512;
  private static final long U32_MAX = 0xffff_ffffL;

  private final Machine m;
  private final Env env;
  private final GraphArgs graphs;

  KfuncResults(Machine m, GraphArgs graphs) {
    this.m = m;
    this.env = m.env;
    this.graphs = graphs;
  }

  void set(KfuncCall c) {
    Btf btf = c.btf;
    int ret = btf.skipModsAndTypedefs(btf.target(c.proto));
    if (c.isScalar(ret)) {
      if (KfuncNames.takesResLock(c.name)) {
        env.setReg(0, env.zeroScalar());
      } else {
        env.setUnknown(0);
      }
      return;
    }
    if (!btf.isKind(ret, BtfKind.PTR)) {
      return;
    }
    int target = btf.skipModsAndTypedefs(btf.target(ret));
    RegState r = special(c, target);
    if (r == null) {
      r = plain(c, target);
    }
    if (c.mayReturnNull()) {
      r = r.withType(r.type() | RegType.MAYBE_NULL).withId(env.newId());
    }
    if (c.has(Kfunc.ACQUIRE)) {
      int id = m.refs.acquire(env.insnIdx);
      r = (c.mayReturnNull() ? r.withId(id) : r).withRefObjId(id);
    } else if (isNode(btf, target)) {
      r = graphs.nonOwning(r);
    }
    env.setReg(0, mayHoldLock(r) && r.id() == 0 ? r.withId(env.newId()) : r);
  }

  private boolean mayHoldLock(RegState r) {
    FieldRecord rec = env.types.fieldsOf(r);
    return rec != null && rec.hasLock();
  }

  private static boolean isNode(Btf btf, int id) {
    return btf.isKind(id, BtfKind.STRUCT)
        && (btf.nameEquals(id, "bpf_rb_node") || btf.nameEquals(id, "bpf_list_node"));
  }

  /// Results whose type depends on the arguments, else null.
  private @org.jspecify.annotations.Nullable RegState special(KfuncCall c, int target) {
    return switch (c.name) {
      case KfuncNames.OBJ_NEW -> allocated(c, false);
      case KfuncNames.PERCPU_OBJ_NEW -> allocated(c, true);
      case KfuncNames.REFCOUNT_ACQUIRE -> {
        Pointee.BtfRef type = c.object;
        yield type == null ? null : RegState.pointer(RegType.BTF_ID | RegType.ALLOC, type);
      }
      case "bpf_cast_to_kern_ctx" ->
          RegState.pointer(
              RegType.BTF_ID | RegType.TRUSTED, new Pointee.BtfRef(c.btf, c.kernelCtxId));
      case "bpf_rdonly_cast" -> rdonlyCast(c);
      case "bpf_dynptr_slice" -> slice(c, RegType.RDONLY);
      case "bpf_dynptr_slice_rdwr" -> {
        if (!m.mem.mayAccessPacket(null, true)) {
          throw env.reject(Errno.EINVAL, "the prog does not allow writes to packet data");
        }
        yield slice(c, 0);
      }
      default -> {
        FieldRecord.Field root = c.graphRoot;
        yield isNode(c.btf, target) && root != null ? graphs.nodePointer(root) : null;
      }
    };
  }

  private RegState allocated(KfuncCall c, boolean percpu) {
    if (Long.compareUnsigned(c.constant, U32_MAX) > 0) {
      throw env.reject(Errno.EINVAL, "local type ID argument must be in range [0, U32_MAX]");
    }
    Btf btf = env.spec.btf();
    if (btf == null) {
      throw env.reject(Errno.EINVAL, "bpf_obj_new/bpf_percpu_obj_new requires prog BTF");
    }
    int id = (int) c.constant;
    if (!btf.isValidId(id) || !btf.isKind(id, BtfKind.STRUCT)) {
      throw env.reject(
          Errno.EINVAL, "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct");
    }
    if (percpu) {
      checkPerCpu(btf, id);
    }
    int flags = RegType.ALLOC | (percpu ? RegType.PERCPU : 0);
    return RegState.pointer(RegType.BTF_ID | flags, new Pointee.BtfRef(btf, id));
  }

  private void checkPerCpu(Btf btf, int id) {
    if (Integer.compareUnsigned(btf.size(id), MAX_PERCPU_SIZE) > 0) {
      throw env.reject(
          Errno.EINVAL,
          "bpf_percpu_obj_new type size (%d) is greater than %d",
          btf.size(id),
          MAX_PERCPU_SIZE);
    }
    if (!ArgKind.isScalarStruct(env, btf, id, 0)) {
      throw env.reject(
          Errno.EINVAL, "bpf_percpu_obj_new type ID argument must be of a struct of scalars");
    }
    if (env.types.structs().find(id) != null) {
      throw env.reject(
          Errno.EINVAL, "bpf_percpu_obj_new type ID argument must not contain special fields");
    }
  }

  private RegState rdonlyCast(KfuncCall c) {
    int id = (int) c.constant;
    if (c.constant != id || !c.btf.isValidId(id)) {
      throw env.reject(
          Errno.EINVAL, "Unknown type ID %d passed to kfunc bpf_rdonly_cast", c.constant);
    }
    if (id == 0) {
      return RegState.pointer(
          RegType.MEM | RegType.RDONLY | RegType.UNTRUSTED, new Pointee.Memory(0, 0));
    }
    if (!c.btf.kind(id).isComposite()) {
      throw env.reject(
          Errno.EINVAL, "kfunc bpf_rdonly_cast type ID argument must be of a struct or void");
    }
    return RegState.pointer(RegType.BTF_ID | RegType.UNTRUSTED, new Pointee.BtfRef(c.btf, id));
  }

  private RegState slice(KfuncCall c, int flags) {
    DynptrType type = c.dynptrType;
    if (!c.hasConstant || type == null || c.dynptrId == 0) {
      throw env.reject(
          Errno.EFAULT, "verifier internal error: bpf_dynptr_slice(_rdwr) no constant size");
    }
    return RegState.pointer(
        RegType.MEM | type.flag() | flags, new Pointee.Memory((int) c.constant, c.dynptrId));
  }

  private RegState plain(KfuncCall c, int target) {
    if (target == 0) {
      // A `void *` result is as good as a number.
      return RegState.unknown(!env.priv.bpfCapable());
    }
    if (c.btf.kind(target).isComposite()) {
      return struct(c, target);
    }
    if (c.is("bpf_session_cookie")) {
      c.r0Size = 8;
      c.r0Rdonly = false;
    }
    if (c.r0Size == 0) {
      c.r0Size = Math.max(0, c.btf.resolveSize(target));
      c.r0Rdonly = true;
    }
    if (c.r0Size == 0) {
      throw env.reject(
          Errno.EINVAL,
          "kernel function %s returns pointer type %s %s is not supported",
          c.name,
          KindNames.of(c.btf, target),
          c.btf.name(target));
    }
    RegState r =
        RegState.pointer(
            RegType.MEM | (c.r0Rdonly ? RegType.RDONLY : 0), new Pointee.Memory((int) c.r0Size, 0));
    return c.refObjId != 0 ? r.withRefObjId(c.refObjId) : r;
  }

  private RegState struct(KfuncCall c, int target) {
    int flags = 0;
    if (c.is("bpf_get_kmem_cache")) {
      flags = RegType.UNTRUSTED;
    }
    if (c.has(Kfunc.ITER_NEXT) && c.iter != null) {
      RegState iter = env.cur().frame(c.iter.frameno()).slot(c.iter.spi()).spilled();
      flags = (iter.type() & RegType.RCU) != 0 ? RegType.RCU : RegType.TRUSTED;
    }
    return RegState.pointer(RegType.BTF_ID | flags, new Pointee.BtfRef(c.btf, target));
  }
}
