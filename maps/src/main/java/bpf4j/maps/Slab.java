package bpf4j.maps;

import org.jspecify.annotations.Nullable;

/// One span of equal slots for small allocations. What is free is known on the Java side only, so
/// no write of a guest can break the allocator.
final class Slab {
  /// Bytes of a span; spans start at multiples of it.
  static final int SPAN = 1 << 16;

  final long base;
  final int sizeClass;
  final int stride;
  final int slots;

  /// Bytes asked for in each slot; -1 for a slot that is free, with [#wasUsed] telling whether it
  /// ever was in use.
  private final short[] size;

  private final @Nullable String[] label;
  private final boolean[] wasUsed;
  int used;
  private int cursor;

  Slab(long base, int sizeClass, int stride) {
    this.base = base;
    this.sizeClass = sizeClass;
    this.stride = stride;
    this.slots = SPAN / stride;
    this.size = new short[slots];
    this.label = new String[slots];
    this.wasUsed = new boolean[slots];
    java.util.Arrays.fill(size, (short) -1);
  }

  boolean full() {
    return used == slots;
  }

  /// Takes a slot; the slab is not full.
  int take(int bytes, String what) {
    while (size[cursor] >= 0) {
      cursor = cursor + 1 == slots ? 0 : cursor + 1;
    }
    size[cursor] = (short) bytes;
    label[cursor] = what;
    used++;
    return cursor;
  }

  /// Whether the slot held something before it was taken; from now on it did.
  boolean markUsed(int slot) {
    boolean before = wasUsed[slot];
    wasUsed[slot] = true;
    return before;
  }

  void give(int slot) {
    size[slot] = -1;
    used--;
    cursor = slot;
  }

  /// The slot that `addr` falls into, its trailing red zone included.
  int slotOf(long addr) {
    return Math.min((int) ((addr - base) / stride), slots - 1);
  }

  long addrOf(int slot) {
    return base + (long) slot * stride;
  }

  int sizeOf(int slot) {
    return size[slot];
  }

  @Nullable String labelOf(int slot) {
    return label[slot];
  }
}
