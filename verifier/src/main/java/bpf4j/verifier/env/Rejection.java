package bpf4j.verifier.env;

import bpf4j.model.spec.Errno;

/// Thrown where the program is refused, after the reason was written to the log. A control flow
/// signal without a stack trace; it never leaves the verifier.
public final class Rejection extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final Errno errno;

  public Rejection(Errno errno) {
    super(errno.name(), null, false, false);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }

  /// Whether a speculative path that fails so may be cut off instead of refusing the program.
  public boolean recoverableBySpeculationBarrier() {
    return errno == Errno.EPERM || errno == Errno.EACCES || errno == Errno.EINVAL;
  }
}
