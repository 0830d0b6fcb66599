package bpf4j.verifier.env;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import org.jspecify.annotations.Nullable;

/// What a program is attached to, as far as it decides about rules. Filled by the attach check.
public final class AttachInfo {
  private final ProgType type;
  private @Nullable ProgType targetType;
  private final @Nullable AttachType attachType;
  private @Nullable AttachType targetAttachType;

  /// Types of the target function, null where there is none.
  public @Nullable Btf btf;

  /// FUNC_PROTO of the target, 0 where there is none.
  public int funcProtoId;

  /// Name of the target function, tracepoint or struct_ops member.
  public String name = "";

  /// The struct_ops type (`tcp_congestion_ops`) or iterator (`task`), else empty.
  public String target = "";

  /// The struct_ops member, else empty.
  public String member = "";

  /// Whether the program reads its arguments by the types of a tracepoint.
  public boolean isBtfTracepoint;

  /// Whether a struct_ops member asks for a private stack.
  public boolean privateStack;

  public AttachInfo(ProgramSpec spec) {
    type = spec.type();
    attachType = spec.attachType();
  }

  /// The program's own type.
  public ProgType type() {
    return type;
  }

  /// The type that rules go by: for an extension, the target program's.
  public ProgType effectiveType() {
    ProgType t = targetType;
    return type == ProgType.EXT && t != null ? t : type;
  }

  public @Nullable AttachType attachType() {
    return targetAttachType != null ? targetAttachType : attachType;
  }

  /// Whether the program runs from a trampoline at a kernel function.
  public boolean hasTrampoline() {
    return attachType == AttachType.TRACE_FENTRY
        || attachType == AttachType.TRACE_FEXIT
        || attachType == AttachType.MODIFY_RETURN
        || attachType == AttachType.LSM_MAC;
  }

  /// Makes an extension follow the rules of its target.
  public void setTarget(ProgType t, @Nullable AttachType a) {
    targetType = t;
    targetAttachType = a;
  }
}
