package bpf4j.vm.jit;

import static bpf4j.vm.jit.Descriptors.I;
import static bpf4j.vm.jit.Descriptors.J;
import static bpf4j.vm.jit.Registers.local;

import bpf4j.model.isa.AluOp;
import bpf4j.model.isa.Cond;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Operand;
import bpf4j.model.isa.Size;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/// Bytecode for instructions that compute: registers are `long` locals, a 32-bit operation works on
/// `int`s and zero-extends its result.
final class InsnEmitter {
  private static final long U32 = 0xffff_ffffL;

  private final CodeBuilder code;
  private final Constants constants;

  InsnEmitter(CodeBuilder code, Constants constants) {
    this.code = code;
    this.constants = constants;
  }

  void get(int reg) {
    code.lload(local(reg));
  }

  void set(int reg) {
    code.lstore(local(reg));
  }

  /// Turns the `int` on the stack into a zero-extended `long`.
  void zext() {
    code.i2l().loadConstant(U32).land();
  }

  private void get32(int reg) {
    get(reg);
    code.l2i();
  }

  void operand64(Operand operand) {
    switch (operand) {
      case Operand.Reg(int reg) -> get(reg);
      case Operand.Imm(int imm) -> constants.load(code, (long) imm);
    }
  }

  private void operand32(Operand operand) {
    switch (operand) {
      case Operand.Reg(int reg) -> get32(reg);
      case Operand.Imm(int imm) -> constants.load(code, imm);
    }
  }

  void alu(Instruction.Alu insn) {
    if (insn.is64()) {
      get(insn.dst());
      alu64(insn.op(), insn.src());
    } else {
      get32(insn.dst());
      alu32(insn.op(), insn.src());
      zext();
    }
    set(insn.dst());
  }

  private void alu64(AluOp op, Operand src) {
    switch (op) {
      case LSH, RSH, ARSH -> {
        operand32(src);
        switch (op) {
          case LSH -> code.lshl();
          case RSH -> code.lushr();
          default -> code.lshr();
        }
      }
      case DIV, SDIV, MOD, SMOD -> {
        operand64(src);
        divide64(op, src instanceof Operand.Imm(int imm) && imm != 0);
      }
      default -> {
        operand64(src);
        switch (op) {
          case ADD -> code.ladd();
          case SUB -> code.lsub();
          case MUL -> code.lmul();
          case OR -> code.lor();
          case AND -> code.land();
          default -> code.lxor();
        }
      }
    }
  }

  /// With a divisor that is known not to be 0 the JVM's own operation does.
  private void divide64(AluOp op, boolean nonZero) {
    if (!nonZero) {
      code.invokestatic(Descriptors.SEMANTICS, name(op) + "64", Descriptors.longs(2));
      return;
    }
    switch (op) {
      case DIV -> code.invokestatic(Descriptors.LONG, "divideUnsigned", Descriptors.longs(2));
      case MOD -> code.invokestatic(Descriptors.LONG, "remainderUnsigned", Descriptors.longs(2));
      case SDIV -> code.ldiv();
      default -> code.lrem();
    }
  }

  private static String name(AluOp op) {
    return switch (op) {
      case DIV -> "udiv";
      case SDIV -> "sdiv";
      case MOD -> "umod";
      default -> "smod";
    };
  }

  private void alu32(AluOp op, Operand src) {
    operand32(src);
    switch (op) {
      case ADD -> code.iadd();
      case SUB -> code.isub();
      case MUL -> code.imul();
      case OR -> code.ior();
      case AND -> code.iand();
      case XOR -> code.ixor();
      case LSH -> code.ishl();
      case RSH -> code.iushr();
      case ARSH -> code.ishr();
      case DIV, SDIV, MOD, SMOD -> divide32(op, src instanceof Operand.Imm(int imm) && imm != 0);
    }
  }

  private void divide32(AluOp op, boolean nonZero) {
    MethodTypeDesc ints = Descriptors.same(I, 2);
    if (!nonZero) {
      code.invokestatic(Descriptors.SEMANTICS, name(op) + "32", ints);
      return;
    }
    switch (op) {
      case DIV -> code.invokestatic(Descriptors.INTEGER, "divideUnsigned", ints);
      case MOD -> code.invokestatic(Descriptors.INTEGER, "remainderUnsigned", ints);
      case SDIV -> code.idiv();
      default -> code.irem();
    }
  }

  void mov(Instruction.Mov insn) {
    switch (insn.src()) {
      case Operand.Imm(int imm) -> constants.load(code, insn.is64() ? imm : imm & U32);
      case Operand.Reg(int reg) -> {
        get(reg);
        if (!insn.is64()) {
          code.loadConstant(U32).land();
        }
      }
    }
    set(insn.dst());
  }

  void movSx(Instruction.MovSx insn) {
    get32(insn.src());
    switch (insn.size()) {
      case B -> code.i2b();
      case H -> code.i2s();
      case W, DW -> {}
    }
    if (insn.is64()) {
      code.i2l();
    } else {
      zext();
    }
    set(insn.dst());
  }

  void neg(Instruction.Neg insn) {
    if (insn.is64()) {
      get(insn.dst());
      code.lneg();
    } else {
      get32(insn.dst());
      code.ineg();
      zext();
    }
    set(insn.dst());
  }

  /// Reverses or truncates the low `bits` of `dst`.
  void swap(int dst, int bits, boolean reverse) {
    if (bits == 64) {
      if (reverse) {
        get(dst);
        code.invokestatic(Descriptors.LONG, "reverseBytes", Descriptors.longs(1));
        set(dst);
      }
      return;
    }
    get32(dst);
    if (bits == 32) {
      if (reverse) {
        code.invokestatic(Descriptors.INTEGER, "reverseBytes", Descriptors.same(I, 1));
      }
      zext();
    } else {
      if (reverse) {
        code.invokestatic(
            Descriptors.SHORT, "reverseBytes", Descriptors.same(ConstantDescs.CD_short, 1));
      }
      code.loadConstant(0xffff).iand().i2l();
    }
    set(dst);
  }

  /// Compares, and leaves for the caller the opcode that jumps when `cond` holds. With `inverted`
  /// it is the one that jumps when `cond` does not hold.
  Opcode compare(Instruction.Jump insn, boolean inverted) {
    Opcode taken = insn.is64() ? compare64(insn) : compare32(insn);
    return inverted ? invert(taken) : taken;
  }

  private Opcode compare64(Instruction.Jump insn) {
    get(insn.dst());
    operand64(insn.src());
    switch (insn.cond()) {
      case SET -> code.land().lconst_0().lcmp();
      case GT, GE, LT, LE ->
          code.invokestatic(Descriptors.LONG, "compareUnsigned", MethodTypeDesc.of(I, J, J));
      default -> code.lcmp();
    }
    return zeroTest(insn.cond());
  }

  private Opcode compare32(Instruction.Jump insn) {
    get32(insn.dst());
    boolean withZero = insn.src().equals(Operand.imm(0));
    switch (insn.cond()) {
      case SET -> {
        operand32(insn.src());
        code.iand();
        return Opcode.IFNE;
      }
      case GT, GE, LT, LE -> {
        operand32(insn.src());
        code.invokestatic(Descriptors.INTEGER, "compareUnsigned", Descriptors.same(I, 2));
        return zeroTest(insn.cond());
      }
      default -> {
        if (withZero) {
          return zeroTest(insn.cond());
        }
        operand32(insn.src());
        return switch (insn.cond()) {
          case EQ -> Opcode.IF_ICMPEQ;
          case NE -> Opcode.IF_ICMPNE;
          case SGT -> Opcode.IF_ICMPGT;
          case SGE -> Opcode.IF_ICMPGE;
          case SLT -> Opcode.IF_ICMPLT;
          default -> Opcode.IF_ICMPLE;
        };
      }
    }
  }

  private static Opcode zeroTest(Cond cond) {
    return switch (cond) {
      case EQ -> Opcode.IFEQ;
      case NE, SET -> Opcode.IFNE;
      case GT, SGT -> Opcode.IFGT;
      case GE, SGE -> Opcode.IFGE;
      case LT, SLT -> Opcode.IFLT;
      case LE, SLE -> Opcode.IFLE;
    };
  }

  static Opcode invert(Opcode jump) {
    return switch (jump) {
      case IFEQ -> Opcode.IFNE;
      case IFNE -> Opcode.IFEQ;
      case IFGT -> Opcode.IFLE;
      case IFGE -> Opcode.IFLT;
      case IFLT -> Opcode.IFGE;
      case IFLE -> Opcode.IFGT;
      case IF_ICMPEQ -> Opcode.IF_ICMPNE;
      case IF_ICMPNE -> Opcode.IF_ICMPEQ;
      case IF_ICMPGT -> Opcode.IF_ICMPLE;
      case IF_ICMPGE -> Opcode.IF_ICMPLT;
      case IF_ICMPLT -> Opcode.IF_ICMPGE;
      case IF_ICMPLE -> Opcode.IF_ICMPGT;
      default -> throw new IllegalArgumentException(jump.toString());
    };
  }

  /// Widens what a `size` load left on the stack to the register's `long`.
  void widen(Size size, boolean signed) {
    switch (size) {
      case B, H -> code.i2l();
      case W -> {
        if (signed) {
          code.i2l();
        } else {
          zext();
        }
      }
      case DW -> {}
    }
  }
}
