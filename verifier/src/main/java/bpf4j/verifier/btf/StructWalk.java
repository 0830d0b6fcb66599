package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.RegType;

/// Finds what lies at an offset of a struct, descending through nested structs and arrays. Source
/// of the rules: `btf_struct_walk` of Linux 6.18.
final class StructWalk {
  /// What an access of some bytes at an offset meets.
  enum Found {
    SCALAR,
    /// A pointer to a struct.
    STRUCT_POINTER,
    /// A pointer to something else: readable, but not to be trusted.
    OTHER_POINTER
  }

  /// Nothing starts at the offset.
  private static final int NONE = -1;

  private final Env env;
  private final Btf btf;

  /// Register type flags of the pointer met, and `UNTRUSTED` where a union lies on the way.
  int flags;

  /// The struct that the pointer met points to.
  int targetId;

  /// Name of the member met.
  String member = "";

  StructWalk(Env env, Btf btf) {
    this.env = env;
    this.btf = btf;
  }

  /// What an access of `size` bytes at `off` of struct `typeId` meets; refuses one that meets no
  /// member as a whole.
  ///
  /// @param flexArrays whether a last array of unknown length may be read at any index
  Found find(int typeId, int off, int size, boolean flexArrays) {
    int id = typeId;
    int at = off;
    while (true) {
      id = struct(id);
      markUnion(id);
      if (Integer.compareUnsigned(at + size, btf.size(id)) > 0) {
        int element = flexArrays ? flexElement(id, at) : NONE;
        if (element == NONE) {
          throw env.reject(
              Errno.EACCES,
              "access beyond struct %s at off %d size %d",
              btf.name(id),
              Integer.toUnsignedLong(at),
              size);
        }
        if (btf.isKind(element, BtfKind.INT)) {
          return Found.SCALAR;
        }
        at = (at - lastMemberOff(id)) % btf.size(element);
        id = element;
        continue;
      }
      Member m = member(id, at, size);
      if (m == null) {
        throw env.reject(
            Errno.EINVAL, "struct %s doesn't have field at offset %d", btf.name(id), at);
      }
      if (m.bitfield) {
        return Found.SCALAR;
      }
      if (btf.kind(m.type).isComposite()) {
        id = m.type;
        at -= m.off;
        continue;
      }
      if (btf.isKind(m.type, BtfKind.PTR)) {
        return pointer(id, m, at, size);
      }
      if (at + size > m.trueEnd && (flags & RegType.UNTRUSTED) == 0) {
        throw env.reject(
            Errno.EACCES,
            "access beyond the end of member %s (mend:%d) in struct %s with off %d size %d",
            m.name,
            m.trueEnd,
            btf.name(id),
            at,
            size);
      }
      return Found.SCALAR;
    }
  }

  /// The struct that starts exactly at `off` inside struct `typeId`, the outermost one, or -1; says
  /// so in the log where the walk fails.
  int structAt(int typeId, int off) {
    int id = typeId;
    int at = off;
    while (true) {
      id = btf.skipMods(id);
      if (!btf.kind(id).isComposite()) {
        env.log.printf("Type '%s' is not a struct\n", btf.name(id));
        return NONE;
      }
      if (Integer.compareUnsigned(at + 1, btf.size(id)) > 0) {
        env.log.printf(
            "access beyond struct %s at off %d size %d\n",
            structName(id), Integer.toUnsignedLong(at), 1);
        return NONE;
      }
      Member m = member(id, at, 1);
      if (m == null) {
        env.log.printf("struct %s doesn't have field at offset %d\n", structName(id), at);
        return NONE;
      }
      if (m.bitfield || !btf.kind(m.type).isComposite()) {
        if (!m.bitfield && btf.isKind(m.type, BtfKind.PTR)) {
          env.log.printf(
              "cannot access ptr member %s with moff %d in struct %s with off %d size %d\n",
              m.name, m.off, structName(id), at, 1);
        }
        return NONE;
      }
      if (at == m.off) {
        return m.type;
      }
      at -= m.off;
      id = m.type;
    }
  }

  private int struct(int typeId) {
    int id = btf.skipMods(typeId);
    if (!btf.kind(id).isComposite()) {
      throw env.reject(Errno.EINVAL, "Type '%s' is not a struct", btf.name(id));
    }
    return id;
  }

  private void markUnion(int id) {
    if (btf.isKind(id, BtfKind.UNION) && btf.vlen(id) != 1) {
      flags |= RegType.UNTRUSTED;
    }
  }

  private int lastMemberOff(int id) {
    return btf.memberBitOffset(id, btf.vlen(id) - 1) / 8;
  }

  /// Element type of a last member that is an array without length, or -1 where the struct has none
  /// at or before `off`.
  private int flexElement(int id, int off) {
    int n = btf.vlen(id);
    if (n == 0) {
      return NONE;
    }
    int array = btf.skipModsAndTypedefs(btf.memberType(id, n - 1));
    if (!btf.isKind(array, BtfKind.ARRAY)
        || btf.arrayLength(array) != 0
        || off < lastMemberOff(id)) {
      return NONE;
    }
    int element = btf.skipModsAndTypedefs(btf.arrayElement(array));
    boolean usable =
        btf.isKind(element, BtfKind.INT)
            || (btf.kind(element).isComposite() && btf.size(element) != 0);
    return usable ? element : NONE;
  }

  /// A member, or the element of it that an access meets.
  ///
  /// @param off bytes from the start of the struct to the member or its element
  /// @param trueEnd end of the whole member
  /// @param type of the member or its element, without modifiers and typedefs
  private record Member(String name, int off, int trueEnd, int size, int type, boolean bitfield) {}

  private @org.jspecify.annotations.Nullable Member member(int id, int off, int size) {
    for (int i = 0; i < btf.vlen(id); i++) {
      int bits = btf.memberBitOffset(id, i);
      int moff = bits / 8;
      if (off + size <= moff) {
        return null;
      }
      int width = btf.memberBitfieldSize(id, i);
      if (width != 0) {
        if (off <= moff && (bits + width + 7) / 8 <= off + size) {
          return new Member("", moff, moff, 0, 0, true);
        }
        continue;
      }
      if (off < moff) {
        return null;
      }
      int declared = btf.memberType(id, i);
      long bytes = btf.resolveSize(declared);
      if (bytes < 0) {
        throw env.reject(Errno.EFAULT, "field %s doesn't have size", btf.memberName(id, i));
      }
      int end = moff + (int) bytes;
      int type = btf.skipModsAndTypedefs(declared);
      if (off >= end) {
        continue;
      }
      if (!btf.isKind(type, BtfKind.ARRAY)) {
        return new Member(btf.memberName(id, i), moff, end, (int) bytes, type, false);
      }
      int element = type;
      while (btf.isKind(element, BtfKind.ARRAY)) {
        element = btf.skipModsAndTypedefs(btf.arrayElement(element));
      }
      int step = (int) btf.resolveSize(element);
      if (step <= 0) {
        continue;
      }
      int at = moff + (off - moff) / step * step;
      return new Member(btf.memberName(id, i), at, end, step, element, false);
    }
    return null;
  }

  private String structName(int id) {
    String name = btf.name(id);
    return name.isEmpty() ? "(anon)" : name;
  }

  private Found pointer(int structId, Member m, int off, int size) {
    if (m.size != size || off != m.off) {
      throw env.reject(
          Errno.EACCES,
          "cannot access ptr member %s with moff %d in struct %s with off %d size %d",
          m.name,
          m.off,
          structName(structId),
          off,
          size);
    }
    int tags = 0;
    int id = btf.target(m.type);
    for (; btf.kind(id).isModifier() || btf.isKind(id, BtfKind.TYPEDEF); id = btf.target(id)) {
      if (btf.isKind(id, BtfKind.TYPE_TAG) && !btf.kindFlag(id)) {
        tags |= tag(btf.name(id));
      }
    }
    if (Integer.bitCount(tags) > 1) {
      throw env.reject(Errno.EINVAL, "type '%s' has multiple type tags", "PTR");
    }
    if (!btf.kind(id).isComposite()) {
      return Found.OTHER_POINTER;
    }
    flags |= tags;
    targetId = id;
    member = m.name;
    return Found.STRUCT_POINTER;
  }

  /// The register type flag that a type tag of the kernel stands for.
  static int tag(String name) {
    return switch (name) {
      case "user" -> RegType.USER;
      case "percpu" -> RegType.PERCPU;
      case "rcu" -> RegType.RCU;
      default -> 0;
    };
  }
}
