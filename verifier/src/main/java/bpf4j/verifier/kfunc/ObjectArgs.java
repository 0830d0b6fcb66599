package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.proto.Kfunc;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.btf.Trust;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.object.Dynptrs;
import bpf4j.verifier.object.IrqFlags;
import bpf4j.verifier.object.Iterators;
import bpf4j.verifier.object.Locks;
import bpf4j.verifier.object.MapFields;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Pointee.DynptrType;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Arguments of kfuncs that are objects: allocated ones, dynptrs, iterators, graph roots and nodes,
/// locks, interrupt flags, workqueues.
final class ObjectArgs {
  private static final int ALLOCATED = RegType.BTF_ID | RegType.ALLOC;

  private final Machine m;
  private final Env env;
  private final GraphArgs graphs;
  private final Locks locks;

  ObjectArgs(Machine m, GraphArgs graphs) {
    this.m = m;
    this.env = m.env;
    this.graphs = graphs;
    this.locks = new Locks(m.env.types);
  }

  void allocated(KfuncCall c, int i, RegState reg) {
    boolean percpu = reg.type() == (ALLOCATED | RegType.PERCPU);
    if (!percpu && reg.type() != ALLOCATED) {
      throw env.reject(Errno.EINVAL, "arg#%d expected pointer to allocated object", i);
    }
    String drop = percpu ? KfuncNames.PERCPU_OBJ_DROP : KfuncNames.OBJ_DROP;
    if (!c.is(drop)) {
      throw env.reject(Errno.EINVAL, "arg#%d expected for %s()", i, drop);
    }
    checkReferenced(reg);
    c.object = reg.btf();
  }

  private void checkReferenced(RegState reg) {
    if (reg.refObjId() == 0) {
      throw env.reject(Errno.EINVAL, "allocated object must be referenced");
    }
  }

  void refcounted(KfuncCall c, int i, RegState reg) {
    if (!RegType.isPtrToAllocObj(reg.type())) {
      throw env.reject(Errno.EINVAL, "arg#%d is neither owning or non-owning ref", i);
    }
    if (!RegType.isNonOwningRef(reg.type())) {
      c.owningRef = true;
    }
    FieldRecord rec = env.types.fieldsOf(reg);
    if (rec == null) {
      throw env.reject(Errno.EFAULT, "verifier internal error: Couldn't find btf_record");
    }
    if (!rec.has(FieldRecord.Kind.REFCOUNT)) {
      throw env.reject(Errno.EINVAL, "arg#%d doesn't point to a type with bpf_refcount field", i);
    }
    c.object = reg.btf();
  }

  // ---- dynptrs and iterators -------------------------------------------------------------------

  void dynptr(KfuncCall c, int i) {
    int regno = i + 1;
    RegState reg = env.reg(regno);
    boolean uninit = c.suffix(i, "__uninit");
    boolean isConst = reg.type() == RegType.DYNPTR;
    if (uninit && isConst) {
      throw env.reject(
          Errno.EFAULT, "verifier internal error: misconfigured dynptr helper type flags");
    }
    DynptrType type = DynptrType.INVALID;
    int ref = 0;
    if (c.is("bpf_dynptr_from_skb")) {
      type = DynptrType.SKB;
    } else if (c.is("bpf_dynptr_from_xdp")) {
      type = DynptrType.XDP;
    } else if (c.is("bpf_dynptr_from_skb_meta")) {
      type = DynptrType.SKB_META;
    } else if (c.is("bpf_dynptr_clone") && uninit) {
      DynptrType parent = c.dynptrType;
      if (parent == null || parent == DynptrType.INVALID) {
        throw env.reject(
            Errno.EFAULT, "verifier internal error: no dynptr type for parent of clone");
      }
      type = parent;
      ref = c.dynptrRefObjId;
    }
    Dynptrs.argument(m, regno, new Dynptrs.Use(uninit, isConst, type, ref));
    if (!uninit) {
      RegState state = Dynptrs.state(env, env.reg(regno));
      c.dynptrId = state.id();
      c.dynptrType = Dynptrs.type(env, env.reg(regno));
      c.dynptrRefObjId = state.refObjId();
    }
  }

  void iterator(KfuncCall c, int i) {
    int regno = i + 1;
    if (c.is("bpf_iter_css_task_new") && !KfuncArgs.mayIterateCssTasks(env)) {
      throw env.reject(
          Errno.EINVAL, "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs");
    }
    if (env.reg(regno).type() != RegType.STACK) {
      throw env.reject(Errno.EINVAL, "arg#%d expected pointer to an iterator on stack", i);
    }
    Btf btf = c.btf;
    int type = c.pointee(i);
    boolean valid =
        btf.isKind(type, BtfKind.STRUCT)
            && btf.name(type).startsWith("bpf_iter_")
            && btf.size(type) != 0
            && btf.size(type) % 8 == 0;
    if (!valid) {
      throw env.reject(Errno.EINVAL, "expected valid iter pointer as arg #%d", i);
    }
    if (c.has(Kfunc.ITER_NEW)) {
      int rcu =
          !c.has(Kfunc.RCU_PROTECTED) ? 0 : Trust.inRcu(env) ? RegType.RCU : RegType.UNTRUSTED;
      Iterators.create(m, regno, btf, type, rcu);
      return;
    }
    Iterators.Place at = Iterators.use(m, regno, btf, type, c.name);
    c.iter = at;
    c.refObjId = env.cur().frame(at.frameno()).slot(at.spi()).spilled().refObjId();
    if (c.has(Kfunc.ITER_DESTROY)) {
      Iterators.destroy(m, at);
    }
  }

  // ---- graphs ----------------------------------------------------------------------------------

  void graphRoot(KfuncCall c, int i, RegState reg, boolean list) {
    if (reg.type() != RegType.MAP_VALUE && reg.type() != ALLOCATED) {
      throw env.reject(Errno.EINVAL, "arg#%d expected pointer to map value or allocated object", i);
    }
    if (reg.type() == ALLOCATED) {
      checkReferenced(reg);
    }
    graphs.root(c, i + 1, list ? FieldRecord.Kind.LIST_HEAD : FieldRecord.Kind.RB_ROOT);
  }

  void listNode(KfuncCall c, int i, RegState reg) {
    checkOwned(i, reg);
    graphs.node(c, i + 1, FieldRecord.Kind.LIST_HEAD, FieldRecord.Kind.LIST_NODE);
  }

  void treeNode(KfuncCall c, int i, RegState reg) {
    if (c.is(KfuncNames.RBTREE_ADD)) {
      checkOwned(i, reg);
    } else {
      if (!RegType.isNonOwningRef(reg.type()) && reg.refObjId() == 0) {
        throw env.reject(
            Errno.EINVAL, "%s can only take non-owning or refcounted bpf_rb_node pointer", c.name);
      }
      if (env.kfuncs.inLockedCallback(env)) {
        throw env.reject(Errno.EINVAL, "%s not allowed in rbtree cb", c.name);
      }
    }
    graphs.node(c, i + 1, FieldRecord.Kind.RB_ROOT, FieldRecord.Kind.RB_NODE);
  }

  private void checkOwned(int i, RegState reg) {
    if (reg.type() != ALLOCATED) {
      throw env.reject(Errno.EINVAL, "arg#%d expected pointer to allocated object", i);
    }
    checkReferenced(reg);
  }

  // ---- locks and fields of map values
  // ------------------------------------------------------------

  void mapField(KfuncCall c, int i, RegState reg, FieldRecord.Kind kind) {
    if (reg.type() != RegType.MAP_VALUE) {
      throw env.reject(Errno.EINVAL, "arg#%d doesn't point to a map value", i);
    }
    MapFields.check(env, i + 1, kind);
    if (reg.pointee() instanceof Pointee.MapRef ref) {
      c.map = ref.map();
      c.mapUid = ref.uid();
    }
  }

  void irqFlag(KfuncCall c, int i) {
    boolean lock = KfuncNames.RES_LOCKS.contains(c.name);
    int kfuncClass = lock ? IrqFlags.LOCK : IrqFlags.NATIVE;
    if (c.is("bpf_local_irq_save") || c.is("bpf_res_spin_lock_irqsave")) {
      IrqFlags.save(m, i + 1, kfuncClass);
    } else {
      IrqFlags.restore(m, i + 1, kfuncClass);
    }
  }

  void resLock(KfuncCall c, int i, RegState reg) {
    if (reg.type() != RegType.MAP_VALUE && reg.type() != ALLOCATED) {
      throw env.reject(Errno.EINVAL, "arg#%d doesn't point to map value or allocated object", i);
    }
    boolean irq = c.is("bpf_res_spin_lock_irqsave") || c.is("bpf_res_spin_unlock_irqrestore");
    locks.process(
        m, i + 1, irq ? Ref.Kind.RES_LOCK_IRQ : Ref.Kind.RES_LOCK, KfuncNames.takesResLock(c.name));
  }
}
