package bpf4j.verifier.cfg;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;

/// Finds spills and fills that clang puts around calls of `bpf_fastcall` functions for old kernels:
/// `*(u64 *)(r10 - Y) = rX; call; rX = *(u64 *)(r10 - Y)`, for registers that the callee does not
/// clobber. Where nothing else touches the slots, the kernel removes them and the stack they need.
public final class FastcallPatterns {
  private static final int STORE = 0x7b;
  private static final int LOAD = 0x79;
  private static final int CALLER_SAVED = 6;

  private FastcallPatterns() {}

  public static void mark(Env env) {
    for (Subprog s : env.subprogs) {
      int lowest = 0;
      for (int i = s.start; i < s.end; i++) {
        long insn = env.insns[i];
        if (RawInsn.opcode(insn) == STORE && RawInsn.dst(insn) == 10) {
          lowest = Math.min(lowest, RawInsn.off(insn));
        }
      }
      for (int i = s.start; i < s.end; i++) {
        if (RawInsn.opcode(env.insns[i]) == (Opcodes.JMP | Opcodes.CALL)) {
          markCall(env, s, i, lowest);
        }
      }
    }
  }

  private static void markCall(Env env, Subprog s, int call, int lowest) {
    Callees.CallSummary summary = Callees.summary(env, call);
    if (summary == null) {
      return;
    }
    int clobbered = ((1 << (summary.params() + 1)) - 1) & (summary.isVoid() ? ~1 : ~0);
    int expected = ~clobbered & ((1 << CALLER_SAVED) - 1);
    int off = lowest;
    int pairs = 0;
    while (pairs < CALLER_SAVED) {
      int before = call - pairs - 1;
      int after = call + pairs + 1;
      if (before < 0 || after >= env.insns.length || !isPair(env, before, after, off, expected)) {
        break;
      }
      expected &= ~(1 << RawInsn.src(env.insns[before]));
      env.aux.fastcallPattern[before] = true;
      env.aux.fastcallPattern[after] = true;
      pairs++;
      off += 8;
    }
    if (pairs == 0) {
      return;
    }
    if (summary.fastcall()) {
      env.aux.fastcallSpills[call] = pairs;
    } else {
      s.keepFastcallStack = true;
    }
    s.fastcallStackOff = Math.min(s.fastcallStackOff, off);
  }

  private static boolean isPair(Env env, int before, int after, int off, int expected) {
    long spill = env.insns[before];
    long fill = env.insns[after];
    return RawInsn.opcode(spill) == STORE
        && RawInsn.opcode(fill) == LOAD
        && RawInsn.dst(spill) == 10
        && RawInsn.src(fill) == 10
        && RawInsn.src(spill) == RawInsn.dst(fill)
        && (1 << RawInsn.src(spill) & expected) != 0
        && RawInsn.off(spill) == off
        && RawInsn.off(fill) == off;
  }
}
