package bpf4j.verifier.cfg;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperProto;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.kfunc.Kfuncs;

/// Walks the control flow from the entry: every instruction must be reachable, no jump may leave
/// the program or land inside a wide instruction. Marks where paths join (prune points) and where
/// control arrives by a jump.
///
/// The walk is depth first with an explicit stack; an edge is taken when the instruction is on top
/// of it and remembered in `state`.
public final class CfgWalk {
  private static final int DISCOVERED = 0x10;
  private static final int EXPLORED = 0x20;
  private static final int FALLTHROUGH = 1;
  private static final int BRANCH = 2;

  private final Env env;
  private final int[] state;
  private final int[] stack;
  private int depth;

  private CfgWalk(Env env) {
    this.env = env;
    state = new int[env.insns.length];
    stack = new int[env.insns.length];
  }

  public static void check(Env env) {
    CfgWalk w = new CfgWalk(env);
    w.walkFrom(0);
    if (env.exceptionCallback != 0) {
      int start = env.subprogs.get(env.exceptionCallback).start;
      if (w.state[start] != EXPLORED) {
        w.walkFrom(start);
      }
    }
    w.checkAllReached();
  }

  private void walkFrom(int start) {
    state[start] = DISCOVERED;
    stack[0] = start;
    depth = 1;
    while (depth > 0) {
      int t = stack[depth - 1];
      if (!visit(t)) {
        state[t] = EXPLORED;
        depth--;
      }
    }
  }

  private void checkAllReached() {
    for (int i = 0; i < env.insns.length; i++) {
      if (state[i] != EXPLORED) {
        throw env.reject(Errno.EINVAL, "unreachable insn %d", i);
      }
      if (RawInsn.isLdImm64(env.insns[i])) {
        if (state[i + 1] != 0) {
          throw env.reject(Errno.EINVAL, "jump into the middle of ldimm64 insn %d", i);
        }
        i++;
      }
    }
  }

  /// Takes the next edge of `t`; false when there is none left.
  private boolean visit(int t) {
    long insn = env.insns[t];
    if (Insns.isFuncLoad(insn)) {
      return visitCall(t, true);
    }
    if (!Insns.isJump(insn)) {
      return push(t, t + Insns.slots(insn), FALLTHROUGH);
    }
    switch (Insns.op(insn)) {
      case Opcodes.EXIT -> {
        return false;
      }
      case Opcodes.CALL -> {
        markCall(t, insn);
        return visitCall(t, RawInsn.src(insn) == Opcodes.PSEUDO_CALL);
      }
      case Opcodes.JA -> {
        int target = t + Insns.jumpOff(insn) + 1;
        if (push(t, target, FALLTHROUGH)) {
          return true;
        }
        env.aux.prunePoint[target] = true;
        env.aux.jmpPoint[target] = true;
        return false;
      }
      default -> {
        env.aux.prunePoint[t] = true;
        if (Insns.isMayGoto(insn)) {
          env.aux.forceCheckpoint[t] = true;
        }
        return push(t, t + 1, FALLTHROUGH) || push(t, t + RawInsn.off(insn) + 1, BRANCH);
      }
    }
  }

  private boolean visitCall(int t, boolean visitCallee) {
    int next = t + Insns.slots(env.insns[t]);
    if (push(t, next, FALLTHROUGH)) {
      return true;
    }
    env.aux.prunePoint[next] = true;
    // A return from a subprogram is a step that straight-line history cannot tell.
    env.aux.jmpPoint[next] = true;
    if (!visitCallee) {
      return false;
    }
    int callee = Insns.calleeSlot(env.insns[t], t);
    env.aux.prunePoint[t] = true;
    Subprog caller = env.subprogAt(t);
    Subprog called = env.subprogAt(callee);
    caller.changesPktData |= called.changesPktData;
    caller.mightSleep |= called.mightSleep;
    return push(t, callee, BRANCH);
  }

  /// Callback calls are loops: their states are always stored, and compared before the call.
  private void markCall(int t, long insn) {
    Kfuncs.Summary kfunc = Insns.isKfuncCall(insn) ? env.kfuncs.summary(env, t) : null;
    if (Callees.runsAsyncCallback(env, insn, kfunc)) {
      env.aux.prunePoint[t] = true;
    }
    if (Callees.runsSyncCallback(insn, kfunc)) {
      env.aux.callsCallback[t] = true;
      env.aux.forceCheckpoint[t] = true;
      env.aux.prunePoint[t] = true;
      env.aux.jmpPoint[t] = true;
    }
    Subprog s = env.subprogAt(t);
    if (Insns.isHelperCall(insn)) {
      HelperProto p = Callees.helper(env, RawInsn.imm(insn));
      s.mightSleep |= p != null && p.mightSleep();
      s.changesPktData |= Callees.changesPktData(RawInsn.imm(insn));
    } else if (kfunc != null) {
      if (kfunc.iterNext()) {
        env.aux.isIterNext[t] = true;
        env.aux.prunePoint[t] = true;
        env.aux.forceCheckpoint[t] = true;
      }
      s.mightSleep |= kfunc.sleepable();
      s.changesPktData |= kfunc.changesPktData();
    }
  }

  private boolean push(int t, int w, int edge) {
    if (state[t] >= (DISCOVERED | edge)) {
      return false;
    }
    if (w < 0 || w >= env.insns.length) {
      env.printLine(t, t + ": ");
      throw env.reject(Errno.EINVAL, "jump out of range from insn %d to %d", t, w);
    }
    if (edge == BRANCH) {
      env.aux.prunePoint[w] = true;
      env.aux.jmpPoint[w] = true;
    }
    if (state[w] == 0) {
      state[t] = DISCOVERED | edge;
      state[w] = DISCOVERED;
      if (depth >= env.insns.length) {
        throw new bpf4j.verifier.env.Rejection(Errno.E2BIG);
      }
      stack[depth++] = w;
      return true;
    }
    if ((state[w] & 0xf0) == DISCOVERED) {
      if (env.priv.bpfCapable()) {
        return false;
      }
      env.printLine(t, t + ": ");
      env.printLine(w, w + ": ");
      throw env.reject(Errno.EINVAL, "back-edge from insn %d to %d", t, w);
    }
    state[t] = DISCOVERED | edge;
    return false;
  }
}
