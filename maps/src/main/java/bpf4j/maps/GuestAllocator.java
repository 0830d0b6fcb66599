package bpf4j.maps;

import java.util.ArrayDeque;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Hands out zeroed guest memory with red zones behind every allocation.
///
/// Up to [#MAX_SMALL] bytes come from slabs of one size class each, more from whole pages. All
/// books are kept outside guest memory. Safe for use by many threads.
final class GuestAllocator {
  /// Least distance between two allocations, in bytes.
  static final int RED_ZONE = 16;

  static final int MAX_SMALL = 8192 - RED_ZONE;

  /// First address ever handed out: page 0 and what lies behind a small negative or positive offset
  /// from a null pointer stay unused.
  static final long FIRST = 1 << 16;

  private static final long LOW_END = 1L << 32;

  private record Large(long size, long reserved, String label) {}

  private final GuestMemory memory;
  private final PageHeap low;
  private final @Nullable PageHeap high;
  private final TreeMap<Long, Large> large = new TreeMap<>();
  private final @Nullable Slab[] slabOfSpan;
  private final ArrayDeque<Slab>[] partial;
  private @Nullable ShadowMemory shadow;
  private long usedBytes;

  @SuppressWarnings({"unchecked", "rawtypes"})
  GuestAllocator(GuestMemory memory, long size) {
    this.memory = memory;
    this.low = new PageHeap(FIRST, Math.min(size, LOW_END));
    this.high = size > LOW_END ? new PageHeap(LOW_END, size) : null;
    this.slabOfSpan = new Slab[(int) (Math.min(size, LOW_END) / Slab.SPAN)];
    this.partial = new ArrayDeque[classOf(MAX_SMALL + RED_ZONE) + 1];
    for (int i = 0; i < partial.length; i++) {
      partial[i] = new ArrayDeque<>();
    }
  }

  /// Address of `size` zeroed bytes, 16-byte aligned (page-aligned above [#MAX_SMALL]), or 0 when
  /// there is no room. With `low` the whole allocation lies in the low 4 GiB.
  synchronized long allocate(long size, boolean mustBeLow, String what) {
    if (size < 0) {
      return 0;
    }
    long addr = size <= MAX_SMALL ? takeSmall((int) size, what) : takeLarge(size, mustBeLow, what);
    if (addr != 0) {
      usedBytes += size;
      if (shadow != null) {
        shadow.allocated(addr, size);
      }
    }
    return addr;
  }

  private long takeSmall(int size, String what) {
    int sizeClass = classOf(size + RED_ZONE);
    Slab slab = partial[sizeClass].peek();
    if (slab == null) {
      long base = low.take(Slab.SPAN, Slab.SPAN);
      if (base < 0) {
        return 0;
      }
      memory.clear(base, Slab.SPAN, low.wasUsed(base));
      slab = new Slab(base, sizeClass, strideOf(sizeClass));
      slabOfSpan[(int) (base / Slab.SPAN)] = slab;
      partial[sizeClass].add(slab);
    }
    int slot = slab.take(size, what);
    if (slab.full()) {
      partial[sizeClass].remove();
    }
    long addr = slab.addrOf(slot);
    memory.clear(addr, slab.stride, slab.markUsed(slot));
    return addr;
  }

  private long takeLarge(long size, boolean mustBeLow, String what) {
    if (size > memory.size()) {
      return 0;
    }
    long reserved = PageHeap.alignUp(size + RED_ZONE, PageHeap.PAGE);
    PageHeap heap = high == null || mustBeLow ? low : high;
    long addr = heap.take(reserved, PageHeap.PAGE);
    if (addr < 0 && heap == high) {
      heap = low;
      addr = heap.take(reserved, PageHeap.PAGE);
    }
    if (addr < 0) {
      return 0;
    }
    memory.clear(addr, reserved, heap.wasUsed(addr));
    large.put(addr, new Large(size, reserved, what));
    return addr;
  }

  /// Gives back what [#allocate] gave; throws [IllegalArgumentException] for another address.
  synchronized void free(long addr) {
    Large big = large.remove(addr);
    long size;
    if (big != null) {
      size = big.size;
      (addr >= LOW_END && high != null ? high : low).give(addr, big.reserved);
    } else {
      Slab slab = slabAt(addr);
      int slot = slab == null ? -1 : slab.slotOf(addr);
      if (slab == null || slab.addrOf(slot) != addr || slab.sizeOf(slot) < 0) {
        throw new IllegalArgumentException("not an allocation: 0x" + Long.toHexString(addr));
      }
      size = slab.sizeOf(slot);
      giveSmall(slab, slot);
    }
    usedBytes -= size;
    if (shadow != null) {
      shadow.mark(addr, size, ShadowMemory.FREED);
    }
  }

  private void giveSmall(Slab slab, int slot) {
    boolean wasFull = slab.full();
    slab.give(slot);
    if (slab.used == 0 && partial[slab.sizeClass].size() > (wasFull ? 0 : 1)) {
      partial[slab.sizeClass].remove(slab);
      slabOfSpan[(int) (slab.base / Slab.SPAN)] = null;
      low.give(slab.base, Slab.SPAN);
    } else if (wasFull) {
      partial[slab.sizeClass].add(slab);
    }
  }

  /// Bytes asked for and not yet freed.
  synchronized long usedBytes() {
    return usedBytes;
  }

  /// The allocation that holds `addr` or ends in the red zone `addr` lies in, or null.
  synchronized GuestMemory.@Nullable Allocation find(long addr) {
    Slab slab = slabAt(addr);
    if (slab != null) {
      int slot = slab.slotOf(addr);
      String label = slab.labelOf(slot);
      int size = slab.sizeOf(slot);
      return label == null
          ? null
          : new GuestMemory.Allocation(slab.addrOf(slot), Math.max(size, 0), label, size >= 0);
    }
    var e = large.floorEntry(addr);
    if (e == null || addr >= e.getKey() + e.getValue().reserved) {
      return null;
    }
    return new GuestMemory.Allocation(e.getKey(), e.getValue().size, e.getValue().label, true);
  }

  /// Tells `to` what is allocated now, and from here on what changes.
  synchronized void shadowInto(ShadowMemory to) {
    shadow = to;
    large.forEach((addr, l) -> to.allocated(addr, l.size));
    for (Slab slab : slabOfSpan) {
      for (int i = 0; slab != null && i < slab.slots; i++) {
        if (slab.sizeOf(i) >= 0) {
          to.allocated(slab.addrOf(i), slab.sizeOf(i));
        } else if (slab.labelOf(i) != null) {
          to.mark(slab.addrOf(i), slab.stride, ShadowMemory.FREED);
        }
      }
    }
  }

  private @Nullable Slab slabAt(long addr) {
    long span = addr / Slab.SPAN;
    return addr >= 0 && span < slabOfSpan.length ? slabOfSpan[(int) span] : null;
  }

  /// Classes are 16 bytes apart up to 256 bytes, then eight to a power of two.
  static int classOf(int bytes) {
    if (bytes <= 256) {
      return (bytes + 15) / 16;
    }
    int log = 31 - Integer.numberOfLeadingZeros(bytes - 1);
    int step = (bytes - 1) >> (log - 3);
    return 16 + (log - 8) * 8 + (step - 8) + 1;
  }

  static int strideOf(int sizeClass) {
    if (sizeClass <= 16) {
      return Math.max(sizeClass, 1) * 16;
    }
    int k = sizeClass - 17;
    return (9 + k % 8) << (k / 8 + 5);
  }
}
