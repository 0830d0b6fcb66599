package bpf4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Where a command reads and writes.
///
/// @param in standard input
/// @param out results
/// @param err messages and progress
/// @param terminal whether a person sees both outputs
record Io(InputStream in, Output out, PrintStream err, boolean terminal) {
  /// This process's streams.
  static Io system() {
    PrintStream err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    var console = System.console();
    return new Io(System.in, Output.system(), err, console != null && console.isTerminal());
  }

  /// All bytes of a file, or of standard input when the name is `-`; throws [InputProblem].
  byte[] bytes(Path file) {
    if (!file.toString().equals("-")) {
      return InputFile.bytes(file);
    }
    try {
      return in.readNBytes((int) InputFile.MAX_BYTES);
    } catch (IOException e) {
      throw new InputProblem("standard input: " + InputFile.reason(e));
    }
  }

  /// One line on standard error.
  void message(String line) {
    err.println(line);
  }
}
