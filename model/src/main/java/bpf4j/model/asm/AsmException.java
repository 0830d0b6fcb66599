package bpf4j.model.asm;

/// Source text that is no BPF assembly: where, and what was expected.
public final class AsmException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;
  private final int column;

  AsmException(int line, int column, String message) {
    super(line + ":" + column + ": " + message);
    this.line = line;
    this.column = column;
  }

  /// Line of the source, counted from 1.
  public int line() {
    return line;
  }

  /// Column of the line, counted from 1.
  public int column() {
    return column;
  }
}
