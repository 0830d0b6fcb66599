package bpf4j.loader;

/// Error numbers that libbpf gives beside the kernel's. Source: libbpf 1.5 `enum libbpf_errno`.
public final class LibbpfErrno {
  /// Something is wrong in libelf.
  public static final int LIBELF = 4000;

  /// The object's format is invalid.
  public static final int FORMAT = 4001;

  /// The `version` section is missing or wrong.
  public static final int KVERSION = 4002;

  /// The object's byte order is not the machine's.
  public static final int ENDIAN = 4003;

  /// An internal error of libbpf.
  public static final int INTERNAL = 4004;

  /// A relocation failed.
  public static final int RELOC = 4005;

  /// `EPERM`, `ENOENT` and the like as plain numbers, for code that needs them beside the above.
  public static final int ENOENT = 2;

  public static final int ESRCH = 3;
  public static final int E2BIG = 7;
  public static final int EINVAL = 22;
  public static final int ERANGE = 34;
  public static final int ENOTSUP = 95;

  private LibbpfErrno() {}
}
