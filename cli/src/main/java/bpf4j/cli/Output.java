package bpf4j.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/// Buffered standard output in UTF-8 that, other than [java.io.PrintStream], never loses an error:
/// a failed write throws [OutputFailed].
final class Output {
  private static final int BUFFER_BYTES = 1 << 16;

  private final OutputStream bytes;

  Output(OutputStream target) {
    bytes = new BufferedOutputStream(new Checked(target), BUFFER_BYTES);
  }

  /// The process's own standard output.
  static Output system() {
    return new Output(new FileOutputStream(FileDescriptor.out));
  }

  void print(String text) {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  void println(String line) {
    print(line);
    write(new byte[] {'\n'});
  }

  void write(byte[] data) {
    try {
      bytes.write(data);
    } catch (IOException e) {
      throw new OutputFailed(e);
    }
  }

  void flush() {
    try {
      bytes.flush();
    } catch (IOException e) {
      throw new OutputFailed(e);
    }
  }

  /// Turns errors into [OutputFailed], at once.
  private static final class Checked extends OutputStream {
    private final OutputStream target;

    Checked(OutputStream target) {
      this.target = target;
    }

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] data, int off, int len) {
      try {
        target.write(data, off, len);
        target.flush();
      } catch (IOException e) {
        throw new OutputFailed(e);
      }
      if (target instanceof java.io.PrintStream stream && stream.checkError()) {
        throw new OutputFailed(new IOException("write error"));
      }
    }
  }
}
