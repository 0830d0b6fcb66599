package bpf4j.maps;

import java.util.Arrays;

/// The elements of one hash map, each 8-byte aligned and below 4 GiB.
///
/// An element keeps its memory until the map goes, so a pointer that a program still holds always
/// points at an element of this map. The element freed last is used first, as in the kernel; those
/// never used are not even resident.
final class ElementPool {
  private static final int FIRST_CHUNK = 8;
  private static final int LARGEST_CHUNK = 1 << 16;

  private final GuestMemory memory;
  private final int elemSize;
  private final String label;
  private final boolean prealloc;
  private final SpinLocks lock = new SpinLocks(1, 1);

  /// Elements given back, the last on top.
  private int[] free = new int[0];

  private int freeCount;

  /// Elements between `next` and `end` were never used.
  private long next;

  private long end;
  private long[] chunks = new long[0];

  /// Elements that overwriting uses: the new value goes into the CPU's spare element, and the old
  /// element becomes the spare. Empty in maps that do not preallocate.
  private final int[] spare;

  /// All memory for `capacity` elements and `spares` for overwriting now; throws [MapException]
  /// with ENOMEM.
  static ElementPool preallocated(
      GuestMemory memory, long elemSize, long capacity, int spares, String label) {
    ElementPool pool = new ElementPool(memory, elemSize, label, true, spares);
    long bytes = Math.multiplyExact(capacity + spares, elemSize);
    pool.addChunk(memory.allocate(bytes, label), bytes);
    for (int i = 0; i < spares; i++) {
      pool.spare[i] = pool.take();
    }
    return pool;
  }

  /// Memory as it is needed.
  static ElementPool onDemand(GuestMemory memory, long elemSize, String label) {
    return new ElementPool(memory, elemSize, label, false, 0);
  }

  private ElementPool(
      GuestMemory memory, long elemSize, String label, boolean prealloc, int spares) {
    this.memory = memory;
    this.elemSize = Math.toIntExact(elemSize);
    this.label = label;
    this.prealloc = prealloc;
    this.spare = new int[spares];
  }

  private void addChunk(long addr, long bytes) {
    chunks = Arrays.copyOf(chunks, chunks.length + 1);
    chunks[chunks.length - 1] = addr;
    next = addr;
    end = addr + bytes;
  }

  /// An element, or 0 when there is none left (preallocated) or no guest memory.
  int take() {
    lock.lock(0);
    try {
      if (freeCount > 0) {
        return free[--freeCount];
      }
      if (next + elemSize > end && (prealloc || !grow())) {
        return 0;
      }
      int elem = (int) next;
      next += elemSize;
      return elem;
    } finally {
      lock.unlock(0);
    }
  }

  private boolean grow() {
    long elems =
        Math.max(1, Math.min((long) FIRST_CHUNK << chunks.length, LARGEST_CHUNK / elemSize));
    long addr = memory.tryAllocate(elems * elemSize, label);
    if (addr == 0) {
      return false;
    }
    addChunk(addr, elems * elemSize);
    return true;
  }

  void give(int elem) {
    lock.lock(0);
    try {
      if (freeCount == free.length) {
        free = Arrays.copyOf(free, Math.max(16, freeCount * 2));
      }
      free[freeCount++] = elem;
    } finally {
      lock.unlock(0);
    }
  }

  /// Whether overwriting goes through a spare element.
  boolean hasSpares() {
    return spare.length > 0;
  }

  /// Takes the spare element of CPU `cpu`, or another's when two threads run as the same CPU. The
  /// caller gives one back soon.
  int takeSpare(int cpu) {
    while (true) {
      lock.lock(0);
      try {
        for (int i = 0; i < spare.length; i++) {
          int at = Math.floorMod(cpu + i, spare.length);
          int elem = spare[at];
          if (elem != 0) {
            spare[at] = 0;
            return elem;
          }
        }
      } finally {
        lock.unlock(0);
      }
      Thread.yield();
    }
  }

  /// Gives back a spare element: the old one that was overwritten, or the one that was taken.
  void giveSpare(int cpu, int elem) {
    lock.lock(0);
    try {
      int at = Math.floorMod(cpu, spare.length);
      while (spare[at] != 0) {
        at = at + 1 == spare.length ? 0 : at + 1;
      }
      spare[at] = elem;
    } finally {
      lock.unlock(0);
    }
  }

  void destroy() {
    for (long chunk : chunks) {
      memory.free(chunk);
    }
  }

  /// Calls `mark` with every element that was ever handed out or may be.
  void forEachElement(java.util.function.LongConsumer mark) {
    for (int i = 0; i < chunks.length; i++) {
      var a = memory.allocationAt(chunks[i]);
      for (long e = chunks[i]; a != null && e + elemSize <= chunks[i] + a.size(); e += elemSize) {
        mark.accept(e);
      }
    }
  }
}
