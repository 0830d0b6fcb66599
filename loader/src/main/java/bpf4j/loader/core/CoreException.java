package bpf4j.loader.core;

import bpf4j.model.spec.Errno;

/// A CO-RE relocation that cannot be done, so that the object does not load. The message is the
/// text libbpf prints first about it; `errno` is what libbpf gives up with.
public final class CoreException extends Exception {
  private static final long serialVersionUID = 1;

  private final Errno errno;

  CoreException(Errno errno, String message) {
    super(message);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}
