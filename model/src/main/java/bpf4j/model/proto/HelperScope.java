package bpf4j.model.proto;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.util.EnumSet;
import java.util.Set;

/// Who calls: everything about a program that decides which helpers it may call.
///
/// @param type the program type; for an extension program the type of its target
/// @param attach the expected attach type
/// @param sleepable whether the program may sleep
/// @param target the struct_ops type (`tcp_congestion_ops`), the iterator (`task`) or the LSM hook
///   (`bpf_lsm_file_open`) that the program is for; empty for other programs
/// @param member the struct_ops member, else empty
/// @param caps what the loader may do
public record HelperScope(
    ProgType type,
    AttachType attach,
    boolean sleepable,
    String target,
    String member,
    Set<Capability> caps) {

  public HelperScope {
    caps = Set.copyOf(caps);
  }

  /// A privileged loader's program without a target.
  public static HelperScope of(ProgType type, AttachType attach) {
    return new HelperScope(type, attach, false, "", "", EnumSet.allOf(Capability.class));
  }

  /// Whether the program runs from a trampoline at a kernel function.
  boolean hasTrampoline() {
    return switch (attach) {
      case LSM_MAC -> type == ProgType.LSM;
      case TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN -> type == ProgType.TRACING;
      default -> false;
    };
  }
}
