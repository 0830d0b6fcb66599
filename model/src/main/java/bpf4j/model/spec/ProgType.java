package bpf4j.model.spec;

/// The type of a program.
///
/// Constants stand in the order of the kernel's enum, so [#ordinal()] is the kernel's number.
/// Source: uapi `enum bpf_prog_type` of Linux 6.18.
public enum ProgType {
  UNSPEC,
  SOCKET_FILTER,
  KPROBE,
  SCHED_CLS,
  SCHED_ACT,
  TRACEPOINT,
  XDP,
  PERF_EVENT,
  CGROUP_SKB,
  CGROUP_SOCK,
  LWT_IN,
  LWT_OUT,
  LWT_XMIT,
  SOCK_OPS,
  SK_SKB,
  CGROUP_DEVICE,
  SK_MSG,
  RAW_TRACEPOINT,
  CGROUP_SOCK_ADDR,
  LWT_SEG6LOCAL,
  LIRC_MODE2,
  SK_REUSEPORT,
  FLOW_DISSECTOR,
  CGROUP_SYSCTL,
  RAW_TRACEPOINT_WRITABLE,
  CGROUP_SOCKOPT,
  TRACING,
  STRUCT_OPS,
  EXT,
  LSM,
  SK_LOOKUP,
  SYSCALL,
  NETFILTER;

  private static final ProgType[] VALUES = values();

  /// The constant with the kernel's number `id`; throws [IllegalArgumentException] when 6.18 has
  /// none.
  public static ProgType ofId(int id) {
    if (id < 0 || id >= VALUES.length) {
      throw new IllegalArgumentException("no bpf_prog_type with number " + id);
    }
    return VALUES[id];
  }

  /// The kernel's number.
  public int id() {
    return ordinal();
  }

  /// The kernel's full name, such as `BPF_PROG_TYPE_XDP`.
  public String kernelName() {
    return "BPF_PROG_TYPE_" + name();
  }
}
