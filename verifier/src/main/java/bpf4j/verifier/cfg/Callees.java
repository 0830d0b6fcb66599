package bpf4j.verifier.cfg;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperProto;
import bpf4j.model.proto.HelperScope;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.proto.RetType;
import bpf4j.model.spec.AttachType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.kfunc.Kfuncs;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Properties of called functions that the structure of the program depends on.
public final class Callees {
  private static final Set<Integer> SYNC_CALLBACK =
      ids("for_each_map_elem", "find_vma", "loop", "user_ringbuf_drain");
  private static final int TIMER_SET_CALLBACK = HelperTable.id("timer_set_callback");

  /// Helpers after which packet pointers are void. A tail call may run any of them.
  private static final Set<Integer> PKT_CHANGING =
      ids(
          "clone_redirect",
          "l3_csum_replace",
          "l4_csum_replace",
          "lwt_push_encap",
          "lwt_seg6_action",
          "lwt_seg6_adjust_srh",
          "lwt_seg6_store_bytes",
          "msg_pop_data",
          "msg_pull_data",
          "msg_push_data",
          "skb_adjust_room",
          "skb_change_head",
          "skb_change_proto",
          "skb_change_tail",
          "skb_pull_data",
          "skb_store_bytes",
          "skb_vlan_pop",
          "skb_vlan_push",
          "store_hdr_opt",
          "xdp_adjust_head",
          "xdp_adjust_meta",
          "xdp_adjust_tail",
          "tail_call");

  /// Helpers that the x86-64 JIT or the verifier turns into instructions.
  private static final Set<Integer> INLINED =
      ids("get_smp_processor_id", "get_current_task", "get_current_task_btf");

  /// What a helper or kfunc call reads and clobbers.
  public record CallSummary(int params, boolean isVoid, boolean fastcall) {}

  private Callees() {}

  private static Set<Integer> ids(String... names) {
    return Stream.of(names).map(HelperTable::id).collect(Collectors.toUnmodifiableSet());
  }

  /// The prototype that this program sees of a helper, or null.
  public static @Nullable HelperProto helper(Env env, int id) {
    return env.helpers
        .computeIfAbsent(id, i -> Optional.ofNullable(HelperTable.lookup(i, scope(env))))
        .orElse(null);
  }

  /// Who calls, for the helper tables.
  public static HelperScope scope(Env env) {
    AttachType attach = env.attachType();
    return new HelperScope(
        env.progType(),
        attach == null ? AttachType.CGROUP_INET_INGRESS : attach,
        env.sleepable(),
        env.attach.target,
        env.attach.member,
        env.priv.bpfCapable()
            ? EnumSet.allOf(bpf4j.model.proto.Capability.class)
            : EnumSet.noneOf(bpf4j.model.proto.Capability.class));
  }

  public static boolean changesPktData(int helperId) {
    return PKT_CHANGING.contains(helperId);
  }

  public static boolean runsSyncCallback(long insn, Kfuncs.@Nullable Summary kfunc) {
    return Insns.isHelperCall(insn)
        ? SYNC_CALLBACK.contains(RawInsn.imm(insn))
        : kfunc != null && kfunc.syncCallback();
  }

  public static boolean runsSyncCallback(Env env, int slotIdx) {
    long insn = env.insns[slotIdx];
    return runsSyncCallback(
        insn, Insns.isKfuncCall(insn) ? env.kfuncs.summary(env, slotIdx) : null);
  }

  public static boolean runsAsyncCallback(Env env, long insn, Kfuncs.@Nullable Summary kfunc) {
    return Insns.isHelperCall(insn)
        ? RawInsn.imm(insn) == TIMER_SET_CALLBACK
        : kfunc != null && kfunc.asyncCallback();
  }

  /// What the call at `slotIdx` is like, or null where the callee is not known.
  public static @Nullable CallSummary summary(Env env, int slotIdx) {
    long insn = env.insns[slotIdx];
    if (Insns.isHelperCall(insn)) {
      HelperProto p = helper(env, RawInsn.imm(insn));
      if (p == null) {
        return null;
      }
      return new CallSummary(
          p.argCount(),
          p.ret().type() == RetType.VOID,
          p.allowFastcall() && INLINED.contains(p.id()));
    }
    if (Insns.isKfuncCall(insn)) {
      Kfuncs.Summary k = env.kfuncs.summary(env, slotIdx);
      return k == null ? null : new CallSummary(k.params(), k.isVoid(), k.fastcall());
    }
    return null;
  }
}
