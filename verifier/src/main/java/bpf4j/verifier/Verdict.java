package bpf4j.verifier;

import bpf4j.model.spec.Errno;

/// The verifier's answer.
public sealed interface Verdict {
  /// The log at the level asked for, as the kernel would have written it.
  String log();

  VerifierStats stats();

  /// The program may run.
  record Accept(VerifiedProgram program, String log, VerifierStats stats) implements Verdict {}

  /// The program is refused; `message` is the log's last line that is neither a statistic nor a
  /// source line.
  record Reject(Errno errno, String message, String log, VerifierStats stats) implements Verdict {}
}
