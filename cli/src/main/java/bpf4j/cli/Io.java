package bpf4j.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

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

  /// One line on standard error.
  void message(String line) {
    err.println(line);
  }
}
