package bpf4j.verifier.prune;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperTable;
import bpf4j.verifier.cfg.Callees;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.flow.StackLiveness;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.HistoryEntry;
import org.jspecify.annotations.Nullable;

/// One step backwards over an instruction: which registers and slots before it the marked ones
/// after it were computed from.
final class Backtrack {
  private static final int TAIL_CALL = HelperTable.id("tail_call");
  private final Env env;
  private final BacktrackMarks marks;

  Backtrack(Env env, BacktrackMarks marks) {
    this.env = env;
    this.marks = marks;
  }

  /// Steps over `idx`; `subseqIdx` ran after it. False when the origin cannot be followed.
  boolean step(int idx, int subseqIdx, @Nullable HistoryEntry hist) {
    long insn = env.insns[idx];
    if (RawInsn.opcode(insn) == 0) {
      return true;
    }
    if (env.log.level2()) {
      StringBuilder out = env.log.out();
      out.append("mark_precise: frame").append(marks.frame()).append(": regs=");
      BacktrackMarks.print(out, marks.regs());
      out.append(" stack=");
      StackLiveness.slots(out, marks.slots());
      out.append(" before ").append(idx).append(": ").append(env.text(idx)).append('\n');
    }
    marks.syncLinked(hist);
    int cls = RawInsn.insnClass(insn);
    boolean followed =
        switch (cls) {
          case Opcodes.ALU, Opcodes.ALU64 -> alu(insn);
          case Opcodes.LDX -> load(insn, hist);
          case Opcodes.STX, Opcodes.ST ->
              (Insns.isAtomic(insn) && RawInsn.imm(insn) == Opcodes.LOAD_ACQ)
                  ? load(insn, hist)
                  : store(insn, cls, hist);
          case Opcodes.LD -> wide(insn);
          default -> jump(insn, idx, subseqIdx, hist);
        };
    if (followed && !returnsEarly(insn)) {
      marks.syncLinked(hist);
    }
    return followed;
  }

  /// Only jumps have linked registers in the history, so nothing is lost for other instructions.
  private static boolean returnsEarly(long insn) {
    return !Insns.isJump(insn) || Insns.op(insn) == Opcodes.EXIT || Insns.isCall(insn);
  }

  private boolean alu(long insn) {
    int dst = RawInsn.dst(insn);
    if (!marks.has(dst)) {
      return true;
    }
    int op = Insns.op(insn);
    if (op == Opcodes.END || op == Opcodes.NEG) {
      return true;
    }
    if (op == Opcodes.MOV) {
      marks.drop(dst);
    }
    if (Insns.isRegOperand(insn) && RawInsn.src(insn) != Frame.FP) {
      marks.set(RawInsn.src(insn));
    }
    return true;
  }

  // A scalar keeps its precision only through a spill; from other memory it was unknown anyway.
  private boolean load(long insn, @Nullable HistoryEntry hist) {
    int dst = RawInsn.dst(insn);
    if (!marks.has(dst)) {
      return true;
    }
    marks.drop(dst);
    if (hist != null && hist.isStackAccess()) {
      marks.setSlot(hist.frameno(), hist.spi());
    }
    return true;
  }

  private boolean store(long insn, int cls, @Nullable HistoryEntry hist) {
    if (marks.has(RawInsn.dst(insn))) {
      // The address came from a pointer subtraction.
      return false;
    }
    if (hist == null || !hist.isStackAccess() || !marks.hasSlot(hist.frameno(), hist.spi())) {
      return true;
    }
    marks.dropSlot(hist.frameno(), hist.spi());
    if (cls == Opcodes.STX) {
      marks.set(RawInsn.src(insn));
    }
    return true;
  }

  private boolean wide(long insn) {
    int dst = RawInsn.dst(insn);
    if (!marks.has(dst)) {
      return true;
    }
    marks.drop(dst);
    int mode = Insns.mode(insn);
    return mode != Opcodes.IND && mode != Opcodes.ABS;
  }

  private boolean jump(long insn, int idx, int subseqIdx, @Nullable HistoryEntry hist) {
    if (Insns.isSubprogCall(insn)) {
      subprogCall(insn, idx);
      return true;
    }
    if (Insns.isCall(insn) && Callees.runsSyncCallback(env, idx) && idx != subseqIdx - 1) {
      // Leaving a callback: its arguments come from the caller's function, not from registers.
      expectNone(marks.regs() & ~BacktrackMarks.ARGS, marks.slots());
      dropArgs();
      marks.exitCallee();
      return true;
    }
    int op = Insns.op(insn);
    if (op == Opcodes.CALL) {
      if (Insns.isKfuncCall(insn) && RawInsn.imm(insn) == 0) {
        return false;
      }
      marks.drop(0);
      expectNone(marks.regs() & BacktrackMarks.ARGS, 0);
      if (Insns.isHelperCall(insn, TAIL_CALL) && subseqIdx - idx != 1) {
        marks.enterCallee();
      }
      return true;
    }
    if (op == Opcodes.EXIT) {
      exit(subseqIdx);
      return true;
    }
    if (Insns.isRegOperand(insn)
        && (marks.has(RawInsn.dst(insn)) || marks.has(RawInsn.src(insn)))) {
      int flags = hist == null ? 0 : hist.flags();
      if ((flags & HistoryEntry.SRC_STACK) == 0) {
        marks.set(RawInsn.src(insn));
      }
      if ((flags & HistoryEntry.DST_STACK) == 0) {
        marks.set(RawInsn.dst(insn));
      }
    }
    return true;
  }

  private void subprogCall(long insn, int idx) {
    int callee = env.subprogStartingAt(Insns.calleeSlot(insn, idx));
    if (env.subprogs.get(callee).isGlobal) {
      expectNone(marks.regs() & BacktrackMarks.ARGS, 0);
      marks.drop(0);
      return;
    }
    expectNone(marks.regs() & ~BacktrackMarks.ARGS, marks.slots());
    for (int r = 1; r <= 5; r++) {
      if (marks.has(r)) {
        marks.drop(r);
        marks.set(marks.frame() - 1, r);
      }
    }
    marks.exitCallee();
  }

  private void exit(int subseqIdx) {
    if (subseqIdx >= 0 && env.aux.callsCallback[subseqIdx]) {
      dropArgs();
    }
    expectNone(marks.regs() & BacktrackMarks.ARGS, 0);
    boolean r0 = subseqIdx >= 1 && Insns.isSubprogCall(env.insns[subseqIdx - 1]) && marks.has(0);
    marks.drop(0);
    marks.enterCallee();
    if (r0) {
      marks.set(0);
    }
  }

  private void dropArgs() {
    for (int r = 1; r <= 5; r++) {
      marks.drop(r);
    }
  }

  private static void expectNone(int regs, long slots) {
    if (regs != 0 || slots != 0) {
      throw new IllegalStateException(
          "backtracking: unexpected registers %x, slots %x".formatted(regs, slots));
    }
  }
}
