package bpf4j.verifier.cfg;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;

/// Questions about raw instruction words that several passes ask.
public final class Insns {
  public static final int OP_MASK = 0xf0;
  public static final int MODE_MASK = 0xe0;
  public static final int SIZE_MASK = 0x18;

  private Insns() {}

  public static int op(long insn) {
    return (int) insn & OP_MASK;
  }

  public static int mode(long insn) {
    return (int) insn & MODE_MASK;
  }

  /// Whether the operand is the source register rather than the immediate.
  public static boolean isRegOperand(long insn) {
    return ((int) insn & Opcodes.X) != 0;
  }

  public static boolean isJump(long insn) {
    int c = RawInsn.insnClass(insn);
    return c == Opcodes.JMP || c == Opcodes.JMP32;
  }

  public static boolean isAlu(long insn) {
    int c = RawInsn.insnClass(insn);
    return c == Opcodes.ALU || c == Opcodes.ALU64;
  }

  /// Bytes that a load or store accesses.
  public static int accessBytes(long insn) {
    return switch ((int) insn & SIZE_MASK) {
      case 0x00 -> 4;
      case 0x08 -> 2;
      case 0x10 -> 1;
      default -> 8;
    };
  }

  public static boolean isCall(long insn) {
    return RawInsn.opcode(insn) == (Opcodes.JMP | Opcodes.CALL);
  }

  public static boolean isHelperCall(long insn) {
    return isCall(insn) && RawInsn.src(insn) == Opcodes.HELPER_CALL;
  }

  public static boolean isHelperCall(long insn, int id) {
    return isHelperCall(insn) && RawInsn.imm(insn) == id;
  }

  public static boolean isSubprogCall(long insn) {
    return isCall(insn) && RawInsn.src(insn) == Opcodes.PSEUDO_CALL;
  }

  public static boolean isKfuncCall(long insn) {
    return isCall(insn) && RawInsn.src(insn) == Opcodes.PSEUDO_KFUNC_CALL;
  }

  /// `ld_imm64` of a subprogram's address.
  public static boolean isFuncLoad(long insn) {
    return RawInsn.isLdImm64(insn) && RawInsn.src(insn) == Opcodes.PSEUDO_FUNC;
  }

  public static boolean isMayGoto(long insn) {
    return RawInsn.opcode(insn) == (Opcodes.JMP | Opcodes.JCOND)
        && RawInsn.src(insn) == Opcodes.MAY_GOTO;
  }

  public static boolean isAtomic(long insn) {
    return RawInsn.insnClass(insn) == Opcodes.STX && mode(insn) == Opcodes.ATOMIC;
  }

  /// `BPF_ST` with a plain memory operand.
  public static boolean isStoreImm(long insn) {
    return RawInsn.insnClass(insn) == Opcodes.ST && mode(insn) == Opcodes.MEM;
  }

  /// Distance of a jump, from the offset or, for `gotol`, the immediate.
  public static int jumpOff(long insn) {
    return RawInsn.opcode(insn) == (Opcodes.JMP32 | Opcodes.JA)
        ? RawInsn.imm(insn)
        : RawInsn.off(insn);
  }

  /// Target slot of a subprogram call or function load at `slotIdx`.
  public static int calleeSlot(long insn, int slotIdx) {
    return slotIdx + RawInsn.imm(insn) + 1;
  }

  public static int slots(long insn) {
    return RawInsn.isLdImm64(insn) ? 2 : 1;
  }
}
