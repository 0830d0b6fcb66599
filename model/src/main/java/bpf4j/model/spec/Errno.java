package bpf4j.model.spec;

/// The error numbers that `bpf(2)`, helpers and the verifier give. Source: uapi
/// `asm-generic/errno*.h` and the kernel-internal `ENOTSUPP`.
public enum Errno {
  EPERM(1),
  ENOENT(2),
  ESRCH(3),
  EINTR(4),
  EIO(5),
  ENXIO(6),
  E2BIG(7),
  EBADF(9),
  EAGAIN(11),
  ENOMEM(12),
  EACCES(13),
  EFAULT(14),
  EBUSY(16),
  EEXIST(17),
  ENODEV(19),
  EINVAL(22),
  ENFILE(23),
  EMFILE(24),
  ENOSPC(28),
  EROFS(30),
  ERANGE(34),
  EDOM(33),
  EDEADLK(35),
  ENAMETOOLONG(36),
  ENOSYS(38),
  ELOOP(40),
  EPROTO(71),
  EBADMSG(74),
  EOVERFLOW(75),
  ENOTSOCK(88),
  EMSGSIZE(90),
  EPROTONOSUPPORT(93),
  ESOCKTNOSUPPORT(94),
  EOPNOTSUPP(95),
  EPFNOSUPPORT(96),
  EAFNOSUPPORT(97),
  EADDRINUSE(98),
  EADDRNOTAVAIL(99),
  ENETUNREACH(101),
  ENOBUFS(105),
  ETIMEDOUT(110),
  EALREADY(114),
  ESTALE(116),
  ENOTSUPP(524);

  private final int code;

  Errno(int code) {
    this.code = code;
  }

  /// The positive error number.
  public int code() {
    return code;
  }

  /// The value a helper or system call returns: the negated number.
  public int negated() {
    return -code;
  }

  /// The constant for a positive error number; throws [IllegalArgumentException] for one not
  /// listed.
  public static Errno ofCode(int code) {
    for (Errno e : values()) {
      if (e.code == code) {
        return e;
      }
    }
    throw new IllegalArgumentException("no errno with number " + code);
  }
}
