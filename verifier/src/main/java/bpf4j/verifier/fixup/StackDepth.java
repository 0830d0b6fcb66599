package bpf4j.verifier.fixup;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.InsnAux;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.kfunc.Kfuncs;
import java.util.ArrayList;
import java.util.List;

/// Stack of call chains: at most 512 bytes together, counted as the kernel's JIT lays frames out.
public final class StackDepth {
  private static final int MAX_STACK = 512;
  private static final int MAX_FRAMES = 8;
  private static final int TAIL_CALL_CALLER_MAX = 256;
  private static final int PRIVATE_STACK_MIN = 64;
  private static final int LOOP_EXTRA = 24;
  private static final int MAY_GOTO_EXTRA = 16;

  private final Env env;
  private final int[] retInsn = new int[MAX_FRAMES];
  private final int[] retProg = new int[MAX_FRAMES];
  private int frame;
  private int depth;

  private StackDepth(Env env) {
    this.env = env;
  }

  /// Drops stack that only removed fastcall spills used.
  public static void removeFastcallSpills(Env env) {
    for (Subprog s : env.subprogs) {
      boolean modified = false;
      for (int i = s.start; i < s.end; i++) {
        modified |= env.aux.fastcallSpills[i] > 0;
      }
      if (modified && !s.keepFastcallStack) {
        s.stackDepth = -s.fastcallStackOff;
      }
    }
  }

  /// Checks the main program's calls and those of each asynchronous callback.
  public static void check(Env env) {
    boolean privateStack = supportsPrivateStack(env);
    for (int i = env.subprogs.size() - 1; i >= 0; i--) {
      if (i == 0 || env.subprogs.get(i).isAsyncCallback) {
        new StackDepth(env).checkFrom(i, i == 0 && privateStack);
      }
    }
  }

  private static boolean supportsPrivateStack(Env env) {
    for (Subprog s : env.subprogs) {
      if (s.hasTailCall) {
        return false;
      }
    }
    ProgType type = env.spec.type();
    return type == ProgType.KPROBE
        || type == ProgType.TRACEPOINT
        || type == ProgType.PERF_EVENT
        || type == ProgType.RAW_TRACEPOINT
        || ((type == ProgType.TRACING || type == ProgType.LSM) && env.attach.hasTrampoline())
        || (type == ProgType.STRUCT_OPS && env.attach.privateStack);
  }

  private static int rounded(int bytes) {
    return (bytes + 15) & ~15;
  }

  private void checkFrom(int root, boolean privateStack) {
    int idx = root;
    int i = env.subprogs.get(root).start;
    if (!privateStack) {
      notPrivate(env.subprogs.get(root));
    }
    enter(idx, privateStack);
    while (true) {
      Subprog s = env.subprogs.get(idx);
      int callee = -1;
      for (; i < s.end && callee < 0; i++) {
        checkThrow(i, idx);
        callee = calleeAt(i);
      }
      if (callee >= 0) {
        retInsn[frame] = i;
        retProg[frame] = idx;
        idx = callee;
        i = env.subprogs.get(idx).start;
        if (!privateStack) {
          notPrivate(env.subprogs.get(idx));
        }
        frame++;
        if (frame >= MAX_FRAMES) {
          throw env.reject(Errno.E2BIG, "the call stack of %d frames is too deep !", frame);
        }
        enter(idx, privateStack);
        continue;
      }
      markTailCalls(s);
      if (frame == 0) {
        return;
      }
      if (!s.privateStack) {
        depth -= rounded(s.stackDepth);
      }
      frame--;
      i = retInsn[frame];
      idx = retProg[frame];
    }
  }

  private static void notPrivate(Subprog s) {
    s.privateStack = false;
    s.privateStackKnown = true;
  }

  private void enter(int idx, boolean privateStack) {
    Subprog s = env.subprogs.get(idx);
    if (idx != 0 && s.hasTailCall && depth >= TAIL_CALL_CALLER_MAX) {
      throw env.reject(
          Errno.EACCES,
          "tail_calls are not allowed when call stack of previous frames is %d bytes. Too large",
          depth);
    }
    int bytes = rounded(s.stackDepth);
    if (privateStack && !s.privateStackKnown && bytes >= PRIVATE_STACK_MIN) {
      s.privateStack = true;
      s.privateStackKnown = true;
    }
    if (s.privateStack) {
      if (bytes > MAX_STACK) {
        throw env.reject(Errno.EACCES, "stack size of subprog %d is %d. Too large", idx, bytes);
      }
      return;
    }
    depth += bytes;
    if (depth > MAX_STACK) {
      throw env.reject(
          Errno.EACCES, "combined stack size of %d calls is %d. Too large", frame + 1, depth);
    }
  }

  private void checkThrow(int i, int idx) {
    if (!Insns.isKfuncCall(env.insns[i])) {
      return;
    }
    Kfuncs.Summary k = env.kfuncs.summary(env, i);
    if (k == null || !k.isThrow()) {
      return;
    }
    boolean inCallback = env.subprogs.get(idx).isCallback;
    for (int c = 0; c < frame; c++) {
      inCallback |= env.subprogs.get(retProg[c]).isCallback;
    }
    if (inCallback) {
      throw env.reject(
          Errno.EINVAL,
          "bpf_throw kfunc (insn %d) cannot be called from callback subprog %d",
          i,
          idx);
    }
  }

  private int calleeAt(int i) {
    long insn = env.insns[i];
    boolean call = Insns.isSubprogCall(insn);
    if (!call && !Insns.isFuncLoad(insn)) {
      return -1;
    }
    int callee = env.subprogStartingAt(Insns.calleeSlot(insn, i));
    Subprog s = env.subprogs.get(callee);
    if (s.isAsyncCallback) {
      if (!call) {
        return -1;
      }
      if (s.isExceptionCallback) {
        throw env.rejectOpen(Errno.EINVAL, "insn %d cannot call exception cb directly", i);
      }
    }
    return callee;
  }

  private void markTailCalls(Subprog s) {
    if (!s.hasTailCall && !s.tailCallReachable) {
      return;
    }
    for (int c = 0; c < frame; c++) {
      Subprog caller = env.subprogs.get(retProg[c]);
      if (caller.isExceptionCallback) {
        throw env.reject(Errno.EINVAL, "cannot tail call within exception cb");
      }
      caller.tailCallReachable = true;
    }
  }

  /// Stack of each subprogram left after dead code is removed and loops are inlined, as the kernel
  /// reports it.
  public static List<Integer> reported(Env env, boolean accepted) {
    List<Integer> depths = new ArrayList<>();
    if (env.subprogs.isEmpty()) {
      depths.add(0);
    }
    for (Subprog s : env.subprogs) {
      if (!accepted) {
        depths.add(s.stackDepth);
        continue;
      }
      boolean reached = false;
      int d = s.stackDepth;
      boolean loop = false;
      boolean mayGoto = false;
      for (int i = s.start; i < s.end; i++) {
        reached |= env.aux.seen[i];
        loop |= env.aux.seen[i] && env.aux.loopCallback[i] >= 0;
        mayGoto |= env.aux.seen[i] && Insns.isMayGoto(env.insns[i]);
      }
      if (loop) {
        d += LOOP_EXTRA + (8 - d % 8) % 8;
      }
      if (mayGoto) {
        d += MAY_GOTO_EXTRA;
      }
      if (reached || s == env.subprogs.getFirst()) {
        depths.add(d);
      }
    }
    if (accepted && env.exceptionCallback == 0 && throwsException(env)) {
      // The kernel adds a callback of its own.
      depths.add(0);
    }
    return depths;
  }

  private static boolean throwsException(Env env) {
    for (int i = 0; i < env.insns.length; i++) {
      if (env.aux.seen[i] && Insns.isKfuncCall(env.insns[i])) {
        Kfuncs.Summary k = env.kfuncs.summary(env, i);
        if (k != null && k.isThrow()) {
          return true;
        }
      }
    }
    return false;
  }

  /// Refuses calls of kfunc 0, which stand for weak kfuncs that are missing, where they are
  /// reached.
  public static void checkMissingKfuncs(Env env) {
    for (int i = 0; i < env.insns.length; i++) {
      if (env.aux.seen[i] && Insns.isKfuncCall(env.insns[i]) && RawInsn.imm(env.insns[i]) == 0) {
        throw env.reject(
            Errno.EINVAL, "invalid kernel function call not eliminated in verifier pass");
      }
    }
  }

  static boolean isKnownKey(InsnAux aux, int i) {
    return aux.constKey[i] >= 0;
  }
}
