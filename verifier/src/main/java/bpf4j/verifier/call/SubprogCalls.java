package bpf4j.verifier.call;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.env.SubprogArgs;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Calls of subprograms. A static one is entered; a global one is checked by its prototype and
/// verified by itself.
public final class SubprogCalls {
  private final Machine m;
  private final Env env;

  public SubprogCalls(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// Executes a call instruction.
  public void call(long insn) {
    int idx = env.subprogStartingAt(Insns.calleeSlot(insn, env.insnIdx));
    Subprog s = env.subprogs.get(idx);
    Errno mismatch = checkArgs(idx);
    if (s.isGlobal) {
      callGlobal(s, idx, mismatch);
      return;
    }
    PathState st = env.cur();
    Frame caller = st.cur();
    Frame callee = enter(st, idx, env.insnIdx);
    for (int r = 1; r <= 5; r++) {
      callee.regs[r] = caller.regs[r];
    }
    m.regUse.clobberCallerSaved(caller);
    int callsite = env.insnIdx;
    env.insnIdx = s.start - 1;
    m.liveness.resetChain();
    if (env.log.level1()) {
      env.log.print("caller:\n");
      env.printState(st, caller.frameno);
      env.log.print("callee:\n");
      env.printState(st, st.curFrameno());
    }
    if (callsite < 0) {
      throw new IllegalStateException("call without a callsite");
    }
  }

  /// Adds a frame for subprogram `idx` to a state.
  Frame enter(PathState st, int idx, int callsite) {
    if (st.curFrameno() + 1 >= PathState.MAX_FRAMES) {
      throw env.reject(Errno.E2BIG, "the call stack of %d frames is too deep", st.curFrameno() + 2);
    }
    Frame callee = new Frame(callsite, st.curFrameno() + 1, idx);
    st.pushFrame(callee);
    env.scratchAll();
    return callee;
  }

  private void callGlobal(Subprog s, int idx, @org.jspecify.annotations.Nullable Errno mismatch) {
    PathState st = env.cur();
    if (st.activeLocks != 0) {
      throw env.reject(
          Errno.EINVAL,
          "global function calls are not allowed while holding a lock,\n"
              + "use static function instead");
    }
    if (s.mightSleep
        && (st.activeRcuLocks != 0
            || st.activePreemptLocks != 0
            || st.activeIrqId != 0
            || !st.inSleepable)) {
      throw env.reject(
          Errno.EINVAL,
          "global functions that may sleep are not allowed in non-sleepable context,\n"
              + "i.e., in a RCU/IRQ/preempt-disabled section, or in\n"
              + "a non-sleepable BPF program context");
    }
    if (mismatch != null) {
      throw env.reject(mismatch, "Caller passes invalid args into func#%d ('%s')", idx, s.name);
    }
    if (env.log.level1()) {
      env.log.printf("Func#%d ('%s') is global and assumed valid.\n", idx, s.name);
    }
    if (s.changesPktData) {
      m.refs.clearPacketPointers();
    }
    s.called = true;
    m.regUse.clobberCallerSaved(st.cur());
    env.setUnknown(0);
  }

  // ---- arguments -----------------------------------------------------------------------------

  /// Compares the argument registers with the callee's BTF prototype. Gives the error of a
  /// mismatch, which matters for global functions only; static ones are then taken as they are.
  @org.jspecify.annotations.Nullable
  Errno checkArgs(int idx) {
    Subprog s = env.subprogs.get(idx);
    if (env.spec.funcInfo().isEmpty() || s.unreliable) {
      return Errno.EINVAL;
    }
    try {
      matchArgs(s, idx);
      return null;
    } catch (Rejection e) {
      if (e.errno() == Errno.EFAULT) {
        throw e;
      }
      s.unreliable = true;
      return e.errno();
    }
  }

  /// The callee's arguments, prepared once.
  public SubprogArgs args(Subprog s, int idx) {
    SubprogArgs a = s.args;
    if (a == null) {
      a = m.prototypes.args(s, idx);
      s.args = a;
    }
    return a;
  }

  private void matchArgs(Subprog s, int idx) {
    SubprogArgs args = args(s, idx);
    for (int i = 0; i < args.args().size(); i++) {
      matchArg(args.args().get(i), i);
    }
  }

  private void matchArg(SubprogArgs.Arg arg, int i) {
    int regno = i + 1;
    RegState r = env.reg(regno);
    switch (arg.kind()) {
      case SCALAR -> {
        if (!r.isScalar()) {
          throw env.reject(Errno.EINVAL, "R%d is not a scalar", regno);
        }
      }
      case UNTRUSTED -> {
        // Read through loads that cannot fault, so anything may be passed.
      }
      case CTX -> {
        m.helpers.checkOffset(r, regno, false, false);
        if (r.type() != RegType.CTX) {
          throw env.reject(Errno.EINVAL, "arg#%d expects pointer to ctx", i);
        }
      }
      case MEM -> {
        m.helpers.checkOffset(r, regno, false, false);
        try {
          m.mem.checkReadWriteMemory(regno, arg.memSize());
        } catch (Rejection e) {
          throw new Rejection(Errno.EINVAL);
        }
        if ((arg.flags() & RegType.MAYBE_NULL) == 0 && RegType.mayBeNull(r.type())) {
          throw env.reject(Errno.EINVAL, "arg#%d is expected to be non-NULL", i);
        }
      }
      case ARENA -> {
        if (r.type() != RegType.ARENA && !r.isScalar()) {
          throw env.reject(Errno.EINVAL, "R%d is not a pointer to arena or scalar.", regno);
        }
      }
      case DYNPTR -> m.objects.subprogDynptrArg(m, regno);
      case BTF_ID -> {
        if (!(r.isNull() && (arg.flags() & RegType.MAYBE_NULL) != 0)) {
          m.btf.subprogArg(m, regno, arg);
        }
      }
    }
  }

  // ---- returns -------------------------------------------------------------------------------

  /// Leaves the current frame for its caller.
  public void returnToCaller() {
    m.liveness.update();
    PathState st = env.cur();
    Frame callee = st.cur();
    RegState r0 = callee.regs[0];
    if (r0.type() == RegType.STACK) {
      throw env.reject(Errno.EINVAL, "cannot return stack pointer to the caller");
    }
    Frame caller = st.frame(st.curFrameno() - 1);
    boolean callback = callee.inCallback;
    if (callback) {
      if (!r0.isScalar()) {
        throw env.reject(Errno.EACCES, "R0 not a scalar value");
      }
      m.precision.markReg(0);
      m.exits.checkCallbackReturn(callee.regs[0], callee);
    } else {
      caller.regs[0] = r0;
    }
    // A callback's call runs again: it may call back once more, or go on.
    env.insnIdx = callback ? callee.callsite : callee.callsite + 1;
    if (env.log.level1()) {
      env.log.print("returning from callee:\n");
      env.printState(st, callee.frameno);
      env.log.printf("to caller at %d:\n", env.insnIdx);
      env.printState(st, caller.frameno);
    }
    st.popFrame();
    if (callback) {
      PathState prev = m.checkpoints.previousAt(st, env.insnIdx);
      if (prev != null) {
        m.callbacks.widen(prev, st);
      }
    }
  }

  static int helperId(long insn) {
    return RawInsn.imm(insn);
  }
}
