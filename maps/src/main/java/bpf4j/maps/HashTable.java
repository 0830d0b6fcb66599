package bpf4j.maps;

import java.util.function.LongPredicate;

/// Buckets of a hash map: lock-free lookup, changes under a bucket's lock. Layout: [HashLayout].
final class HashTable {
  final GuestMemory memory;
  final int keySize;
  final int keyOff;
  final int valueOff;
  private final long buckets;
  private final int mask;
  private final int seed;
  private final SpinLocks locks;

  HashTable(GuestMemory memory, long maxEntries, int keySize, int keyOff, int seed, String label) {
    long count = MapCreateCheck.roundUpPow2(maxEntries);
    this.memory = memory;
    this.keySize = keySize;
    this.keyOff = keyOff;
    this.valueOff = HashLayout.valueOff(keyOff, keySize);
    this.buckets = memory.allocate(count * 4, "buckets of " + label);
    this.mask = (int) (count - 1);
    this.seed = seed;
    this.locks = new SpinLocks(count, 256);
  }

  void describeIn(long descriptor, long elemSize) {
    memory.putU32(descriptor + MapLayout.DATA, buckets);
    memory.putU32(descriptor + MapLayout.MASK, mask);
    memory.putU32(descriptor + MapLayout.SEED, seed);
    memory.putU32(descriptor + MapLayout.ELEM_SIZE, elemSize);
  }

  void destroy() {
    memory.free(buckets);
  }

  int bucketCount() {
    return mask + 1;
  }

  int hash(long keyAddr) {
    return keySize == 4
        ? HashLayout.hash4((int) memory.getU32(keyAddr), seed)
        : HashLayout.hash(memory, keyAddr, keySize, seed);
  }

  void lock(int hash) {
    locks.lock(hash & mask);
  }

  void unlock(int hash) {
    locks.unlock(hash & mask);
  }

  /// First link of a bucket. An empty bucket is 0 in memory until its first use, so that a large
  /// table costs nothing before.
  private int head(int bucket) {
    int link = memory.getU32Acquire(buckets + 4L * bucket);
    return link == 0 ? HashLayout.endMarker(bucket) : link;
  }

  private static boolean isEnd(int link) {
    return (link & 1) != 0;
  }

  private int nextLink(int elem) {
    return memory.getU32Acquire(Integer.toUnsignedLong(elem) + HashLayout.NEXT);
  }

  private boolean matches(long elem, int hash, long keyAddr) {
    return (int) memory.getU32(elem + HashLayout.HASH) == hash
        && memory.equal(elem + keyOff, keyAddr, keySize);
  }

  /// The element with the key at `keyAddr`, or 0. Needs no lock.
  long find(long keyAddr, int hash) {
    int bucket = hash & mask;
    while (true) {
      int first = head(bucket);
      int link = first;
      while (!isEnd(link)) {
        long elem = Integer.toUnsignedLong(link);
        if (matches(elem, hash, keyAddr)) {
          return elem;
        }
        link = nextLink(link);
      }
      // A key that was overwritten meanwhile has moved from behind us to the front.
      if (link == HashLayout.endMarker(bucket) && head(bucket) == first) {
        return 0;
      }
    }
  }

  /// Puts an element, key, value and all, at the front of its bucket. The bucket is locked.
  void insert(int elem, int hash) {
    int bucket = hash & mask;
    long addr = Integer.toUnsignedLong(elem);
    memory.putU32(addr + HashLayout.HASH, hash);
    memory.putU32Release(addr + HashLayout.NEXT, head(bucket));
    memory.putU32Release(buckets + 4L * bucket, elem);
  }

  /// Takes an element out of its bucket; false when it is not there any more. The bucket is locked.
  boolean remove(int elem, int hash) {
    int bucket = hash & mask;
    long at = buckets + 4L * bucket;
    int link = head(bucket);
    while (!isEnd(link)) {
      if (link == elem) {
        memory.putU32Release(at, nextLink(link));
        return true;
      }
      at = Integer.toUnsignedLong(link) + HashLayout.NEXT;
      link = nextLink(link);
    }
    return false;
  }

  /// The element behind the one with the key at `keyAddr` in the order of the buckets; the first
  /// for 0 or a key that is not there. 0 at the end.
  long next(long keyAddr) {
    int bucket = 0;
    if (keyAddr != 0) {
      int hash = hash(keyAddr);
      long elem = find(keyAddr, hash);
      if (elem != 0) {
        int link = nextLink((int) elem);
        if (!isEnd(link)) {
          return Integer.toUnsignedLong(link);
        }
        bucket = (hash & mask) + 1;
      }
    }
    for (; bucket <= mask && bucket >= 0; bucket++) {
      int link = head(bucket);
      if (!isEnd(link)) {
        return Integer.toUnsignedLong(link);
      }
    }
    return 0;
  }

  /// Gives every element to `visit`, bucket by bucket, until it gives false; whether it never did.
  boolean forEach(LongPredicate visit) {
    for (int bucket = 0; bucket <= mask && bucket >= 0; bucket++) {
      if (!forEachIn(bucket, visit)) {
        return false;
      }
    }
    return true;
  }

  boolean forEachIn(int bucket, LongPredicate visit) {
    int link = head(bucket);
    while (!isEnd(link)) {
      long elem = Integer.toUnsignedLong(link);
      link = nextLink(link); // before the visit, which may take the element out
      if (!visit.test(elem)) {
        return false;
      }
    }
    return true;
  }

  void lockBucket(int bucket) {
    locks.lock(bucket);
  }

  void unlockBucket(int bucket) {
    locks.unlock(bucket);
  }
}
