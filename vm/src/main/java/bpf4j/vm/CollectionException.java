package bpf4j.vm;

import bpf4j.model.spec.Errno;

/// A collection that could not be loaded: a map the kernel would not create, a program it would
/// refuse, a helper that has no meaning here.
public final class CollectionException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final Errno errno;

  public CollectionException(Errno errno, String message) {
    super(message);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}
