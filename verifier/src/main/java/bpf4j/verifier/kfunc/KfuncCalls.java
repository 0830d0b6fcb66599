package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.Kfunc;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.call.Callbacks;
import bpf4j.verifier.domain.Bounds;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.object.Iterators;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Pointee.IterState;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;
import bpf4j.verifier.state.VerifierMap;

/// Executes calls of kfuncs. Source of the order of checks: `check_kfunc_call` of Linux 6.18.
final class KfuncCalls {
  private static final int MAX_ERRNO = 4095;

  private final Machine m;
  private final Env env;
  private final GraphArgs graphs;
  private final KfuncArgs args;
  private final KfuncResults results;

  KfuncCalls(Machine m) {
    this.m = m;
    this.env = m.env;
    graphs = new GraphArgs(m);
    args = new KfuncArgs(m, graphs);
    results = new KfuncResults(m, graphs);
  }

  void call(int slotIdx) {
    long insn = env.insns[slotIdx];
    Btf btf = env.kernelBtf;
    int id = RawInsn.imm(insn);
    if (id == 0 || btf == null) {
      throw env.reject(
          Errno.EINVAL, "invalid kernel function call not eliminated in verifier pass");
    }
    Kfunc kfunc = KernelFunctions.find(env, slotIdx);
    if (kfunc == null) {
      throw env.reject(Errno.EACCES, "calling kernel function %s is not allowed", btf.name(id));
    }
    KfuncCall c = new KfuncCall(btf, id, kfunc);
    if (KfuncNames.takesResLock(c.name)) {
      forkFailedLock();
    } else if (c.is("__bpf_trap")) {
      throw env.reject(Errno.EFAULT, "unexpected __bpf_trap() due to uninitialized variable?");
    }
    boolean sleepable = kfunc.has(Kfunc.SLEEPABLE);
    if (sleepable && !env.cur().inSleepable) {
      throw env.reject(
          Errno.EACCES, "program must be sleepable to call sleepable kfunc %s", c.name);
    }
    args.check(c);
    callbacks(c);
    rcu(c, sleepable);
    preemption(c, sleepable);
    if (env.cur().activeIrqId != 0 && sleepable) {
      throw env.reject(
          Errno.EACCES, "kernel func %s is sleepable within IRQ-disabled region", c.name);
    }
    release(c);
    if (KfuncNames.INSERTS.contains(c.name)) {
      graphs.insert(c);
    }
    if (c.is(KfuncNames.THROW) && env.exceptionCallback == 0) {
      m.exits.checkReturn(1, "R1");
    }
    m.regUse.clobberCallerSaved(env.frame());
    results.set(c);
    if (c.is("bpf_xdp_pull_data")) {
      m.refs.clearPacketPointers();
    }
    if (c.has(Kfunc.ITER_NEXT)) {
      iterNext(c);
    }
  }

  /// A resilient lock may fail: one path goes on with an error and without the lock.
  private void forkFailedLock() {
    PathState st = m.paths.push(env.insnIdx + 1, env.insnIdx, false);
    Frame f = st.cur();
    for (int r = 0; r <= 5; r++) {
      f.regs[r] = RegState.NOT_INIT;
    }
    Bounds b = new Bounds();
    b.meetSigned32(-MAX_ERRNO, -1);
    b.meetSigned64(-MAX_ERRNO, -1);
    f.regs[0] = RegState.unknown(!env.priv.bpfCapable()).withRange(b.sync().freeze());
  }

  // ---- callbacks -------------------------------------------------------------------------------

  private void callbacks(KfuncCall c) {
    try {
      if (c.is(KfuncNames.RBTREE_ADD)) {
        m.callbacks.callSync(c.subprogIdx, (caller, callee) -> lessArgs(caller, callee));
      } else if (c.is(KfuncNames.WQ_SET_CALLBACK)) {
        m.callbacks.callAsync(
            c.subprogIdx,
            true,
            (caller, callee) -> {
              Callbacks.mapValueArgs(callee, caller.regs[1].map());
              Callbacks.returns(callee, 0, 0);
            });
      } else if (KfuncNames.TASK_WORK.contains(c.name)) {
        m.callbacks.callAsync(
            c.subprogIdx,
            true,
            (caller, callee) -> {
              VerifierMap map = caller.regs[3].map();
              Callbacks.mapValueArgs(callee, map);
              Callbacks.returns(callee, Integer.MIN_VALUE, Integer.MAX_VALUE);
            });
      }
    } catch (Rejection e) {
      env.log.printf("kfunc %s#%d failed callback verification\n", c.name, c.funcId);
      throw e;
    }
  }

  /// The comparison gets two nodes of the tree, which live by the caller's lock.
  private void lessArgs(Frame caller, Frame callee) {
    RegState root = caller.regs[1];
    FieldRecord rec = env.types.fieldsOf(root);
    FieldRecord.Field field = rec == null ? null : rec.at((int) root.constOff());
    if (field == null || field.kind() != FieldRecord.Kind.RB_ROOT) {
      throw new Rejection(Errno.EFAULT);
    }
    RegState node = graphs.nonOwning(graphs.nodePointer(field));
    callee.regs[1] = node;
    callee.regs[2] = node;
    Callbacks.returns(callee, 0, 1);
  }

  // ---- sections --------------------------------------------------------------------------------

  private void rcu(KfuncCall c, boolean sleepable) {
    boolean lock = c.is("bpf_rcu_read_lock");
    boolean unlock = c.is("bpf_rcu_read_unlock");
    PathState st = env.cur();
    if (st.activeRcuLocks == 0) {
      if (unlock) {
        throw env.reject(Errno.EINVAL, "unmatched rcu read unlock (kernel function %s)", c.name);
      }
      st.activeRcuLocks = lock ? 1 : 0;
      return;
    }
    if (env.kfuncs.inLockedCallback(env) && (lock || unlock)) {
      throw env.reject(
          Errno.EACCES, "Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback");
    }
    if (lock) {
      throw env.reject(Errno.EINVAL, "nested rcu read lock (kernel function %s)", c.name);
    }
    if (unlock) {
      leaveRcu(st);
    } else if (sleepable) {
      throw env.reject(
          Errno.EACCES, "kernel func %s is sleepable within rcu_read_lock region", c.name);
    }
  }

  /// Pointers that the section protected are no longer to be trusted.
  private static void leaveRcu(PathState st) {
    st.activeRcuLocks = 0;
    st.mapRegs(KfuncCalls::withoutRcu);
    for (int i = 0; i <= st.curFrameno(); i++) {
      Frame f = st.frame(i);
      for (int s = 0; s < f.slots(); s++) {
        StackSlot slot = f.slot(s);
        if (slot.typeAt(0) == StackSlot.ITER) {
          f.setSlot(s, slot.withSpilled(withoutRcu(slot.spilled())));
        }
      }
    }
  }

  private static RegState withoutRcu(RegState r) {
    return (r.type() & RegType.RCU) == 0
        ? r
        : r.withType((r.type() & ~(RegType.RCU | RegType.MAYBE_NULL)) | RegType.UNTRUSTED);
  }

  private void preemption(KfuncCall c, boolean sleepable) {
    PathState st = env.cur();
    if (c.is("bpf_preempt_disable")) {
      st.activePreemptLocks++;
    } else if (c.is("bpf_preempt_enable")) {
      if (st.activePreemptLocks == 0) {
        throw env.reject(
            Errno.EINVAL, "unmatched attempt to enable preemption (kernel function %s)", c.name);
      }
      st.activePreemptLocks--;
    } else if (st.activePreemptLocks != 0 && sleepable) {
      throw env.reject(
          Errno.EACCES, "kernel func %s is sleepable within non-preemptible region", c.name);
    }
  }

  private void release(KfuncCall c) {
    if (c.releaseRegno != 0 && !m.refs.release(env.reg(c.releaseRegno).refObjId())) {
      throw env.reject(
          Errno.EINVAL, "kfunc %s#%d reference has not been acquired before", c.name, c.funcId);
    }
  }

  // ---- iterators -------------------------------------------------------------------------------

  /// `bpf_iter_X_next`: one path goes round once more, the other leaves the loop.
  private void iterNext(KfuncCall c) {
    Iterators.Place at = c.iter;
    PathState st = env.cur();
    if (at == null || !(iter(st, at).pointee() instanceof Pointee.Iter it)) {
      throw env.reject(Errno.EFAULT, "verifier internal error: unexpected iterator state %d", 0);
    }
    if (it.state() == IterState.ACTIVE) {
      PathState parent = st.parent;
      if (parent == null || parent.insnIdx != env.insnIdx || !parent.sameCallsites(st)) {
        throw env.reject(Errno.EFAULT, "verifier bug: bad parent state for iter next call");
      }
      PathState prev = m.checkpoints.previousAt(parent, env.insnIdx);
      PathState again = m.paths.push(env.insnIdx + 1, env.insnIdx, false);
      set(again, at, new Pointee.Iter(it.btf(), it.typeId(), IterState.ACTIVE, it.depth() + 1));
      if (prev != null) {
        m.callbacks.widen(prev, again);
      }
      RegState[] regs = again.cur().regs;
      regs[0] = m.jumps.notNull(regs[0]);
    }
    set(st, at, new Pointee.Iter(it.btf(), it.typeId(), IterState.DRAINED, it.depth()));
    env.setReg(0, env.zeroScalar());
  }

  private static RegState iter(PathState st, Iterators.Place at) {
    return st.frame(at.frameno()).slot(at.spi()).spilled();
  }

  private static void set(PathState st, Iterators.Place at, Pointee.Iter it) {
    Frame f = st.frame(at.frameno());
    StackSlot slot = f.slot(at.spi());
    f.setSlot(at.spi(), slot.withSpilled(slot.spilled().withPointee(it)));
  }
}
