package bpf4j.verifier.cfg;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.verifier.env.Env;

/// Computes which registers may be read after each instruction before they are written again, as a
/// backward data flow inside each subprogram.
public final class LiveRegisters {
  private static final int CALLER_SAVED = 0x3f;
  private static final int ALL = 0xffff;
  private static final int CMPXCHG = 0xf1;

  private LiveRegisters() {}

  public static void compute(Env env) {
    int n = env.insns.length;
    int[] use = new int[n];
    int[] def = new int[n];
    for (int i = 0; i < n; i++) {
      int useDef = useDef(env, i);
      use[i] = useDef & ALL;
      def[i] = useDef >>> 16;
    }
    int[] in = new int[n];
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int i : env.postorder) {
        int next = Successors.next(env, i);
        int jump = Successors.jump(env, i);
        int out = (next >= 0 ? in[next] : 0) | (jump >= 0 ? in[jump] : 0);
        int newIn = (out & ~def[i]) | use[i];
        changed |= newIn != in[i];
        in[i] = newIn;
      }
    }
    for (int i = 0; i < n; i++) {
      env.aux.liveRegs[i] = (short) in[i];
    }
    if (env.log.level2()) {
      print(env);
    }
  }

  private static void print(Env env) {
    StringBuilder out = env.log.out();
    out.append("Live regs before insn:\n");
    for (int i = 0; i < env.insns.length; i++) {
      int scc = env.aux.scc[i];
      out.append(scc != 0 ? String.format(java.util.Locale.ROOT, "%3d ", scc) : "    ");
      out.append(String.format(java.util.Locale.ROOT, "%3d: ", i));
      for (int r = 0; r < 10; r++) {
        out.append((env.aux.liveRegs[i] >> r & 1) != 0 ? (char) ('0' + r) : '.');
      }
      out.append(' ').append(env.text(i)).append('\n');
      if (RawInsn.isLdImm64(env.insns[i])) {
        i++;
      }
    }
  }

  /// Registers used (low half) and defined (high half) by an instruction.
  private static int useDef(Env env, int i) {
    long insn = env.insns[i];
    int dst = 1 << RawInsn.dst(insn);
    int src = 1 << RawInsn.src(insn);
    boolean isReg = Insns.isRegOperand(insn);
    return switch (RawInsn.insnClass(insn)) {
      case Opcodes.LD ->
          Insns.mode(insn) == Opcodes.IMM && Insns.accessBytes(insn) == 8
              ? pair(0, dst)
              : pair(ALL, 0);
      case Opcodes.LDX -> {
        int mode = Insns.mode(insn);
        yield mode == Opcodes.MEM || mode == Opcodes.MEMSX ? pair(src, dst) : pair(ALL, 0);
      }
      case Opcodes.ST -> Insns.mode(insn) == Opcodes.MEM ? pair(dst, 0) : pair(ALL, 0);
      case Opcodes.STX ->
          switch (Insns.mode(insn)) {
            case Opcodes.MEM -> pair(dst | src, 0);
            case Opcodes.ATOMIC -> atomic(RawInsn.imm(insn), dst, src);
            default -> pair(ALL, 0);
          };
      case Opcodes.ALU, Opcodes.ALU64 ->
          switch (Insns.op(insn)) {
            case Opcodes.END -> pair(dst, dst);
            case Opcodes.MOV -> pair(isReg ? src : 0, dst);
            default -> pair(isReg ? dst | src : dst, dst);
          };
      default ->
          switch (Insns.op(insn)) {
            case Opcodes.JA -> pair(isReg ? dst : 0, 0);
            case Opcodes.JCOND -> pair(0, 0);
            case Opcodes.EXIT -> pair(1, 0);
            case Opcodes.CALL -> call(env, i);
            default -> pair(isReg ? dst | src : dst, 0);
          };
    };
  }

  private static int pair(int use, int def) {
    return use | def << 16;
  }

  private static int atomic(int imm, int dst, int src) {
    return switch (imm) {
      case CMPXCHG -> pair(1 | dst | src, 1);
      case Opcodes.LOAD_ACQ -> pair(src, dst);
      case Opcodes.STORE_REL -> pair(dst | src, 0);
      default -> pair(dst | src, (imm & Opcodes.FETCH) != 0 ? src : 0);
    };
  }

  private static int call(Env env, int i) {
    Callees.CallSummary s = Callees.summary(env, i);
    int use = CALLER_SAVED & ~1;
    if (s != null) {
      use = (1 << (s.params() + 1)) - 2;
    }
    return pair(use, CALLER_SAVED);
  }
}
