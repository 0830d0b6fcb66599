package bpf4j.model.isa;

/// The second operand of an arithmetic instruction, move or branch.
public sealed interface Operand {
  /// A register, 0 to 10.
  record Reg(int reg) implements Operand {
    public Reg {
      if (reg < 0 || reg > 10) {
        throw new IllegalArgumentException("registers are 0 to 10");
      }
    }
  }

  /// A constant; sign-extended where the operation is 64 bits wide.
  record Imm(int imm) implements Operand {}

  /// Register `reg` as an operand.
  static Operand reg(int reg) {
    return new Reg(reg);
  }

  /// Constant `imm` as an operand.
  static Operand imm(int imm) {
    return new Imm(imm);
  }
}
