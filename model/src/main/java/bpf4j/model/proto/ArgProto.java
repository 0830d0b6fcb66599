package bpf4j.model.proto;

import org.jspecify.annotations.Nullable;

/// One argument of a prototype.
///
/// @param flags bits of [ArgFlags]
/// @param size bytes of the memory with [ArgFlags#FIXED_SIZE], else 0
/// @param struct name of the kernel struct for [ArgType#PTR_TO_BTF_ID], else null
public record ArgProto(ArgType type, int flags, int size, @Nullable String struct) {
  /// No argument.
  public static final ArgProto NONE = new ArgProto(ArgType.DONTCARE, 0, 0, null);

  /// Whether all bits of `flag` are set.
  public boolean has(int flag) {
    return (flags & flag) == flag;
  }

  static ArgProto parse(String text) {
    ProtoText t = ProtoText.parse(text);
    ArgType type = ArgType.valueOf(t.base());
    String inner = t.inner();
    boolean sized = (t.flags() & ArgFlags.FIXED_SIZE) != 0;
    int size = sized && inner != null ? Integer.parseInt(inner) : 0;
    return new ArgProto(type, t.flags(), size, sized ? null : inner);
  }
}
