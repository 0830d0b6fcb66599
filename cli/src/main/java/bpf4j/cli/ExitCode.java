package bpf4j.cli;

/// The exit codes that scripts may rely on.
final class ExitCode {
  /// Done; programs were accepted.
  static final int OK = 0;

  /// A program was rejected by the verifier, or an expectation failed.
  static final int REJECTED = 1;

  /// Bad usage, unreadable input, or output that cannot be written.
  static final int USAGE = 2;

  private ExitCode() {}
}
