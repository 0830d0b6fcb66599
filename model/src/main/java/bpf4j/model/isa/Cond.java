package bpf4j.model.isa;

/// The condition of a branch. Source: RFC 9669 section 4.3.
public enum Cond {
  EQ(0x10, "=="),
  GT(0x20, ">"),
  GE(0x30, ">="),
  SET(0x40, "&"),
  NE(0x50, "!="),
  SGT(0x60, "s>"),
  SGE(0x70, "s>="),
  LT(0xa0, "<"),
  LE(0xb0, "<="),
  SLT(0xc0, "s<"),
  SLE(0xd0, "s<=");

  private final int code;
  private final String symbol;

  Cond(int code, String symbol) {
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
}
