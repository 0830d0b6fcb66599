package bpf4j.loader;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the name of a program's ELF section says about the program: one row of libbpf's table.
///
/// A row's name with a `+` matches the plain name and `name/target`; one without matches itself
/// only, so `xdp/devmap` is a row and `xdp/foo` is unknown. A `?` before a section's name (the
/// program is not loaded by itself) is not part of the name here.
///
/// Source: libbpf 1.7 `section_defs`, without what a 6.18 kernel does not know (`fsession`).
///
/// @param name the section's name, without `+`
/// @param takesTarget whether `name/target` matches as well
/// @param type the program's type
/// @param attachType the expected attach type, null for none (the kernel's 0)
/// @param flags bits of [#SLEEPABLE], [#XDP_FRAGS], [#ATTACH_BTF], [#USDT]
public record SectionDef(
    String name, boolean takesTarget, ProgType type, @Nullable AttachType attachType, int flags) {

  private static final int NONE = 0;

  /// The target is a type in the kernel's BTF or in another program's.
  public static final int ATTACH_BTF = 1;

  /// The program may sleep.
  public static final int SLEEPABLE = 1 << 1;

  /// The program takes packets of several buffers.
  public static final int XDP_FRAGS = 1 << 2;

  /// A user statically defined tracepoint, attached as a multi uprobe.
  public static final int USDT = 1 << 3;

  private static final List<SectionDef> ROWS =
      List.of(
          row("socket", ProgType.SOCKET_FILTER, null, NONE),
          row(
              "sk_reuseport/migrate",
              ProgType.SK_REUSEPORT,
              AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE,
              NONE),
          row("sk_reuseport", ProgType.SK_REUSEPORT, AttachType.SK_REUSEPORT_SELECT, NONE),
          row("kprobe+", ProgType.KPROBE, null, NONE),
          row("uprobe+", ProgType.KPROBE, null, NONE),
          row("uprobe.s+", ProgType.KPROBE, null, SLEEPABLE),
          row("kretprobe+", ProgType.KPROBE, null, NONE),
          row("uretprobe+", ProgType.KPROBE, null, NONE),
          row("uretprobe.s+", ProgType.KPROBE, null, SLEEPABLE),
          row("kprobe.multi+", ProgType.KPROBE, AttachType.TRACE_KPROBE_MULTI, NONE),
          row("kretprobe.multi+", ProgType.KPROBE, AttachType.TRACE_KPROBE_MULTI, NONE),
          row("kprobe.session+", ProgType.KPROBE, AttachType.TRACE_KPROBE_SESSION, NONE),
          row("uprobe.multi+", ProgType.KPROBE, AttachType.TRACE_UPROBE_MULTI, NONE),
          row("uretprobe.multi+", ProgType.KPROBE, AttachType.TRACE_UPROBE_MULTI, NONE),
          row("uprobe.session+", ProgType.KPROBE, AttachType.TRACE_UPROBE_SESSION, NONE),
          row("uprobe.multi.s+", ProgType.KPROBE, AttachType.TRACE_UPROBE_MULTI, SLEEPABLE),
          row("uretprobe.multi.s+", ProgType.KPROBE, AttachType.TRACE_UPROBE_MULTI, SLEEPABLE),
          row("uprobe.session.s+", ProgType.KPROBE, AttachType.TRACE_UPROBE_SESSION, SLEEPABLE),
          row("ksyscall+", ProgType.KPROBE, null, NONE),
          row("kretsyscall+", ProgType.KPROBE, null, NONE),
          row("usdt+", ProgType.KPROBE, null, USDT),
          row("usdt.s+", ProgType.KPROBE, null, USDT | SLEEPABLE),
          row("tc/ingress", ProgType.SCHED_CLS, AttachType.TCX_INGRESS, NONE),
          row("tc/egress", ProgType.SCHED_CLS, AttachType.TCX_EGRESS, NONE),
          row("tcx/ingress", ProgType.SCHED_CLS, AttachType.TCX_INGRESS, NONE),
          row("tcx/egress", ProgType.SCHED_CLS, AttachType.TCX_EGRESS, NONE),
          row("tc", ProgType.SCHED_CLS, null, NONE),
          row("classifier", ProgType.SCHED_CLS, null, NONE),
          row("action", ProgType.SCHED_ACT, null, NONE),
          row("netkit/primary", ProgType.SCHED_CLS, AttachType.NETKIT_PRIMARY, NONE),
          row("netkit/peer", ProgType.SCHED_CLS, AttachType.NETKIT_PEER, NONE),
          row("tracepoint+", ProgType.TRACEPOINT, null, NONE),
          row("tp+", ProgType.TRACEPOINT, null, NONE),
          row("raw_tracepoint+", ProgType.RAW_TRACEPOINT, null, NONE),
          row("raw_tp+", ProgType.RAW_TRACEPOINT, null, NONE),
          row("raw_tracepoint.w+", ProgType.RAW_TRACEPOINT_WRITABLE, null, NONE),
          row("raw_tp.w+", ProgType.RAW_TRACEPOINT_WRITABLE, null, NONE),
          row("tp_btf+", ProgType.TRACING, AttachType.TRACE_RAW_TP, ATTACH_BTF),
          row("fentry+", ProgType.TRACING, AttachType.TRACE_FENTRY, ATTACH_BTF),
          row("fmod_ret+", ProgType.TRACING, AttachType.MODIFY_RETURN, ATTACH_BTF),
          row("fexit+", ProgType.TRACING, AttachType.TRACE_FEXIT, ATTACH_BTF),
          row("fentry.s+", ProgType.TRACING, AttachType.TRACE_FENTRY, ATTACH_BTF | SLEEPABLE),
          row("fmod_ret.s+", ProgType.TRACING, AttachType.MODIFY_RETURN, ATTACH_BTF | SLEEPABLE),
          row("fexit.s+", ProgType.TRACING, AttachType.TRACE_FEXIT, ATTACH_BTF | SLEEPABLE),
          row("freplace+", ProgType.EXT, null, ATTACH_BTF),
          row("lsm+", ProgType.LSM, AttachType.LSM_MAC, ATTACH_BTF),
          row("lsm.s+", ProgType.LSM, AttachType.LSM_MAC, ATTACH_BTF | SLEEPABLE),
          row("lsm_cgroup+", ProgType.LSM, AttachType.LSM_CGROUP, ATTACH_BTF),
          row("iter+", ProgType.TRACING, AttachType.TRACE_ITER, ATTACH_BTF),
          row("iter.s+", ProgType.TRACING, AttachType.TRACE_ITER, ATTACH_BTF | SLEEPABLE),
          row("syscall", ProgType.SYSCALL, null, SLEEPABLE),
          row("xdp.frags/devmap", ProgType.XDP, AttachType.XDP_DEVMAP, XDP_FRAGS),
          row("xdp/devmap", ProgType.XDP, AttachType.XDP_DEVMAP, NONE),
          row("xdp.frags/cpumap", ProgType.XDP, AttachType.XDP_CPUMAP, XDP_FRAGS),
          row("xdp/cpumap", ProgType.XDP, AttachType.XDP_CPUMAP, NONE),
          row("xdp.frags", ProgType.XDP, AttachType.XDP, XDP_FRAGS),
          row("xdp", ProgType.XDP, AttachType.XDP, NONE),
          row("perf_event", ProgType.PERF_EVENT, null, NONE),
          row("lwt_in", ProgType.LWT_IN, null, NONE),
          row("lwt_out", ProgType.LWT_OUT, null, NONE),
          row("lwt_xmit", ProgType.LWT_XMIT, null, NONE),
          row("lwt_seg6local", ProgType.LWT_SEG6LOCAL, null, NONE),
          row("sockops", ProgType.SOCK_OPS, AttachType.CGROUP_SOCK_OPS, NONE),
          row("sk_skb/stream_parser", ProgType.SK_SKB, AttachType.SK_SKB_STREAM_PARSER, NONE),
          row("sk_skb/stream_verdict", ProgType.SK_SKB, AttachType.SK_SKB_STREAM_VERDICT, NONE),
          row("sk_skb/verdict", ProgType.SK_SKB, AttachType.SK_SKB_VERDICT, NONE),
          row("sk_skb", ProgType.SK_SKB, null, NONE),
          row("sk_msg", ProgType.SK_MSG, AttachType.SK_MSG_VERDICT, NONE),
          row("lirc_mode2", ProgType.LIRC_MODE2, AttachType.LIRC_MODE2, NONE),
          row("flow_dissector", ProgType.FLOW_DISSECTOR, AttachType.FLOW_DISSECTOR, NONE),
          row("cgroup_skb/ingress", ProgType.CGROUP_SKB, AttachType.CGROUP_INET_INGRESS, NONE),
          row("cgroup_skb/egress", ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS, NONE),
          row("cgroup/skb", ProgType.CGROUP_SKB, null, NONE),
          row("cgroup/sock_create", ProgType.CGROUP_SOCK, AttachType.CGROUP_INET_SOCK_CREATE, NONE),
          row(
              "cgroup/sock_release",
              ProgType.CGROUP_SOCK,
              AttachType.CGROUP_INET_SOCK_RELEASE,
              NONE),
          row("cgroup/sock", ProgType.CGROUP_SOCK, AttachType.CGROUP_INET_SOCK_CREATE, NONE),
          row("cgroup/post_bind4", ProgType.CGROUP_SOCK, AttachType.CGROUP_INET4_POST_BIND, NONE),
          row("cgroup/post_bind6", ProgType.CGROUP_SOCK, AttachType.CGROUP_INET6_POST_BIND, NONE),
          row("cgroup/bind4", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_INET4_BIND, NONE),
          row("cgroup/bind6", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_INET6_BIND, NONE),
          row("cgroup/connect4", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_INET4_CONNECT, NONE),
          row("cgroup/connect6", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_INET6_CONNECT, NONE),
          row(
              "cgroup/connect_unix",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_UNIX_CONNECT,
              NONE),
          row("cgroup/sendmsg4", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_UDP4_SENDMSG, NONE),
          row("cgroup/sendmsg6", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_UDP6_SENDMSG, NONE),
          row(
              "cgroup/sendmsg_unix",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_UNIX_SENDMSG,
              NONE),
          row("cgroup/recvmsg4", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_UDP4_RECVMSG, NONE),
          row("cgroup/recvmsg6", ProgType.CGROUP_SOCK_ADDR, AttachType.CGROUP_UDP6_RECVMSG, NONE),
          row(
              "cgroup/recvmsg_unix",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_UNIX_RECVMSG,
              NONE),
          row(
              "cgroup/getpeername4",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_INET4_GETPEERNAME,
              NONE),
          row(
              "cgroup/getpeername6",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_INET6_GETPEERNAME,
              NONE),
          row(
              "cgroup/getpeername_unix",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_UNIX_GETPEERNAME,
              NONE),
          row(
              "cgroup/getsockname4",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_INET4_GETSOCKNAME,
              NONE),
          row(
              "cgroup/getsockname6",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_INET6_GETSOCKNAME,
              NONE),
          row(
              "cgroup/getsockname_unix",
              ProgType.CGROUP_SOCK_ADDR,
              AttachType.CGROUP_UNIX_GETSOCKNAME,
              NONE),
          row("cgroup/sysctl", ProgType.CGROUP_SYSCTL, AttachType.CGROUP_SYSCTL, NONE),
          row("cgroup/getsockopt", ProgType.CGROUP_SOCKOPT, AttachType.CGROUP_GETSOCKOPT, NONE),
          row("cgroup/setsockopt", ProgType.CGROUP_SOCKOPT, AttachType.CGROUP_SETSOCKOPT, NONE),
          row("cgroup/dev", ProgType.CGROUP_DEVICE, AttachType.CGROUP_DEVICE, NONE),
          row("struct_ops+", ProgType.STRUCT_OPS, null, NONE),
          row("struct_ops.s+", ProgType.STRUCT_OPS, null, SLEEPABLE),
          row("sk_lookup", ProgType.SK_LOOKUP, AttachType.SK_LOOKUP, NONE),
          row("netfilter", ProgType.NETFILTER, AttachType.NETFILTER, NONE));

  private static final Map<String, SectionDef> BY_NAME = byName();

  private static SectionDef row(
      String name, ProgType type, @Nullable AttachType attachType, int flags) {
    boolean plus = name.endsWith("+");
    return new SectionDef(
        plus ? name.substring(0, name.length() - 1) : name, plus, type, attachType, flags);
  }

  private static Map<String, SectionDef> byName() {
    Map<String, SectionDef> map = new HashMap<>();
    ROWS.forEach(r -> map.put(r.name, r));
    return map;
  }

  /// All rows, in libbpf's order.
  public static List<SectionDef> rows() {
    return ROWS;
  }

  /// The row for a section called `sectionName` (without `?`), or null where libbpf has none
  /// either.
  public static @Nullable SectionDef find(String sectionName) {
    SectionDef exact = BY_NAME.get(sectionName);
    if (exact != null) {
      return exact;
    }
    int slash = sectionName.indexOf('/');
    if (slash < 0) {
      return null;
    }
    SectionDef def = BY_NAME.get(sectionName.substring(0, slash));
    return def != null && def.takesTarget ? def : null;
  }

  /// Bits of `prog_flags` that the row asks for.
  public int progFlags() {
    return ((flags & SLEEPABLE) != 0 ? ProgramSpec.F_SLEEPABLE : 0)
        | ((flags & XDP_FRAGS) != 0 ? ProgramSpec.F_XDP_HAS_FRAGS : 0);
  }

  /// Whether the target has to be looked up in BTF.
  public boolean attachesByBtf() {
    return (flags & ATTACH_BTF) != 0;
  }
}
