package bpf4j.vm.jit;

import bpf4j.model.isa.AtomicOp;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Operand;

/// The registers that an instruction reads and writes, as bit sets. A call reads all five argument
/// registers and leaves them undefined.
///
/// @param uses bit n: register n is read
/// @param defs bit n: register n is written, whatever it held before
record Effects(int uses, int defs) {
  private static final int ARGUMENTS = 0b111110;
  private static final int R0 = 1;

  static Effects of(Instruction insn) {
    return switch (insn) {
      case Instruction.Alu i -> new Effects(bit(i.dst()) | operand(i.src()), bit(i.dst()));
      case Instruction.Mov i -> new Effects(operand(i.src()), bit(i.dst()));
      case Instruction.MovSx i -> new Effects(bit(i.src()), bit(i.dst()));
      case Instruction.AddrSpaceCast i -> new Effects(bit(i.src()), bit(i.dst()));
      case Instruction.Neg i -> new Effects(bit(i.dst()), bit(i.dst()));
      case Instruction.EndianSwap i -> new Effects(bit(i.dst()), bit(i.dst()));
      case Instruction.Bswap i -> new Effects(bit(i.dst()), bit(i.dst()));
      case Instruction.LoadWide i -> new Effects(0, bit(i.dst()));
      case Instruction.MemoryAccess i -> memory(i);
      case Instruction.Jump i -> new Effects(bit(i.dst()) | operand(i.src()), 0);
      case Instruction.Goto _, Instruction.MayGoto _, Instruction.Unknown _ -> new Effects(0, 0);
      case Instruction.CallHelper _, Instruction.CallKfunc _ -> new Effects(ARGUMENTS, R0);
      case Instruction.CallSubprog _ -> new Effects(ARGUMENTS, R0);
      case Instruction.Exit _ -> new Effects(R0, 0);
    };
  }

  private static Effects memory(Instruction.MemoryAccess insn) {
    return switch (insn) {
      case Instruction.Load i -> new Effects(bit(i.base()), bit(i.dst()));
      case Instruction.StoreReg i -> new Effects(bit(i.base()) | bit(i.src()), 0);
      case Instruction.StoreImm i -> new Effects(bit(i.base()), 0);
      case Instruction.Atomic i -> {
        int uses = bit(i.base()) | bit(i.src());
        if (i.op() == AtomicOp.CMPXCHG) {
          yield new Effects(uses | R0, R0);
        }
        yield new Effects(uses, i.fetch() ? bit(i.src()) : 0);
      }
      case Instruction.LoadAcquire i -> new Effects(bit(i.base()), bit(i.dst()));
      case Instruction.StoreRelease i -> new Effects(bit(i.base()) | bit(i.src()), 0);
      case Instruction.LoadAbs _ -> new Effects(0, R0);
      case Instruction.LoadInd i -> new Effects(bit(i.src()), R0);
    };
  }

  private static int operand(Operand operand) {
    return operand instanceof Operand.Reg(int reg) ? bit(reg) : 0;
  }

  private static int bit(int reg) {
    return 1 << reg;
  }
}
