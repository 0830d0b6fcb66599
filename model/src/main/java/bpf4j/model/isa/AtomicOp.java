package bpf4j.model.isa;

/// A read-modify-write operation. Exchange and compare-and-exchange always fetch. Source: RFC 9669
/// section 5.3.
public enum AtomicOp {
  ADD(Opcodes.ADD, "add", "+="),
  OR(Opcodes.OR, "or", "|="),
  AND(Opcodes.AND, "and", "&="),
  XOR(Opcodes.XOR, "xor", "^="),
  XCHG(0xe0, "xchg", ""),
  CMPXCHG(0xf0, "cmpxchg", "");

  private final int code;
  private final String word;
  private final String symbol;

  AtomicOp(int code, String word, String symbol) {
    this.code = code;
    this.word = word;
    this.symbol = symbol;
  }

  /// The `imm` of the instruction without the fetch bit.
  public int code() {
    return code;
  }

  /// The name inside `atomic_fetch_…`, or of the exchange.
  public String word() {
    return word;
  }

  /// The operator of the form without fetch; empty where there is none.
  public String symbol() {
    return symbol;
  }

  /// Whether the operation has no form without fetch.
  public boolean alwaysFetches() {
    return this == XCHG || this == CMPXCHG;
  }
}
