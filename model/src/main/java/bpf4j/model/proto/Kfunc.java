package bpf4j.model.proto;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.util.Set;

/// One kernel function that programs may call: its flags and who may call it. The prototype is in
/// the kernel's BTF.
///
/// @param flags bits of the constants of this class
/// @param hooks groups of program types; `*` for all
public record Kfunc(String name, int flags, Set<String> hooks) {
  /// Returns a reference that the program must release.
  public static final int ACQUIRE = 1;

  /// Releases the reference that one argument holds.
  public static final int RELEASE = 1 << 1;

  /// May return NULL.
  public static final int RET_NULL = 1 << 2;

  /// Pointer arguments must be trusted, unmodified and not NULL.
  public static final int TRUSTED_ARGS = 1 << 3;

  public static final int SLEEPABLE = 1 << 4;

  /// Needs CAP_SYS_BOOT.
  public static final int DESTRUCTIVE = 1 << 5;

  /// Pointer arguments must be trusted or protected by RCU, and not NULL.
  public static final int RCU = 1 << 6;

  public static final int ITER_NEW = 1 << 7;
  public static final int ITER_NEXT = 1 << 8;
  public static final int ITER_DESTROY = 1 << 9;

  /// The iterator only works inside an RCU read section.
  public static final int RCU_PROTECTED = 1 << 10;

  /// Keeps all registers but r0.
  public static final int FASTCALL = 1 << 11;

  public Kfunc {
    hooks = Set.copyOf(hooks);
  }

  /// Whether all bits of `flag` are set.
  public boolean has(int flag) {
    return (flags & flag) == flag;
  }

  /// Whether a program of this type may call it.
  public boolean allowed(ProgType type, AttachType attach) {
    if (hooks.contains("*")) {
      return true;
    }
    String hook = hook(type);
    if (hooks.contains(hook)) {
      return true;
    }
    return switch (type) {
      case TRACING -> attach == AttachType.TRACE_ITER && hooks.contains("TRACING@TRACE_ITER");
      case LSM -> hooks.contains("LSM");
      case KPROBE ->
          hooks.contains("KPROBE@SESSION")
              && (attach == AttachType.TRACE_KPROBE_SESSION
                  || attach == AttachType.TRACE_UPROBE_SESSION);
      default -> false;
    };
  }

  private static String hook(ProgType type) {
    return switch (type) {
      case XDP -> "XDP";
      case SCHED_CLS -> "TC";
      case SCHED_ACT -> "SCHED_ACT";
      case STRUCT_OPS -> "STRUCT_OPS";
      case TRACING, TRACEPOINT, PERF_EVENT, LSM -> "TRACING";
      case SYSCALL -> "SYSCALL";
      case CGROUP_SKB,
          CGROUP_SOCK,
          CGROUP_DEVICE,
          CGROUP_SOCK_ADDR,
          CGROUP_SOCKOPT,
          CGROUP_SYSCTL,
          SOCK_OPS ->
          "CGROUP";
      case SK_SKB -> "SK_SKB";
      case SOCKET_FILTER -> "SOCKET_FILTER";
      case LWT_IN, LWT_OUT, LWT_XMIT, LWT_SEG6LOCAL -> "LWT";
      case NETFILTER -> "NETFILTER";
      case KPROBE -> "KPROBE";
      default -> "";
    };
  }
}
