package bpf4j.maps;

/// What the *checked* tier knows about every 8 bytes of guest memory.
///
/// One byte a granule, in chunks made on first use:
///
/// ```text
///   0           never allocated
///   1 … 8       so many bytes from the granule's start are addressable
///   +0x10       … and were never written since they were handed out
///   0x20        freed
///   0x21        red zone behind an allocation
///   0x22        a map's own bookkeeping, which no program may touch
/// ```
///
/// Marks are plain stores: two threads that write neighbouring bytes for the first time at the same
/// moment may lose the "written" mark of one granule only when the granule is shared, and then both
/// set the same value.
public final class ShadowMemory {
  public static final byte UNALLOCATED = 0;
  public static final byte FREED = 0x20;
  public static final byte RED_ZONE = 0x21;
  public static final byte METADATA = 0x22;

  static final byte UNINITIALISED = 0x10;
  private static final int CHUNK_SHIFT = 16;
  private static final int CHUNK_GRANULES = 1 << (CHUNK_SHIFT - 3);

  /// How an access was judged.
  public enum Access {
    OK,
    UNALLOCATED,
    FREED,
    RED_ZONE,
    METADATA,
    UNINITIALISED
  }

  private final byte[][] chunks;
  private final long mask;

  ShadowMemory(long size) {
    this.chunks = new byte[(int) (size >>> CHUNK_SHIFT)][];
    this.mask = size - 1;
  }

  /// Judges a read of `size` bytes at `addr`.
  public Access checkRead(long addr, int size) {
    return check(addr & mask, size, true);
  }

  /// Judges a write of `size` bytes at `addr`; the bytes of an allowed one count as initialised.
  public Access checkWrite(long addr, int size) {
    Access access = check(addr & mask, size, false);
    if (access == Access.OK) {
      markInitialised(addr, size);
    }
    return access;
  }

  private Access check(long addr, int size, boolean read) {
    long end = addr + size;
    for (long granule = addr & -8; granule < end; granule += 8) {
      int state = stateAt(granule & mask);
      if (state >= FREED || state == UNALLOCATED) {
        return switch (state) {
          case FREED -> Access.FREED;
          case METADATA -> Access.METADATA;
          case RED_ZONE -> Access.RED_ZONE;
          default -> Access.UNALLOCATED;
        };
      }
      if (Math.min(end - granule, 8) > (state & 0xf)) {
        return Access.RED_ZONE;
      }
      if (read && (state & UNINITIALISED) != 0) {
        return Access.UNINITIALISED;
      }
    }
    return Access.OK;
  }

  /// Marks whole granules of `[addr, addr + size)` with one of the states above.
  public void mark(long addr, long size, byte state) {
    for (long a = addr & -8; a < addr + size; a += 8) {
      set(a & mask, state);
    }
  }

  /// Makes `size` bytes addressable, and their contents known.
  public void markInitialised(long addr, long size) {
    for (long a = addr & -8; a < addr + size; a += 8) {
      int state = stateAt(a & mask);
      if ((state & UNINITIALISED) != 0 && state < FREED) {
        set(a & mask, (byte) (state & 0xf));
      }
    }
  }

  /// Says that the addressable bytes of `[addr, addr + size)` hold nothing yet: a new stack frame,
  /// a reserved ring-buffer record.
  public void markUninitialised(long addr, long size) {
    for (long a = addr & -8; a < addr + size; a += 8) {
      int state = stateAt(a & mask);
      if (state != UNALLOCATED && state < FREED) {
        set(a & mask, (byte) (state | UNINITIALISED));
      }
    }
  }

  /// Makes `size` bytes from `addr` (8-byte aligned) addressable, and what follows a red zone.
  void allocated(long addr, long size) {
    addressable(addr, size);
    mark(PageHeap.alignUp(addr + size, 8), GuestAllocator.RED_ZONE - 7, RED_ZONE);
  }

  /// Makes `size` bytes from `addr` (8-byte aligned) addressable and nothing else.
  public void addressable(long addr, long size) {
    mark(addr, size & -8, (byte) 8);
    if ((size & 7) != 0) {
      set((addr + size) & -8 & mask, (byte) (size & 7));
    }
  }

  private int stateAt(long addr) {
    byte[] chunk = chunks[(int) (addr >>> CHUNK_SHIFT)];
    return chunk == null ? UNALLOCATED : chunk[(int) (addr >>> 3) & (CHUNK_GRANULES - 1)];
  }

  private void set(long addr, byte state) {
    int i = (int) (addr >>> CHUNK_SHIFT);
    byte[] chunk = chunks[i];
    if (chunk == null) {
      chunk = newChunk(i);
    }
    chunk[(int) (addr >>> 3) & (CHUNK_GRANULES - 1)] = state;
  }

  private synchronized byte[] newChunk(int i) {
    byte[] chunk = chunks[i];
    if (chunk == null) {
      chunk = new byte[CHUNK_GRANULES];
      chunks[i] = chunk;
    }
    return chunk;
  }
}
