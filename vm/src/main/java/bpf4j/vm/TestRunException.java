package bpf4j.vm;

import bpf4j.model.spec.Errno;

/// A test run that `BPF_PROG_TEST_RUN` refuses, with its errno.
public final class TestRunException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final Errno errno;

  public TestRunException(Errno errno, String message) {
    super(message);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}
