package bpf4j.model.isa;

import static bpf4j.model.isa.Opcodes.X;

import bpf4j.model.isa.Instruction.LoadWide;
import bpf4j.model.isa.Instruction.MemoryAccess;
import java.util.List;

/// Turns instructions into raw words; the inverse of [Decoder].
public final class Encoder {
  private Encoder() {}

  /// The instruction's one or two words.
  public static long[] encode(Instruction insn) {
    return insn instanceof LoadWide wide
        ? new long[] {encodeSlot(insn), RawInsn.of(0, 0, 0, 0, high(wide))}
        : new long[] {encodeSlot(insn)};
  }

  /// The words of a whole program.
  public static long[] encodeAll(List<Instruction> insns) {
    long[] words = new long[insns.stream().mapToInt(Instruction::slots).sum()];
    int slotIdx = 0;
    for (Instruction insn : insns) {
      long[] encoded = encode(insn);
      System.arraycopy(encoded, 0, words, slotIdx, encoded.length);
      slotIdx += encoded.length;
    }
    return words;
  }

  /// The first word of the instruction.
  static long encodeSlot(Instruction insn) {
    return switch (insn) {
      case Instruction.Alu i ->
          operand(alu(i.is64()) | i.op().code(), i.dst(), i.op().off(), i.src());
      case Instruction.Mov i -> operand(alu(i.is64()) | Opcodes.MOV, i.dst(), 0, i.src());
      case Instruction.MovSx i ->
          RawInsn.of(alu(i.is64()) | Opcodes.MOV | X, i.dst(), i.src(), i.size().bits(), 0);
      case Instruction.AddrSpaceCast i ->
          RawInsn.of(
              Opcodes.ALU64 | Opcodes.MOV | X,
              i.dst(),
              i.src(),
              Opcodes.ADDR_SPACE_CAST,
              i.dstSpace() << 16 | i.srcSpace());
      case Instruction.Neg i -> RawInsn.of(alu(i.is64()) | Opcodes.NEG, i.dst(), 0, 0, 0);
      case Instruction.EndianSwap i ->
          RawInsn.of(Opcodes.ALU | Opcodes.END | (i.toBig() ? X : 0), i.dst(), 0, 0, i.bits());
      case Instruction.Bswap i -> RawInsn.of(Opcodes.ALU64 | Opcodes.END, i.dst(), 0, 0, i.bits());
      case LoadWide i -> wide(i);
      case MemoryAccess i -> memory(i);
      case Instruction.Jump i ->
          operand(
              (i.is64() ? Opcodes.JMP : Opcodes.JMP32) | i.cond().code(),
              i.dst(),
              i.off(),
              i.src());
      case Instruction.Goto i ->
          i.wide()
              ? RawInsn.of(Opcodes.JMP32 | Opcodes.JA, 0, 0, 0, i.off())
              : RawInsn.of(Opcodes.JMP | Opcodes.JA, 0, 0, i.off(), 0);
      case Instruction.MayGoto i ->
          RawInsn.of(Opcodes.JMP | Opcodes.JCOND, 0, Opcodes.MAY_GOTO, i.off(), 0);
      case Instruction.CallHelper i -> call(Opcodes.HELPER_CALL, 0, i.id());
      case Instruction.CallSubprog i -> call(Opcodes.PSEUDO_CALL, 0, i.off());
      case Instruction.CallKfunc i -> call(Opcodes.PSEUDO_KFUNC_CALL, i.fdIdx(), i.btfId());
      case Instruction.Exit _ -> RawInsn.of(Opcodes.JMP | Opcodes.EXIT, 0, 0, 0, 0);
      case Instruction.Unknown i -> i.word();
    };
  }

  private static long memory(MemoryAccess insn) {
    return switch (insn) {
      case Instruction.Load i ->
          RawInsn.of(
              Opcodes.LDX
                  | (i.signExtend() ? Opcodes.MEMSX : Opcodes.MEM)
                  | i.size().bitsOfOpcode(),
              i.dst(),
              i.base(),
              i.off(),
              0);
      case Instruction.StoreReg i ->
          RawInsn.of(
              Opcodes.STX | Opcodes.MEM | i.size().bitsOfOpcode(), i.base(), i.src(), i.off(), 0);
      case Instruction.StoreImm i ->
          RawInsn.of(
              Opcodes.ST | Opcodes.MEM | i.size().bitsOfOpcode(), i.base(), 0, i.off(), i.imm());
      case Instruction.Atomic i ->
          atomic(
              i.size(),
              i.base(),
              i.src(),
              i.off(),
              i.op().code() | (i.fetch() ? Opcodes.FETCH : 0));
      case Instruction.LoadAcquire i ->
          atomic(i.size(), i.dst(), i.base(), i.off(), Opcodes.LOAD_ACQ);
      case Instruction.StoreRelease i ->
          atomic(i.size(), i.base(), i.src(), i.off(), Opcodes.STORE_REL);
      case Instruction.LoadAbs i ->
          RawInsn.of(Opcodes.LD | Opcodes.ABS | i.size().bitsOfOpcode(), 0, 0, 0, i.imm());
      case Instruction.LoadInd i ->
          RawInsn.of(Opcodes.LD | Opcodes.IND | i.size().bitsOfOpcode(), 0, i.src(), 0, i.imm());
    };
  }

  private static long wide(LoadWide insn) {
    return switch (insn) {
      case Instruction.LoadImm64 i -> ldImm64(i.dst(), 0, (int) i.imm());
      case Instruction.LoadMapFd i -> ldImm64(i.dst(), Opcodes.PSEUDO_MAP_FD, i.fd());
      case Instruction.LoadMapValue i -> ldImm64(i.dst(), Opcodes.PSEUDO_MAP_VALUE, i.fd());
      case Instruction.LoadMapIdx i -> ldImm64(i.dst(), Opcodes.PSEUDO_MAP_IDX, i.idx());
      case Instruction.LoadMapIdxValue i -> ldImm64(i.dst(), Opcodes.PSEUDO_MAP_IDX_VALUE, i.idx());
      case Instruction.LoadBtfId i -> ldImm64(i.dst(), Opcodes.PSEUDO_BTF_ID, i.btfId());
      case Instruction.LoadFunc i -> ldImm64(i.dst(), Opcodes.PSEUDO_FUNC, i.off());
    };
  }

  /// The immediate of the second slot.
  private static int high(LoadWide insn) {
    return switch (insn) {
      case Instruction.LoadImm64 i -> (int) (i.imm() >>> 32);
      case Instruction.LoadMapValue i -> i.off();
      case Instruction.LoadMapIdxValue i -> i.off();
      case Instruction.LoadBtfId i -> i.btfFd();
      case Instruction.LoadFunc i -> i.high();
      case Instruction.LoadMapFd _, Instruction.LoadMapIdx _ -> 0;
    };
  }

  private static int alu(boolean is64) {
    return is64 ? Opcodes.ALU64 : Opcodes.ALU;
  }

  private static long operand(int opcode, int dst, int off, Operand src) {
    return switch (src) {
      case Operand.Reg(int reg) -> RawInsn.of(opcode | X, dst, reg, off, 0);
      case Operand.Imm(int imm) -> RawInsn.of(opcode, dst, 0, off, imm);
    };
  }

  private static long atomic(Size size, int dst, int src, int off, int imm) {
    return RawInsn.of(Opcodes.STX | Opcodes.ATOMIC | size.bitsOfOpcode(), dst, src, off, imm);
  }

  private static long call(int kind, int off, int imm) {
    return RawInsn.of(Opcodes.JMP | Opcodes.CALL, 0, kind, off, imm);
  }

  private static long ldImm64(int dst, int pseudo, int imm) {
    return RawInsn.of(Opcodes.LD_IMM64, dst, pseudo, 0, imm);
  }
}
