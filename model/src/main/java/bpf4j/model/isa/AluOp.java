package bpf4j.model.isa;

/// A two-operand arithmetic operation. Signed division and modulo share the code of the unsigned
/// ones and differ in the instruction's `off` (1 instead of 0).
///
/// Source: RFC 9669 section 4.1.
public enum AluOp {
  ADD(Opcodes.ADD, "+="),
  SUB(Opcodes.SUB, "-="),
  MUL(Opcodes.MUL, "*="),
  DIV(Opcodes.DIV, "/="),
  SDIV(Opcodes.DIV, "s/="),
  OR(Opcodes.OR, "|="),
  AND(Opcodes.AND, "&="),
  LSH(Opcodes.LSH, "<<="),
  RSH(Opcodes.RSH, ">>="),
  MOD(Opcodes.MOD, "%="),
  SMOD(Opcodes.MOD, "s%="),
  XOR(Opcodes.XOR, "^="),
  ARSH(Opcodes.ARSH, "s>>=");

  private final int code;
  private final String symbol;

  AluOp(int code, String symbol) {
    this.code = code;
    this.symbol = symbol;
  }

  /// The operation bits of the opcode.
  public int code() {
    return code;
  }

  /// The operator as the verifier log prints it.
  public String symbol() {
    return symbol;
  }

  /// The value of the instruction's `off` field.
  public int off() {
    return this == SDIV || this == SMOD ? 1 : 0;
  }
}
