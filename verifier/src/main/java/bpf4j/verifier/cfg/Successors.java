package bpf4j.verifier.cfg;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.verifier.env.Env;

/// Successors of instructions inside their subprogram.
public final class Successors {
  private Successors() {}

  /// The slot that follows in order, or -1 where control does not go on.
  public static int next(Env env, int i) {
    long insn = env.insns[i];
    if (Insns.isJump(insn) && (Insns.op(insn) == Opcodes.EXIT || Insns.op(insn) == Opcodes.JA)) {
      return -1;
    }
    return i + Insns.slots(insn);
  }

  /// The slot that a jump goes to, or -1. Linux 6.18 does not see that a tail call may leave.
  public static int jump(Env env, int i) {
    long insn = env.insns[i];
    if (Insns.isJump(insn)) {
      int op = Insns.op(insn);
      if (op != Opcodes.EXIT && op != Opcodes.CALL && op <= Opcodes.JCOND) {
        return i + Insns.jumpOff(insn) + 1;
      }
    }
    return -1;
  }

  static boolean isLd(long insn) {
    return RawInsn.insnClass(insn) == Opcodes.LD;
  }
}
