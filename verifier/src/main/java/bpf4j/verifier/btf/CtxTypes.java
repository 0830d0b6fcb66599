package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import org.jspecify.annotations.Nullable;

/// Which pointer types mean the program's context in prototypes. Sources: `btf_is_prog_ctx_type`,
/// `btf_validate_prog_ctx_type` and `bpf_types.h` of Linux 6.18.
public final class CtxTypes {
  private static final String USER_REGS = "bpf_user_pt_regs_t";

  private CtxTypes() {}

  /// The struct that programs of this type see as context; empty where it has no name.
  public static String userStruct(ProgType type) {
    return switch (type) {
      case SOCKET_FILTER,
          SCHED_CLS,
          SCHED_ACT,
          CGROUP_SKB,
          LWT_IN,
          LWT_OUT,
          LWT_XMIT,
          LWT_SEG6LOCAL,
          SK_SKB,
          FLOW_DISSECTOR ->
          "__sk_buff";
      case XDP -> "xdp_md";
      case CGROUP_SOCK -> "bpf_sock";
      case CGROUP_SOCK_ADDR -> "bpf_sock_addr";
      case SOCK_OPS -> "bpf_sock_ops";
      case SK_MSG -> "sk_msg_md";
      case KPROBE -> "pt_regs";
      case PERF_EVENT -> "bpf_perf_event_data";
      case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE -> "bpf_raw_tracepoint_args";
      case CGROUP_DEVICE -> "bpf_cgroup_dev_ctx";
      case CGROUP_SYSCTL -> "bpf_sysctl";
      case CGROUP_SOCKOPT -> "bpf_sockopt";
      case SK_REUSEPORT -> "sk_reuseport_md";
      case SK_LOOKUP -> "bpf_sk_lookup";
      case NETFILTER -> "bpf_nf_ctx";
      default -> "";
    };
  }

  /// The struct that the kernel has behind the context; empty where it has no name.
  public static String kernelStruct(ProgType type) {
    return switch (type) {
      case SOCKET_FILTER,
          SCHED_CLS,
          SCHED_ACT,
          CGROUP_SKB,
          LWT_IN,
          LWT_OUT,
          LWT_XMIT,
          LWT_SEG6LOCAL,
          SK_SKB ->
          "sk_buff";
      case XDP -> "xdp_buff";
      case CGROUP_SOCK -> "sock";
      case CGROUP_SOCK_ADDR -> "bpf_sock_addr_kern";
      case SOCK_OPS -> "bpf_sock_ops_kern";
      case SK_MSG -> "sk_msg";
      case FLOW_DISSECTOR -> "bpf_flow_dissector";
      case KPROBE -> "pt_regs";
      case PERF_EVENT -> "bpf_perf_event_data_kern";
      case CGROUP_DEVICE -> "bpf_cgroup_dev_ctx";
      case CGROUP_SYSCTL -> "bpf_sysctl_kern";
      case CGROUP_SOCKOPT -> "bpf_sockopt_kern";
      case SK_REUSEPORT -> "sk_reuseport_kern";
      case SK_LOOKUP -> "bpf_sk_lookup_kern";
      case NETFILTER -> "bpf_nf_ctx";
      default -> "";
    };
  }

  /// Whether the pointer type `ptrId` is one to the context of programs of this type.
  public static boolean isCtx(Btf btf, int ptrId, ProgType type) {
    int id = btf.target(ptrId);
    if (type == ProgType.KPROBE && isUserRegs(btf, id)) {
      return true;
    }
    id = btf.skipModsAndTypedefs(id);
    if (!btf.isKind(id, BtfKind.STRUCT) && !btf.isKind(id, BtfKind.UNION)) {
      return false;
    }
    String ctx = userStruct(type);
    String name = btf.name(id);
    if (type == ProgType.KPROBE && name.equals(USER_REGS)) {
      return true;
    }
    return !ctx.isEmpty() && (name.equals(ctx) || isProjection(ctx, name));
  }

  /// Whether `name` is the kernel's struct behind the context struct `ctx`.
  public static boolean isProjection(String ctx, String name) {
    return (ctx.equals("__sk_buff") && name.equals("sk_buff"))
        || (ctx.equals("xdp_md") && name.equals("xdp_buff"));
  }

  private static boolean isUserRegs(Btf btf, int typeId) {
    int id = btf.skipMods(typeId);
    return btf.isKind(id, BtfKind.TYPEDEF) && btf.nameEquals(id, USER_REGS);
  }

  /// Refuses a pointer tagged as context whose type is another.
  static void checkTagged(
      Env env, Btf btf, int ptrId, int arg, ProgType type, @Nullable AttachType attach) {
    if (!btf.isKind(ptrId, BtfKind.PTR)) {
      throw env.reject(Errno.EINVAL, "arg#%d type isn't a pointer", arg);
    }
    int id = btf.target(ptrId);
    if ((type == ProgType.KPROBE || type == ProgType.PERF_EVENT) && isUserRegs(btf, id)) {
      return;
    }
    id = btf.skipModsAndTypedefs(id);
    if (id == 0) {
      return;
    }
    String name = btf.name(id);
    if (name.isEmpty()) {
      throw env.reject(Errno.EINVAL, "arg#%d type doesn't have a name", arg);
    }
    if (isSpecial(btf, id, name, type, attach)) {
      return;
    }
    String ctx = userStruct(type);
    if (ctx.isEmpty()) {
      throw env.reject(Errno.EINVAL, "arg#%d should be void pointer", arg);
    }
    if (!btf.kind(id).isComposite() || !name.equals(ctx)) {
      throw env.reject(Errno.EINVAL, "arg#%d should be `struct %s *`", arg, ctx);
    }
  }

  private static boolean isSpecial(
      Btf btf, int id, String name, ProgType type, @Nullable AttachType attach) {
    boolean u64 = btf.isKind(id, BtfKind.INT) && btf.size(id) == 8;
    boolean struct = btf.kind(id).isComposite();
    return switch (type) {
      case KPROBE, PERF_EVENT -> struct && name.equals("pt_regs");
      case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, LSM, STRUCT_OPS -> u64;
      case TRACING ->
          attach != null
              && switch (attach) {
                case TRACE_RAW_TP -> u64 || (struct && name.equals("bpf_raw_tracepoint_args"));
                case TRACE_ITER -> struct && name.startsWith("bpf_iter__");
                case TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN -> u64;
                default -> false;
              };
      case TRACEPOINT, SYSCALL, EXT -> true;
      default -> false;
    };
  }
}
