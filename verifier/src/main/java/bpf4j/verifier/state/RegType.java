package bpf4j.verifier.state;

/// Types of register contents: a base type with modifier flags, packed into an `int` so that
/// comparing types stays a comparison of numbers. Numbers of the bases are our own.
public final class RegType {
  public static final int NOT_INIT = 0;
  public static final int SCALAR = 1;
  public static final int CTX = 2;
  public static final int MAP_PTR = 3;
  public static final int MAP_VALUE = 4;
  public static final int MAP_KEY = 5;
  public static final int STACK = 6;
  public static final int PACKET_META = 7;
  public static final int PACKET = 8;
  public static final int PACKET_END = 9;
  public static final int FLOW_KEYS = 10;
  public static final int SOCKET = 11;
  public static final int SOCK_COMMON = 12;
  public static final int TCP_SOCK = 13;
  public static final int TP_BUFFER = 14;
  public static final int XDP_SOCK = 15;
  public static final int BTF_ID = 16;
  public static final int MEM = 17;
  public static final int ARENA = 18;
  public static final int BUF = 19;
  public static final int FUNC = 20;
  public static final int DYNPTR = 21;

  static final int BASE_BITS = 8;
  public static final int BASE_MASK = (1 << BASE_BITS) - 1;

  public static final int MAYBE_NULL = 1 << 8;
  public static final int RDONLY = 1 << 9;
  public static final int RINGBUF = 1 << 10;
  public static final int USER = 1 << 11;
  public static final int PERCPU = 1 << 12;
  public static final int UNTRUSTED = 1 << 13;
  public static final int ALLOC = 1 << 14;
  public static final int TRUSTED = 1 << 15;
  public static final int RCU = 1 << 16;
  public static final int NON_OWN_REF = 1 << 17;
  public static final int DYNPTR_LOCAL = 1 << 18;
  public static final int DYNPTR_RINGBUF = 1 << 19;
  public static final int DYNPTR_SKB = 1 << 20;
  public static final int DYNPTR_XDP = 1 << 21;
  public static final int DYNPTR_SKB_META = 1 << 22;
  public static final int DYNPTR_FLAGS =
      DYNPTR_LOCAL | DYNPTR_RINGBUF | DYNPTR_SKB | DYNPTR_XDP | DYNPTR_SKB_META;

  /// Modifiers that make a pointer trusted.
  public static final int TRUSTED_MODIFIERS = ALLOC | TRUSTED | NON_OWN_REF;

  private static final String[] NAMES = {
    "?",
    "scalar",
    "ctx",
    "map_ptr",
    "map_value",
    "map_key",
    "fp",
    "pkt_meta",
    "pkt",
    "pkt_end",
    "flow_keys",
    "sock",
    "sock_common",
    "tcp_sock",
    "tp_buffer",
    "xdp_sock",
    "ptr_",
    "mem",
    "arena",
    "buf",
    "func",
    "dynptr_ptr"
  };

  private RegType() {}

  public static int base(int type) {
    return type & BASE_MASK;
  }

  public static int flags(int type) {
    return type & ~BASE_MASK;
  }

  public static boolean mayBeNull(int type) {
    return (type & MAYBE_NULL) != 0;
  }

  public static boolean isPacket(int type) {
    return type == PACKET || type == PACKET_META;
  }

  public static boolean isSock(int type) {
    return type == SOCKET || type == SOCK_COMMON || type == TCP_SOCK || type == XDP_SOCK;
  }

  public static boolean isRdonlyMem(int type) {
    return (type & RDONLY) != 0;
  }

  public static boolean isAlloc(int type) {
    return (type & ALLOC) != 0;
  }

  /// A pointer to an object that the program allocated.
  public static boolean isPtrToAllocObj(int type) {
    return base(type) == BTF_ID && isAlloc(type);
  }

  public static boolean isNonOwningRef(int type) {
    return isPtrToAllocObj(type) && (type & NON_OWN_REF) != 0;
  }

  /// Whether a modifier outside the trusted ones and `RCU` is set.
  public static boolean hasUnsafeModifiers(int type) {
    return (flags(type) & ~TRUSTED_MODIFIERS) != 0;
  }

  /// Types whose value survives a spill to the stack.
  public static boolean isSpillable(int type) {
    return switch (base(type)) {
      case MAP_VALUE,
          STACK,
          CTX,
          PACKET,
          PACKET_META,
          PACKET_END,
          FLOW_KEYS,
          MAP_PTR,
          SOCKET,
          SOCK_COMMON,
          TCP_SOCK,
          XDP_SOCK,
          BTF_ID,
          BUF,
          MEM,
          FUNC,
          MAP_KEY,
          ARENA ->
          true;
      default -> false;
    };
  }

  /// The name that the log prints, such as `map_value_or_null` or `rcu_ptr_or_null_`.
  public static String name(int type) {
    if (type <= BASE_MASK) {
      return NAMES[type];
    }
    StringBuilder s = new StringBuilder();
    append(s, type, RDONLY, "rdonly_");
    append(s, type, RINGBUF, "ringbuf_");
    append(s, type, USER, "user_");
    append(s, type, PERCPU, "percpu_");
    append(s, type, RCU, "rcu_");
    append(s, type, UNTRUSTED, "untrusted_");
    append(s, type, TRUSTED, "trusted_");
    s.append(NAMES[base(type)]);
    if (mayBeNull(type)) {
      s.append(base(type) == BTF_ID ? "or_null_" : "_or_null");
    }
    return s.toString();
  }

  private static void append(StringBuilder s, int type, int flag, String text) {
    if ((type & flag) != 0) {
      s.append(text);
    }
  }
}
