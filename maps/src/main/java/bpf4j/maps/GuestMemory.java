package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The address space of one collection: everything a program can point at lives here.
///
/// A guest pointer is an offset into one reserved, lazily committed, power-of-two-sized segment; an
/// access masks the address into it, so no guest can reach memory outside. All words are
/// little-endian.
///
/// ```text
///   0 ─ 64 KiB          never allocated: a null pointer and what is near it
///   64 KiB ─ 4 GiB      stacks, contexts, packets, maps
///   4 GiB ─ size        large allocations that need not be low (only in larger memories)
/// ```
public final class GuestMemory implements AutoCloseable {
  /// Size of the address space by default, in bytes.
  public static final long DEFAULT_SIZE = 1L << 32;

  /// Least size of an address space, in bytes.
  public static final long MIN_SIZE = 1 << 20;

  /// Bytes behind the mask's range, so that an 8-byte access at the last address stays inside.
  static final long TAIL = 4096;

  static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Atomic access to an aligned 4-byte word (coordinates: segment, guest address).
  public static final VarHandle ATOMIC32 =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// Atomic access to an aligned 8-byte word (coordinates: segment, guest address).
  public static final VarHandle ATOMIC64 =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  /// One piece of memory that was handed out.
  ///
  /// @param addr its first byte
  /// @param size its bytes
  /// @param label what it is, as said when it was allocated
  /// @param live false when it was freed
  public record Allocation(long addr, long size, String label, boolean live) {}

  private final Arena arena;
  private final MemorySegment segment;
  private final long mask;
  private final @Nullable Path leftover;
  private final GuestAllocator allocator;
  private volatile @Nullable ShadowMemory shadow;

  private GuestMemory(Arena arena, MemorySegment segment, long size, @Nullable Path leftover) {
    this.arena = arena;
    this.segment = segment;
    this.mask = size - 1;
    this.leftover = leftover;
    this.allocator = new GuestAllocator(this, size);
  }

  /// Reserves an address space of [#DEFAULT_SIZE], or a smaller one where the machine has no room
  /// for that.
  public static GuestMemory reserve() {
    for (long size = DEFAULT_SIZE; ; size >>= 1) {
      try {
        return reserve(size);
      } catch (MapException e) {
        if (size <= 1 << 26) {
          throw e;
        }
      }
    }
  }

  /// Reserves an address space of `size` bytes, a power of two from [#MIN_SIZE]; throws
  /// [IllegalArgumentException] for another size and [MapException] with ENOMEM where the machine
  /// has no room.
  ///
  /// Ways, in this order: a private mapping of a sparse file, a shared mapping of it, plain memory
  /// (up to 256 MiB). None needs access to native code.
  public static GuestMemory reserve(long size) {
    if (Long.bitCount(size) != 1 || size < MIN_SIZE) {
      throw new IllegalArgumentException("guest memory size is not a power of two: " + size);
    }
    for (MapMode mode : new MapMode[] {MapMode.PRIVATE, MapMode.READ_WRITE}) {
      Arena arena = Arena.ofShared();
      try {
        return mapSparseFile(arena, size, mode);
      } catch (IOException | UnsupportedOperationException | OutOfMemoryError _) {
        arena.close();
      }
    }
    if (size <= 1 << 28) {
      Arena arena = Arena.ofShared();
      try {
        return new GuestMemory(arena, arena.allocate(size + TAIL, TAIL), size, null);
      } catch (OutOfMemoryError _) {
        arena.close();
      }
    }
    throw new MapException(
        Errno.ENOMEM,
        "no room for a guest address space of " + size + " bytes; ask for a smaller one");
  }

  private static GuestMemory mapSparseFile(Arena arena, long size, MapMode mode)
      throws IOException {
    Path file =
        Path.of(System.getProperty("java.io.tmpdir"))
            .resolve(
                "bpf4j-"
                    + ProcessHandle.current().pid()
                    + "-"
                    + Long.toHexString(ThreadLocalRandom.current().nextLong())
                    + ".mem");
    MemorySegment segment;
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      segment = channel.map(mode, 0, size + TAIL, arena);
    }
    // Gone already where the system lets a mapped file be deleted; else it goes with the mapping.
    boolean gone = deleted(file);
    if (!gone) {
      file.toFile().deleteOnExit();
    }
    return new GuestMemory(arena, segment, size, gone ? null : file);
  }

  private static boolean deleted(Path file) {
    try {
      Files.deleteIfExists(file);
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /// The whole segment; JIT code holds it as a class-data constant.
  public MemorySegment segment() {
    return segment;
  }

  /// The mask that every guest address is put through.
  public long mask() {
    return mask;
  }

  /// Bytes of the address space.
  public long size() {
    return mask + 1;
  }

  /// Hands out `size` zeroed bytes below 4 GiB, 16-byte aligned; throws [MapException] with ENOMEM
  /// when there is no room. `label` says what it is, for traps.
  public long allocate(long size, String label) {
    return orOutOfMemory(allocator.allocate(size, true, label), size, label);
  }

  /// Like [#allocate], but may lie above 4 GiB where the address space is larger than that.
  public long allocateAnywhere(long size, String label) {
    return orOutOfMemory(allocator.allocate(size, false, label), size, label);
  }

  /// Like [#allocate], but gives 0 when there is no room.
  public long tryAllocate(long size, String label) {
    return allocator.allocate(size, true, label);
  }

  private long orOutOfMemory(long addr, long size, String label) {
    if (addr == 0) {
      throw new MapException(
          Errno.ENOMEM,
          "no room for %d bytes (%s): %d of the guest address space's %d bytes are in use"
              .formatted(size, label, allocator.usedBytes(), size()));
    }
    return addr;
  }

  /// Gives back an allocation; throws [IllegalArgumentException] when `addr` is not the start of a
  /// live one.
  public void free(long addr) {
    allocator.free(addr);
  }

  /// Bytes asked for and not yet freed.
  public long usedBytes() {
    return allocator.usedBytes();
  }

  /// The allocation that holds `addr` or whose red zone does, or null.
  public @Nullable Allocation allocationAt(long addr) {
    return allocator.find(addr & mask);
  }

  /// The shadow state for the *checked* tier, built on first call and kept up to date from then on.
  public synchronized ShadowMemory enableShadow() {
    ShadowMemory s = shadow;
    if (s == null) {
      s = new ShadowMemory(size());
      allocator.shadowInto(s);
      shadow = s;
    }
    return s;
  }

  /// The shadow state, or null as long as nobody asked for it.
  public @Nullable ShadowMemory shadow() {
    return shadow;
  }

  /// Says in words what a refused access of `size` bytes at `addr` has hit.
  public String describe(ShadowMemory.Access access, long addr, int size) {
    String what = "%d bytes at 0x%x".formatted(size, addr);
    Allocation a = allocationAt(addr);
    if (a == null) {
      return what + ": not allocated" + ((addr & mask) < GuestAllocator.FIRST ? " (null)" : "");
    }
    long off = (addr & mask) - a.addr;
    return switch (access) {
      case OK -> what + ": " + a.label + " + " + off;
      case UNALLOCATED -> what + ": not allocated";
      case FREED -> what + ": " + a.label + " + " + off + ", freed";
      case METADATA -> what + ": inside the bookkeeping of " + a.label + ", at " + off;
      case UNINITIALISED -> what + ": " + a.label + " + " + off + ", never written";
      case RED_ZONE ->
          "%s: %d bytes past the end of %s (%d bytes)"
              .formatted(what, off + size - a.size, a.label, a.size);
    };
  }

  public long getU8(long addr) {
    return segment.get(ValueLayout.JAVA_BYTE, addr & mask) & 0xffL;
  }

  public long getU16(long addr) {
    return segment.get(U16, addr & mask) & 0xffffL;
  }

  public long getU32(long addr) {
    return segment.get(U32, addr & mask) & 0xffff_ffffL;
  }

  public long getU64(long addr) {
    return segment.get(U64, addr & mask);
  }

  public void putU8(long addr, long value) {
    segment.set(ValueLayout.JAVA_BYTE, addr & mask, (byte) value);
  }

  public void putU16(long addr, long value) {
    segment.set(U16, addr & mask, (short) value);
  }

  public void putU32(long addr, long value) {
    segment.set(U32, addr & mask, (int) value);
  }

  public void putU64(long addr, long value) {
    segment.set(U64, addr & mask, value);
  }

  /// A 4-byte load with acquire semantics; `addr` is 4-byte aligned.
  public int getU32Acquire(long addr) {
    return (int) ATOMIC32.getAcquire(segment, addr & mask);
  }

  /// A 4-byte store with release semantics; `addr` is 4-byte aligned.
  public void putU32Release(long addr, int value) {
    ATOMIC32.setRelease(segment, addr & mask, value);
  }

  /// Copies `size` bytes inside guest memory; the ranges may overlap.
  public void copy(long dst, long src, long size) {
    MemorySegment.copy(segment, range(src, size), segment, range(dst, size), size);
  }

  /// Copies `size` bytes out of guest memory.
  public byte[] getBytes(long addr, int size) {
    byte[] out = new byte[size];
    MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, range(addr, size), out, 0, size);
    return out;
  }

  /// Copies `size` bytes of `from` into guest memory.
  public void putBytes(long addr, byte[] from, int off, int size) {
    MemorySegment.copy(from, off, segment, ValueLayout.JAVA_BYTE, range(addr, size), size);
  }

  /// Copies all of `from` into guest memory.
  public void putBytes(long addr, byte[] from) {
    putBytes(addr, from, 0, from.length);
  }

  /// Sets `size` bytes to `value`.
  public void fill(long addr, long size, int value) {
    segment.asSlice(range(addr, size), size).fill((byte) value);
  }

  /// Whether `size` bytes at `a` and at `b` are the same.
  public boolean equal(long a, long b, long size) {
    if (size == 4) {
      return getU32(a) == getU32(b);
    }
    long x = range(a, size);
    long y = range(b, size);
    return MemorySegment.mismatch(segment, x, x + size, segment, y, y + size) < 0;
  }

  /// Whether `size` bytes at `addr` equal the first of `bytes`.
  public boolean equal(long addr, byte[] bytes, int size) {
    long x = range(addr, size);
    return MemorySegment.mismatch(segment, x, x + size, MemorySegment.ofArray(bytes), 0, size) < 0;
  }

  /// A view of `size` bytes, as `mmap` would give it; valid until this memory is closed.
  public MemorySegment view(long addr, long size) {
    return segment.asSlice(range(addr, size), size);
  }

  /// Zeroes memory just taken, where it is not zero by itself.
  void clear(long addr, long size, boolean wasUsed) {
    if (wasUsed) {
      segment.asSlice(addr, size).fill((byte) 0);
    }
  }

  private long range(long addr, long size) {
    long off = addr & mask;
    if (size < 0 || off + size > segment.byteSize()) {
      throw new MapException(
          Errno.EFAULT,
          "%d bytes at 0x%x do not lie inside the guest address space".formatted(size, addr));
    }
    return off;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
      if (leftover != null) {
        deleted(leftover);
      }
    }
  }
}
