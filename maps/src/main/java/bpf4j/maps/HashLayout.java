package bpf4j.maps;

/// How the hash maps lie in guest memory, and their hash function.
///
/// ```text
///   buckets   DATA + 4 * (hash & MASK): u32 link to the first element (acquire/release)
///   element   8-byte aligned, below 4 GiB
///      0 next   u32 link (acquire/release)
///      4 hash   u32
///      8 …      LRU maps only: 8 ref u32 (0 or 1), 12 list and CPU, 16 prev, 20 next of its list
///      KEY_OFF  key, padded to 8
///               value, padded to 8; per-CPU maps: one for each CPU;
///               HASH_OF_MAPS: u64, the inner map's descriptor address
/// ```
///
/// A link is a 32-bit guest address (even), or the odd end marker `bucket << 1 | 1`. Elements are
/// used again while lock-free readers may still stand on them, so a reader that meets the end
/// marker of another bucket has strayed and starts again; so does one that missed its key while the
/// bucket's head changed, because overwriting puts the new element in front. A bucket's head is 0
/// as long as the bucket was never used: that, too, is its end.
///
/// The hash is Bob Jenkins's lookup3 as the kernel's `jhash` seeds it; with `BPF_F_ZERO_SEED` the
/// order of keys is the kernel's.
public final class HashLayout {
  public static final int NEXT = 0;
  public static final int HASH = 4;

  /// Offset of the key in an element of a map that is no LRU map.
  public static final int KEY = 8;

  /// LRU maps: 1 when the element was looked up since the list last turned (plain store).
  public static final int LRU_REF = 8;

  static final int LRU_LIST = 12;
  static final int LRU_PREV = 16;
  static final int LRU_NEXT = 20;

  /// Offset of the key in an element of an LRU map.
  public static final int LRU_KEY = 24;

  private static final int INIT = 0xdeadbeef;

  private HashLayout() {}

  /// The end marker of a bucket.
  public static int endMarker(int bucket) {
    return (bucket << 1) | 1;
  }

  /// Offset from an element's start to its value.
  public static int valueOff(int keyOff, int keySize) {
    return keyOff + ((keySize + 7) & -8);
  }

  /// Hash of a 4-byte key held in a register.
  public static int hash4(int key, int seed) {
    int b = INIT + 4 + seed;
    return last(b + key, b, b);
  }

  /// Hash of an 8-byte key held in a register, little-endian.
  public static int hash8(long key, int seed) {
    int c = INIT + 8 + seed;
    return last(c + (int) key, c + (int) (key >>> 32), c);
  }

  /// Hash of a 16-byte key held in two registers, little-endian.
  public static int hash16(long low, long high, int seed) {
    int init = INIT + 16 + seed;
    int a = init + (int) low;
    int b = init + (int) (low >>> 32);
    int c = init + (int) high;
    a = (a - c) ^ Integer.rotateLeft(c, 4);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 6);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 8);
    b += a;
    a = (a - c) ^ Integer.rotateLeft(c, 16);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 19);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 4);
    b += a;
    return last(a + (int) (high >>> 32), b, c);
  }

  /// Hash of the `size` bytes at guest address `addr`.
  public static int hash(GuestMemory memory, long addr, int size, int seed) {
    int a = INIT + size + seed;
    int b = a;
    int c = a;
    int left = size;
    long at = addr;
    while (left > 12) {
      a += (int) memory.getU32(at);
      b += (int) memory.getU32(at + 4);
      c += (int) memory.getU32(at + 8);
      a = (a - c) ^ Integer.rotateLeft(c, 4);
      c += b;
      b = (b - a) ^ Integer.rotateLeft(a, 6);
      a += c;
      c = (c - b) ^ Integer.rotateLeft(b, 8);
      b += a;
      a = (a - c) ^ Integer.rotateLeft(c, 16);
      c += b;
      b = (b - a) ^ Integer.rotateLeft(a, 19);
      a += c;
      c = (c - b) ^ Integer.rotateLeft(b, 4);
      b += a;
      left -= 12;
      at += 12;
    }
    if (left == 0) {
      return c;
    }
    a += word(memory, at, left);
    b += word(memory, at + 4, left - 4);
    c += word(memory, at + 8, left - 8);
    return last(a, b, c);
  }

  /// Up to 4 bytes as a little-endian word.
  private static int word(GuestMemory memory, long addr, int bytes) {
    if (bytes >= 4) {
      return (int) memory.getU32(addr);
    }
    int word = 0;
    for (int i = 0; i < bytes; i++) {
      word |= (int) memory.getU8(addr + i) << (8 * i);
    }
    return word;
  }

  private static int last(int a, int b, int c) {
    c = (c ^ b) - Integer.rotateLeft(b, 14);
    a = (a ^ c) - Integer.rotateLeft(c, 11);
    b = (b ^ a) - Integer.rotateLeft(a, 25);
    c = (c ^ b) - Integer.rotateLeft(b, 16);
    a = (a ^ c) - Integer.rotateLeft(c, 4);
    b = (b ^ a) - Integer.rotateLeft(a, 14);
    return (c ^ b) - Integer.rotateLeft(b, 24);
  }
}
