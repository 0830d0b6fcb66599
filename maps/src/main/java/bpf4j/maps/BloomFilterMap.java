package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// BLOOM_FILTER: says of a value that it was never pushed, or that it may have been.
///
/// Source: linux-6.18 `bloom_filter.c`.
final class BloomFilterMap extends BpfMap {
  private static final int DEFAULT_HASHES = 5;
  private final long bits;
  private final int mask;
  private final int hashes;
  private final int seed;

  BloomFilterMap(MapTable table, MapSpec spec) {
    super(table, spec, (bitCount(spec) + 63) / 64 * 8);
    this.bits = descriptorAddr() + MapLayout.SIZE;
    this.mask = (int) (bitCount(spec) - 1);
    this.hashes = hashCount(spec);
    this.seed = (spec.flags() & MapFlags.ZERO_SEED) != 0 ? 0 : id() * 0x9e3779b9;
  }

  private static int hashCount(MapSpec spec) {
    return spec.mapExtra() == 0 ? DEFAULT_HASHES : (int) spec.mapExtra();
  }

  /// Entries times hashes over ln 2 (as 7/5), as a power of two from 64 to 2^32.
  private static long bitCount(MapSpec spec) {
    long wanted = MapCreateCheck.unsigned(spec.maxEntries()) * hashCount(spec);
    long bits = wanted / 5 * 7;
    if (wanted > 0xffff_ffffL || bits > 1L << 31) {
      return 1L << 32;
    }
    return Math.max(64, MapCreateCheck.roundUpPow2(bits));
  }

  private long bitOf(long valueAddr, int which) {
    int hash = HashLayout.hash(memory, valueAddr, spec().valueSize(), seed + which);
    return MapCreateCheck.unsigned(hash & mask);
  }

  @Override
  public int pushElem(long valueAddr, long flags) {
    if (flags != UpdateFlag.BPF_ANY) {
      return Errno.EINVAL.negated();
    }
    for (int i = 0; i < hashes; i++) {
      long bit = bitOf(valueAddr, i);
      GuestMemory.ATOMIC64.getAndBitwiseOr(
          memory.segment(), (bits + (bit >>> 6) * 8) & memory.mask(), 1L << (bit & 63));
    }
    return 0;
  }

  @Override
  public int peekElem(long valueAddr) {
    for (int i = 0; i < hashes; i++) {
      long bit = bitOf(valueAddr, i);
      if (((memory.getU64(bits + (bit >>> 6) * 8) >>> (bit & 63)) & 1) == 0) {
        return Errno.ENOENT.negated();
      }
    }
    return 0;
  }

  @Override
  public int popElem(long valueAddr) {
    return Errno.EOPNOTSUPP.negated();
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    return Errno.EINVAL.negated();
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    return Errno.EOPNOTSUPP.negated();
  }

  /// Whether `value` may have been pushed.
  boolean mayContain(byte[] value) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, value);
      return peekElem(addr) == 0;
    } finally {
      giveStaging(addr);
    }
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, value);
      check(pushElem(addr, flags), "push", key, flags);
    } finally {
      giveStaging(addr);
    }
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    throw refused(Errno.EOPNOTSUPP, "a bloom filter has no keys");
  }
}
