package bpf4j.cli;

import java.io.IOException;

/// Standard output cannot be written: the disk is full, or the reader has gone.
final class OutputFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  OutputFailed(IOException cause) {
    super(String.valueOf(cause.getMessage()), cause);
  }

  /// Whether the reader has gone, as `head` does; nothing is wrong then, and nobody listens.
  boolean isBrokenPipe() {
    String message = getMessage();
    return message != null && message.contains("Broken pipe");
  }
}
