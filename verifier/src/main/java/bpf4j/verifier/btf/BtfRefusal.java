package bpf4j.verifier.btf;

import bpf4j.model.spec.Errno;

/// Thrown where types break a rule that the kernel checks when a map or BTF is created. It carries
/// the error number only, as those system calls do.
public final class BtfRefusal extends Exception {
  private static final long serialVersionUID = 1;
  private final Errno errno;

  BtfRefusal(Errno errno, String why) {
    super(errno + ": " + why, null, false, false);
    this.errno = errno;
  }

  public Errno errno() {
    return errno;
  }
}
