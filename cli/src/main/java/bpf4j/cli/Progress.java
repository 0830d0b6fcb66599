package bpf4j.cli;

/// How far long work is, on one line of a terminal; silent elsewhere.
final class Progress {
  private static final long EVERY_NANOS = 100_000_000;

  private final Io io;
  private final int total;
  private final String what;
  private final boolean shown;
  private int done;
  private long last;

  /// @param what a verb: `verifying`
  Progress(Io io, int total, String what) {
    this.io = io;
    this.total = total;
    this.what = what;
    this.shown = io.terminal() && total > 1;
    this.last = System.nanoTime();
  }

  /// The next piece of work begins.
  void step(String name) {
    done++;
    if (shown && System.nanoTime() - last > EVERY_NANOS) {
      last = System.nanoTime();
      io.err().print("\r\u001b[K" + what + " " + done + "/" + total + " " + name);
      io.err().flush();
    }
  }

  /// Leaves the line empty.
  void end() {
    if (shown) {
      io.err().print("\r\u001b[K");
      io.err().flush();
    }
  }
}
