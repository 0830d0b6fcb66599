package bpf4j.vm;

import bpf4j.model.spec.Errno;

/// A collection that could not be loaded: a map the kernel would not create, a program it would
/// refuse, a helper that has no meaning here.
public final class CollectionException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final Errno errno;

  private final String log;

  public CollectionException(Errno errno, String message) {
    this(errno, message, "");
  }

  public CollectionException(Errno errno, String message, String log) {
    super(message);
    this.errno = errno;
    this.log = log;
  }

  /// The verifier's log when it refused a program, else empty.
  public String log() {
    return log;
  }

  public Errno errno() {
    return errno;
  }
}
