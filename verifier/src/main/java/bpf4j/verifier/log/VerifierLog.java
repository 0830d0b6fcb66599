package bpf4j.verifier.log;

import java.util.Locale;

/// The log as the kernel would write it. Text is always kept, since the last line is the verdict's
/// message; what is printed only at a level is guarded by the caller with [#level1] or [#level2].
public final class VerifierLog {
  private static final int LEVEL1 = 1;
  private static final int LEVEL2 = 2;
  private static final int STATS = 4;

  private final StringBuilder text = new StringBuilder();
  private final int level;

  public VerifierLog(int level) {
    this.level = level;
  }

  /// Whether instructions are printed at all.
  public boolean level1() {
    return (level & (LEVEL1 | LEVEL2)) != 0;
  }

  /// Whether states and precision marks are printed and nothing is taken back.
  public boolean level2() {
    return (level & LEVEL2) != 0;
  }

  public boolean stats() {
    return (level & STATS) != 0;
  }

  public StringBuilder out() {
    return text;
  }

  public void print(String s) {
    text.append(s);
  }

  public void printf(String format, Object... args) {
    text.append(String.format(Locale.ROOT, format, args));
  }

  /// Characters written so far.
  public int pos() {
    return text.length();
  }

  /// Takes back everything after `pos`.
  public void reset(int pos) {
    text.setLength(pos);
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
