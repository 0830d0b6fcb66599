package bpf4j.model.proto;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What Linux 6.18 asks of a program by its type and expected attach type alone. Checked against
/// the live kernel for every pair that it loads.
public final class ProgRules {
  /// Values that a program may return.
  ///
  /// @param is32Bit whether only the low 32 bits count
  public record ReturnRange(int min, int max, boolean is32Bit) {
    private static ReturnRange of(int min, int max) {
      return new ReturnRange(min, max, false);
    }
  }

  /// LSM hooks that return a bool; the others return 0 or a negated errno.
  private static final Set<String> LSM_BOOL_HOOKS =
      Set.of("bpf_lsm_audit_rule_known", "bpf_lsm_inode_xattr_skipcap");

  private static final int MAX_ERRNO = 4095;

  private static final Map<ProgType, Set<AttachType>> ATTACH = attachTypes();

  private ProgRules() {}

  private static Map<ProgType, Set<AttachType>> attachTypes() {
    Map<ProgType, Set<AttachType>> m = new EnumMap<>(ProgType.class);
    m.put(
        ProgType.CGROUP_SKB,
        EnumSet.of(AttachType.CGROUP_INET_INGRESS, AttachType.CGROUP_INET_EGRESS));
    m.put(
        ProgType.CGROUP_SOCK,
        EnumSet.of(
            AttachType.CGROUP_INET_SOCK_CREATE,
            AttachType.CGROUP_INET_SOCK_RELEASE,
            AttachType.CGROUP_INET4_POST_BIND,
            AttachType.CGROUP_INET6_POST_BIND));
    m.put(
        ProgType.CGROUP_SOCK_ADDR,
        EnumSet.of(
            AttachType.CGROUP_INET4_BIND,
            AttachType.CGROUP_INET6_BIND,
            AttachType.CGROUP_INET4_CONNECT,
            AttachType.CGROUP_INET6_CONNECT,
            AttachType.CGROUP_UNIX_CONNECT,
            AttachType.CGROUP_INET4_GETPEERNAME,
            AttachType.CGROUP_INET6_GETPEERNAME,
            AttachType.CGROUP_UNIX_GETPEERNAME,
            AttachType.CGROUP_INET4_GETSOCKNAME,
            AttachType.CGROUP_INET6_GETSOCKNAME,
            AttachType.CGROUP_UNIX_GETSOCKNAME,
            AttachType.CGROUP_UDP4_SENDMSG,
            AttachType.CGROUP_UDP6_SENDMSG,
            AttachType.CGROUP_UNIX_SENDMSG,
            AttachType.CGROUP_UDP4_RECVMSG,
            AttachType.CGROUP_UDP6_RECVMSG,
            AttachType.CGROUP_UNIX_RECVMSG));
    m.put(
        ProgType.CGROUP_SOCKOPT,
        EnumSet.of(AttachType.CGROUP_GETSOCKOPT, AttachType.CGROUP_SETSOCKOPT));
    m.put(ProgType.SK_LOOKUP, EnumSet.of(AttachType.SK_LOOKUP));
    m.put(
        ProgType.SK_REUSEPORT,
        EnumSet.of(AttachType.SK_REUSEPORT_SELECT, AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE));
    m.put(ProgType.NETFILTER, EnumSet.of(AttachType.NETFILTER));
    m.put(ProgType.SYSCALL, EnumSet.of(AttachType.CGROUP_INET_INGRESS));
    m.put(ProgType.EXT, EnumSet.of(AttachType.CGROUP_INET_INGRESS));
    return m;
  }

  /// The expected attach type that the kernel takes where the loader gives 0 for "none".
  public static AttachType fixupAttach(ProgType type, AttachType attach) {
    if (attach != AttachType.CGROUP_INET_INGRESS) {
      return attach;
    }
    return switch (type) {
      case CGROUP_SOCK -> AttachType.CGROUP_INET_SOCK_CREATE;
      case SK_REUSEPORT -> AttachType.SK_REUSEPORT_SELECT;
      default -> attach;
    };
  }

  /// Whether a program of this type may be loaded for this attach type; where not, loading fails
  /// with EINVAL and an empty log. The attach type is to be fixed up before.
  public static boolean loads(ProgType type, AttachType attach) {
    // The reference kernel is built without infrared receivers (CONFIG_BPF_LIRC_MODE2).
    if (type == ProgType.UNSPEC || type == ProgType.LIRC_MODE2) {
      return false;
    }
    Set<AttachType> allowed = ATTACH.get(type);
    return allowed == null || allowed.contains(attach);
  }

  /// Whether the type needs CAP_BPF: all but socket filters and cgroup socket buffer programs.
  public static boolean needsCapBpf(ProgType type) {
    return type != ProgType.SOCKET_FILTER && type != ProgType.CGROUP_SKB;
  }

  /// Whether a program of this kind may ask to sleep.
  public static boolean maySleep(ProgType type, AttachType attach) {
    return switch (type) {
      case TRACING ->
          switch (attach) {
            case TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN, TRACE_ITER -> true;
            default -> false;
          };
      case LSM -> attach != AttachType.LSM_CGROUP;
      // Of kprobes only uprobes run where they can sleep; that is checked when attaching.
      case KPROBE, STRUCT_OPS, SYSCALL -> true;
      default -> false;
    };
  }

  /// What a program of this kind may return, or null where anything goes.
  ///
  /// @param hook the LSM hook, such as `bpf_lsm_file_open`; else empty
  /// @param hookIsVoid whether the LSM hook returns nothing
  public static @Nullable ReturnRange returnRange(
      ProgType type, AttachType attach, String hook, boolean hookIsVoid) {
    return switch (type) {
      case CGROUP_SOCK_ADDR ->
          switch (attach) {
            case CGROUP_UDP4_RECVMSG,
                CGROUP_UDP6_RECVMSG,
                CGROUP_UNIX_RECVMSG,
                CGROUP_INET4_GETPEERNAME,
                CGROUP_INET6_GETPEERNAME,
                CGROUP_UNIX_GETPEERNAME,
                CGROUP_INET4_GETSOCKNAME,
                CGROUP_INET6_GETSOCKNAME,
                CGROUP_UNIX_GETSOCKNAME ->
                ReturnRange.of(1, 1);
            case CGROUP_INET4_BIND, CGROUP_INET6_BIND -> ReturnRange.of(0, 3);
            default -> ReturnRange.of(0, 1);
          };
      case CGROUP_SKB -> ReturnRange.of(0, attach == AttachType.CGROUP_INET_EGRESS ? 3 : 1);
      case CGROUP_SOCK, SOCK_OPS, CGROUP_DEVICE, CGROUP_SYSCTL, CGROUP_SOCKOPT ->
          ReturnRange.of(0, 1);
      case SK_LOOKUP, NETFILTER -> ReturnRange.of(0, 1);
      case TRACING ->
          switch (attach) {
            case TRACE_FENTRY, TRACE_FEXIT -> ReturnRange.of(0, 0);
            case TRACE_ITER -> ReturnRange.of(0, 1);
            default -> null;
          };
      case KPROBE ->
          switch (attach) {
            case TRACE_KPROBE_SESSION, TRACE_UPROBE_SESSION -> ReturnRange.of(0, 1);
            default -> null;
          };
      case LSM -> lsmRange(attach, hook, hookIsVoid);
      default -> null;
    };
  }

  private static @Nullable ReturnRange lsmRange(
      AttachType attach, String hook, boolean hookIsVoid) {
    if (attach == AttachType.LSM_CGROUP) {
      return hookIsVoid ? ReturnRange.of(1, 1) : ReturnRange.of(0, 1);
    }
    if (hookIsVoid) {
      return null;
    }
    return LSM_BOOL_HOOKS.contains(hook)
        ? new ReturnRange(0, 1, true)
        : new ReturnRange(-MAX_ERRNO, 0, true);
  }

  /// Whether the kernel counts the type as tracing where maps with locks or graphs are concerned.
  public static boolean isTracing(ProgType type) {
    return switch (type) {
      case KPROBE, TRACEPOINT, PERF_EVENT, RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE -> true;
      default -> false;
    };
  }
}
