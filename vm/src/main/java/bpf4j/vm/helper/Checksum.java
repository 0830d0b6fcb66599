package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;

/// The Internet checksum. A 32-bit sum is an unsigned number in a `long`; 16-bit words are taken in
/// the machine's (little-endian) order, as the kernel's `__wsum` does.
final class Checksum {
  private static final long U32 = 0xffff_ffffL;

  private Checksum() {}

  /// The one's complement sum of `size` bytes at `addr`, added to `sum`. Source: `csum_partial`.
  static long partial(GuestMemory memory, long addr, long size, long sum) {
    long total = sum & U32;
    long at = addr;
    long end = addr + size;
    for (; at + 4 <= end; at += 4) {
      total += memory.getU32(at);
    }
    if (at + 2 <= end) {
      total += memory.getU16(at);
      at += 2;
    }
    if (at < end) {
      total += memory.getU8(at);
    }
    return fold32(total);
  }

  /// `a + b` with end-around carry. Source: `csum_add`.
  static long add(long a, long b) {
    return fold32((a & U32) + (b & U32));
  }

  /// Source: `csum_sub`.
  static long subtract(long a, long b) {
    return add(a, ~b & U32);
  }

  private static long fold32(long total) {
    long t = (total & U32) + (total >>> 32);
    return (t & U32) + (t >>> 32);
  }

  /// Folds to 16 bits without complement. Source: `csum_from32to16`.
  static int fold16(long sum) {
    int s = (int) sum;
    s += Integer.rotateRight(s, 16);
    return s >>> 16;
  }

  /// The checksum field that belongs to `sum`. Source: `csum_fold`.
  static int finish(long sum) {
    return ~fold16(sum) & 0xffff;
  }

  /// The checksum field `field` after the 16-bit word `from` became `to`; all in the same order.
  /// Source: `csum_replace2`.
  static int replace16(int field, int from, int to) {
    return finish(add(add(~field & 0xffff, ~from & 0xffff), to & 0xffff));
  }

  /// As [#replace16] for 32-bit words. Source: `csum_replace4`.
  static int replace32(int field, long from, long to) {
    return finish(add(subtract(~field & 0xffff, from), to));
  }

  /// As [#replace16] for a difference. Source: `csum_replace_by_diff`.
  static int replaceByDiff(int field, long diff) {
    return finish(add(diff, ~field & 0xffff));
  }

  /// The 16-bit word at `addr` in network order.
  static int networkU16(GuestMemory memory, long addr) {
    return Short.toUnsignedInt(Short.reverseBytes((short) memory.getU16(addr)));
  }

  static void putNetworkU16(GuestMemory memory, long addr, int value) {
    memory.putU16(addr, Short.reverseBytes((short) value));
  }
}
