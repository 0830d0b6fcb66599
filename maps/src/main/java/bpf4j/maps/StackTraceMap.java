package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// STACK_TRACE: call stacks by the hash of their addresses. Source: linux-6.18 `stackmap.c`.
public final class StackTraceMap extends BpfMap {
  /// Flags of `bpf_get_stackid`: keep the old stack of an id out of the way, compare by hash only.
  public static final long BPF_F_REUSE_STACKID = 1L << 10;

  public static final long BPF_F_FAST_STACK_CMP = 1L << 9;

  private record Stack(int hash, byte[] entries) {}

  private final ObjectSlots<Stack> buckets;
  private final int bucketCount;

  StackTraceMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
    this.bucketCount = (int) MapCreateCheck.roundUpPow2(MapCreateCheck.unsigned(spec.maxEntries()));
    this.buckets = new ObjectSlots<>(bucketCount);
  }

  /// Bytes of one frame: an address, or a build id record.
  public int frameSize() {
    return (spec().flags() & MapFlags.STACK_BUILD_ID) != 0 ? MapLimits.BUILD_ID_ENTRY : 8;
  }

  /// The id of a stack given as its frames' bytes, or a negated errno: EEXIST where another stack
  /// has the id and [#BPF_F_REUSE_STACKID] is not given. Source: `__bpf_get_stackid`.
  public long stackId(byte[] frames, long flags) {
    byte[] kept = Arrays.copyOf(frames, Math.min(frames.length, spec().valueSize()));
    if (kept.length == 0) {
      return Errno.EFAULT.negated();
    }
    int hash = hash(kept);
    int id = hash & (bucketCount - 1);
    Stack old = buckets.get(id);
    if (old != null && old.hash == hash) {
      if ((flags & BPF_F_FAST_STACK_CMP) != 0 || Arrays.equals(old.entries, kept)) {
        return id;
      }
    }
    if (old != null && (flags & BPF_F_REUSE_STACKID) == 0) {
      return Errno.EEXIST.negated();
    }
    buckets.exchange(id, new Stack(hash, kept));
    return id;
  }

  private int hash(byte[] bytes) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, bytes);
      return HashLayout.hash(memory, addr, bytes.length, 0);
    } finally {
      giveStaging(addr);
    }
  }

  private @Nullable Stack at(int id) {
    return Integer.compareUnsigned(id, bucketCount) < 0 ? buckets.get(id) : null;
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    Stack stack = at(GuestBytes.u32(key));
    return stack == null ? null : Arrays.copyOf(stack.entries, spec().valueSize());
  }

  @Override
  byte @Nullable [] sysLookupAndDelete(byte[] key, long flags) {
    int id = GuestBytes.u32(key);
    Stack stack = Integer.compareUnsigned(id, bucketCount) < 0 ? buckets.exchange(id, null) : null;
    return stack == null ? null : Arrays.copyOf(stack.entries, spec().valueSize());
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    return Errno.EINVAL.negated();
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    int id = (int) memory.getU32(keyAddr);
    if (Integer.compareUnsigned(id, bucketCount) >= 0) {
      return Errno.E2BIG.negated();
    }
    return buckets.exchange(id, null) == null ? Errno.ENOENT.negated() : 0;
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    int id = 0;
    if (key != null && at(GuestBytes.u32(key)) != null) {
      id = GuestBytes.u32(key) + 1;
    }
    while (id < bucketCount && buckets.get(id) == null) {
      id++;
    }
    return id >= bucketCount ? null : GuestBytes.u32(id);
  }
}
