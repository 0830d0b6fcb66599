package bpf4j.maps;

/// Flags of an update. Source: uapi `BPF_ANY` and its neighbours.
public enum UpdateFlag {
  /// Create a new element or replace the old one.
  ANY(0),
  /// Only create: EEXIST where the key is there already.
  NOEXIST(1),
  /// Only replace: ENOENT where the key is not there.
  EXIST(2),
  /// Hold the value's `bpf_spin_lock` while copying.
  LOCK(4);

  public static final long BPF_ANY = 0;
  public static final long BPF_NOEXIST = 1;
  public static final long BPF_EXIST = 2;
  public static final long BPF_F_LOCK = 4;

  private final long bits;

  UpdateFlag(long bits) {
    this.bits = bits;
  }

  /// The flag's bits.
  public long bits() {
    return bits;
  }
}
