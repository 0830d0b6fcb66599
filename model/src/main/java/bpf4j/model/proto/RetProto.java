package bpf4j.model.proto;

import org.jspecify.annotations.Nullable;

/// The result of a prototype.
///
/// @param flags bits of [ArgFlags]
/// @param struct name of the kernel struct for [RetType#PTR_TO_BTF_ID], `*` where it depends on the
///   arguments, else null
public record RetProto(RetType type, int flags, @Nullable String struct) {
  /// Whether all bits of `flag` are set.
  public boolean has(int flag) {
    return (flags & flag) == flag;
  }

  static RetProto parse(String text) {
    ProtoText t = ProtoText.parse(text);
    return new RetProto(RetType.valueOf(t.base()), t.flags(), t.inner());
  }
}
