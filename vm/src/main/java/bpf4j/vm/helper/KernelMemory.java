package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Structures of the kernel in guest memory, laid out as the kernel types say, for programs that
/// follow pointers into the kernel. Without kernel types they are zeroed memory.
public final class KernelMemory {
  private static final int SIZE_WITHOUT_TYPES = 16384;
  private static final int TASK_COMM_LEN = 16;

  private final GuestMemory memory;
  private final @Nullable Btf btf;
  private final Map<Object, Long> known = new HashMap<>();

  KernelMemory(GuestMemory memory, @Nullable Btf btf) {
    this.memory = memory;
    this.btf = btf;
  }

  /// The structure that stands for `identity`, made on first use.
  public synchronized long of(String struct, Object identity) {
    return known.computeIfAbsent(identity, _ -> allocate(struct));
  }

  /// A zeroed `struct` of the kernel.
  public long allocate(String struct) {
    int id = typeOf(struct);
    long size = id == 0 || btf == null ? SIZE_WITHOUT_TYPES : Math.max(btf.resolveSize(id), 8);
    return memory.allocate(size, "struct " + struct);
  }

  private int typeOf(String struct) {
    Btf b = btf;
    int id = b == null ? 0 : b.find(struct, BtfKind.STRUCT);
    return Math.max(id, 0);
  }

  /// Writes a number into a member, which may be nested (`a.b`); nothing where the types do not
  /// have it.
  public void put(long addr, String struct, String member, long value) {
    long at = offset(struct, member);
    if (at < 0) {
      return;
    }
    switch (lastSize) {
      case 1 -> memory.putU8(addr + at, value);
      case 2 -> memory.putU16(addr + at, value);
      case 4 -> memory.putU32(addr + at, value);
      default -> memory.putU64(addr + at, value);
    }
  }

  /// Writes text into a member that is a character array.
  public void putText(long addr, String struct, String member, String text) {
    long at = offset(struct, member);
    if (at >= 0) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      memory.putBytes(addr + at, bytes, 0, Math.min(bytes.length, TASK_COMM_LEN - 1));
    }
  }

  private int lastSize = 8;

  /// Byte offset of a member, or -1.
  private long offset(String struct, String member) {
    Btf b = btf;
    int id = typeOf(struct);
    long at = 0;
    for (String name : member.split("\\.", -1)) {
      if (b == null || id == 0) {
        return -1;
      }
      int[] found = find(b, id, name, 0);
      if (found == null) {
        return -1;
      }
      at += found[0];
      id = b.skipModsAndTypedefs(found[1]);
      lastSize = b.isKind(id, BtfKind.PTR) ? 8 : (int) b.resolveSize(id);
    }
    return at;
  }

  /// Offset and type of a member, also one of an anonymous struct or union inside.
  private static int @Nullable [] find(Btf b, int id, String name, int base) {
    for (int i = 0; i < b.vlen(id); i++) {
      int off = base + b.memberBitOffset(id, i) / 8;
      String memberName = b.memberName(id, i);
      int type = b.memberType(id, i);
      if (memberName.equals(name)) {
        return new int[] {off, type};
      }
      int inner = b.skipModsAndTypedefs(type);
      if (memberName.isEmpty()
          && (b.isKind(inner, BtfKind.STRUCT) || b.isKind(inner, BtfKind.UNION))) {
        int[] found = find(b, inner, name, off);
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }
}
