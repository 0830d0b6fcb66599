package bpf4j.model.proto;

/// Modifiers of helper argument and return types, as bits of an `int`. They carry the kernel's
/// meaning of `enum bpf_type_flag`.
public final class ArgFlags {
  /// The pointer may be NULL.
  public static final int MAYBE_NULL = 1;

  /// The memory is only read; read-only memory may be passed.
  public static final int RDONLY = 1 << 1;

  /// The helper writes to the memory.
  public static final int WRITE = 1 << 2;

  /// The memory need not be initialised.
  public static final int UNINIT = 1 << 3;

  /// The size is known from the prototype ([ArgProto#size()]).
  public static final int FIXED_SIZE = 1 << 4;

  /// The memory must be aligned to its size.
  public static final int ALIGNED = 1 << 5;

  /// The call releases the reference.
  public static final int OBJ_RELEASE = 1 << 6;

  /// The pointer is trusted.
  public static final int TRUSTED = 1 << 7;

  /// The memory is a ring buffer reservation.
  public static final int RINGBUF = 1 << 8;

  /// The dynptr is made from program memory.
  public static final int DYNPTR_LOCAL = 1 << 9;

  /// The dynptr is a ring buffer reservation.
  public static final int DYNPTR_RINGBUF = 1 << 10;

  private ArgFlags() {}

  static int parse(String name) {
    return switch (name) {
      case "MAYBE_NULL" -> MAYBE_NULL;
      case "RDONLY" -> RDONLY;
      case "WRITE" -> WRITE;
      case "UNINIT" -> UNINIT;
      case "FIXED_SIZE" -> FIXED_SIZE;
      case "ALIGNED" -> ALIGNED;
      case "OBJ_RELEASE" -> OBJ_RELEASE;
      case "TRUSTED" -> TRUSTED;
      case "RINGBUF" -> RINGBUF;
      case "DYNPTR_LOCAL" -> DYNPTR_LOCAL;
      case "DYNPTR_RINGBUF" -> DYNPTR_RINGBUF;
      default -> throw new IllegalArgumentException("no argument flag " + name);
    };
  }
}
