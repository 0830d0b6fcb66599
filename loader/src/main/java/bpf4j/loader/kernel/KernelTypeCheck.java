package bpf4j.loader.kernel;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import org.jspecify.annotations.Nullable;

/// Says whether a 6.18 kernel takes an object's types (`BPF_BTF_LOAD`).
///
/// libbpf only warns when it does not, and loads maps and programs without types: no source lines,
/// no function records, no special fields. The kernel is stricter than libbpf's own reading: names
/// have to be C identifiers, functions need names for their parameters, sections must not overlap.
///
/// Source: linux-6.18 btf.c, the `check_meta` and `resolve` steps of each kind.
public final class KernelTypeCheck {
  /// Longest identifier (`KSYM_NAME_LEN`).
  private static final int MAX_NAME = 512;

  private final Btf btf;

  private KernelTypeCheck(Btf btf) {
    this.btf = btf;
  }

  /// Why the kernel refuses the types, such as `[31] FUNC foo Invalid arg#1`, or null when it takes
  /// them.
  public static @Nullable String refusal(Btf btf) {
    KernelTypeCheck check = new KernelTypeCheck(btf);
    for (int id = 1; id < btf.typeCount(); id++) {
      String problem = check.meta(id);
      if (problem != null) {
        return check.named(id, problem);
      }
    }
    for (int id = 1; id < btf.typeCount(); id++) {
      String problem = check.references(id);
      if (problem != null) {
        return check.named(id, problem);
      }
    }
    return null;
  }

  private String named(int id, String problem) {
    String name = btf.name(id);
    return "["
        + id
        + "] "
        + btf.kind(id)
        + " "
        + (name.isEmpty() ? "(anon)" : name)
        + " "
        + problem;
  }

  private @Nullable String meta(int id) {
    BtfKind kind = btf.kind(id);
    if (btf.vlen(id) != 0 && !hasRecords(kind)) {
      return "vlen != 0";
    }
    return btf.kindFlag(id) && !takesFlag(kind) ? "Invalid btf_info kind_flag" : byKind(id);
  }

  /// Whether the length field of the kind means anything: a number of records, or a linkage.
  private static boolean hasRecords(BtfKind kind) {
    return switch (kind) {
      case STRUCT, UNION, ENUM, ENUM64, FUNC, FUNC_PROTO, DATASEC -> true;
      case UNKN,
          INT,
          PTR,
          ARRAY,
          FWD,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          VAR,
          FLOAT,
          DECL_TAG,
          TYPE_TAG ->
          false;
    };
  }

  private static boolean takesFlag(BtfKind kind) {
    return switch (kind) {
      case STRUCT, UNION, ENUM, ENUM64, FWD, TYPE_TAG, DECL_TAG -> true;
      case UNKN,
          INT,
          PTR,
          ARRAY,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          FUNC_PROTO,
          VAR,
          DATASEC,
          FLOAT ->
          false;
    };
  }

  private @Nullable String byKind(int id) {
    return switch (btf.kind(id)) {
      case INT -> encoding(id);
      case TYPEDEF, FWD -> identifier(btf.nameOff(id)) ? null : "Invalid name";
      case TYPE_TAG -> btf.isAnonymous(id) ? "Invalid name" : null;
      case PTR, VOLATILE, CONST, RESTRICT, ARRAY, FUNC_PROTO ->
          btf.nameOff(id) == 0 ? null : "Invalid name";
      case STRUCT, UNION -> composite(id);
      case ENUM, ENUM64 -> enumeration(id);
      case FUNC -> function(id);
      case VAR -> variable(id);
      case DATASEC -> section(id);
      case DECL_TAG -> tag(id);
      case FLOAT, UNKN -> null;
    };
  }

  private static boolean letter(int c) {
    // The kernel's letters include those of Latin-1, which are no UTF-8 and decode to U+FFFD.
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == 0xfffd;
  }

  private boolean identifier(int nameOff) {
    String name = btf.string(nameOff);
    if (name.isEmpty() || name.length() > MAX_NAME || !letter(name.charAt(0))) {
      return false;
    }
    for (int i = 1; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!letter(c) && (c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }

  private boolean identifierOrNone(int nameOff) {
    return nameOff == 0 || identifier(nameOff);
  }

  private @Nullable String encoding(int id) {
    int encoding = btf.intEncoding(id);
    int bits = btf.intBits(id) + btf.intBitOffset(id);
    if (bits > 128) {
      return "nr_bits exceeds 128";
    }
    if ((bits + 7) / 8 > Integer.toUnsignedLong(btf.size(id))) {
      return "nr_bits exceeds type_size";
    }
    return Integer.bitCount(encoding) > 1 || encoding > Btf.INT_BOOL
        ? "Unsupported encoding"
        : null;
  }

  private @Nullable String composite(int id) {
    if (!identifierOrNone(btf.nameOff(id))) {
      return "Invalid name";
    }
    long last = 0;
    for (int i = 0; i < btf.vlen(id); i++) {
      if (!identifierOrNone(btf.memberNameOff(id, i))) {
        return btf.memberName(id, i) + " Invalid name";
      }
      if (btf.memberType(id, i) == 0) {
        return btf.memberName(id, i) + " Invalid type_id";
      }
      long offset = Integer.toUnsignedLong(btf.memberBitOffset(id, i));
      boolean union = btf.isKind(id, BtfKind.UNION);
      if ((union && offset != 0) || last > offset) {
        return btf.memberName(id, i) + " Invalid member bits_offset";
      }
      if ((offset + 7) / 8 > Integer.toUnsignedLong(btf.size(id))) {
        return btf.memberName(id, i) + " Member bits_offset exceeds its struct size";
      }
      last = offset;
    }
    return null;
  }

  private @Nullable String enumeration(int id) {
    int size = btf.size(id);
    if (size <= 0 || size > 8 || Integer.bitCount(size) != 1) {
      return "Unexpected size";
    }
    if (!identifierOrNone(btf.nameOff(id))) {
      return "Invalid name";
    }
    for (int i = 0; i < btf.vlen(id); i++) {
      if (!identifier(btf.enumNameOff(id, i))) {
        return "Invalid name";
      }
    }
    return null;
  }

  private @Nullable String function(int id) {
    if (!identifier(btf.nameOff(id))) {
      return "Invalid name";
    }
    return btf.linkage(id) > 1 ? "Invalid func linkage" : null;
  }

  private @Nullable String variable(int id) {
    if (!identifier(btf.nameOff(id))) {
      return "Invalid name";
    }
    if (btf.target(id) == 0) {
      return "Invalid type_id";
    }
    int linkage = btf.linkage(id);
    return linkage != 0 && linkage != 1 ? "Linkage not supported" : null;
  }

  private @Nullable String section(int id) {
    long size = Integer.toUnsignedLong(btf.size(id));
    if (size == 0) {
      return "size == 0";
    }
    String name = btf.name(id);
    if (name.isEmpty()
        || name.length() > MAX_NAME
        || name.chars().anyMatch(c -> c < ' ' || c > '~')) {
      return "Invalid name";
    }
    long end = 0;
    for (int i = 0; i < btf.vlen(id); i++) {
      long offset = Integer.toUnsignedLong(btf.varSecOffset(id, i));
      long bytes = Integer.toUnsignedLong(btf.varSecSize(id, i));
      if (btf.varSecType(id, i) == 0) {
        return "Invalid type_id";
      }
      if (offset < end || offset >= size) {
        return "Invalid offset";
      }
      if (bytes == 0 || bytes > size) {
        return "Invalid size";
      }
      end = offset + bytes;
      if (end > size) {
        return "Invalid offset+size";
      }
    }
    return null;
  }

  private @Nullable String tag(int id) {
    if (btf.isAnonymous(id)) {
      return "Invalid value";
    }
    return btf.declTagComponent(id) < -1 ? "Invalid component_idx" : null;
  }

  private @Nullable String references(int id) {
    return switch (btf.kind(id)) {
      case FUNC -> parameters(id);
      case FUNC_PROTO -> prototype(id);
      case VAR -> sized(btf.target(id)) ? null : "Invalid type_id";
      case DATASEC -> variables(id);
      case ARRAY -> array(id);
      case DECL_TAG -> tagTarget(id);
      default -> null;
    };
  }

  private @Nullable String parameters(int id) {
    int proto = btf.target(id);
    if (!btf.isKind(proto, BtfKind.FUNC_PROTO)) {
      return "Invalid type_id";
    }
    for (int i = 0; i < btf.vlen(proto); i++) {
      if (btf.paramNameOff(proto, i) == 0 && btf.paramType(proto, i) != 0) {
        return "Invalid arg#" + (i + 1);
      }
    }
    return null;
  }

  private @Nullable String prototype(int id) {
    int result = btf.target(id);
    if (result != 0 && !isValue(result)) {
      return "Invalid return type";
    }
    int n = btf.vlen(id);
    if (n > 0 && btf.paramType(id, n - 1) == 0) {
      if (btf.paramNameOff(id, n - 1) != 0) {
        return "Invalid arg#" + n;
      }
      n--;
    }
    for (int i = 0; i < n; i++) {
      if (!isValue(btf.paramType(id, i)) || !identifierOrNone(btf.paramNameOff(id, i))) {
        return "Invalid arg#" + (i + 1);
      }
    }
    return null;
  }

  /// Whether the type has a size; that of an array without elements counts.
  private boolean sized(int id) {
    int type = btf.skipModsAndTypedefs(id);
    return switch (btf.kind(type)) {
      case INT, PTR, ARRAY, STRUCT, UNION, ENUM, ENUM64, FLOAT -> true;
      case UNKN,
          FWD,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          FUNC_PROTO,
          VAR,
          DATASEC,
          DECL_TAG,
          TYPE_TAG ->
          false;
    };
  }

  private boolean isValue(int id) {
    return id != 0 && sized(id);
  }

  private @Nullable String variables(int id) {
    for (int i = 0; i < btf.vlen(id); i++) {
      int var = btf.varSecType(id, i);
      if (!btf.isKind(var, BtfKind.VAR)) {
        return "Not a VAR kind member";
      }
      if (Integer.toUnsignedLong(btf.varSecSize(id, i)) < btf.resolveSize(btf.target(var))) {
        return "Invalid size";
      }
    }
    return null;
  }

  private @Nullable String array(int id) {
    if (!btf.isKind(btf.skipModsAndTypedefs(btf.arrayIndex(id)), BtfKind.INT)) {
      return "Invalid index";
    }
    if (!isValue(btf.arrayElement(id))) {
      return "Invalid elem";
    }
    return btf.arrayLength(id) != 0 && btf.resolveSize(id) < 0
        ? "Array size overflows U32_MAX"
        : null;
  }

  private @Nullable String tagTarget(int id) {
    int target = btf.target(id);
    int component = btf.declTagComponent(id);
    switch (btf.kind(target)) {
      case VAR, TYPEDEF -> {
        return component == -1 ? null : "Invalid component_idx";
      }
      case STRUCT, UNION -> {
        return component < btf.vlen(target) ? null : "Invalid component_idx";
      }
      case FUNC -> {
        return component < btf.vlen(btf.target(target)) ? null : "Invalid component_idx";
      }
      default -> {
        return "Invalid type_id";
      }
    }
  }
}
