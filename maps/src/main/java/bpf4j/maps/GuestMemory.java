package bpf4j.maps;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The address space of one collection: everything a program can point at lives here.
///
/// A guest pointer is an offset into one reserved, lazily committed, power-of-two-sized segment; an
/// access masks the address into it, so no guest can reach memory outside.
public final class GuestMemory implements AutoCloseable {
  /// Size of the address space by default, in bytes.
  public static final long DEFAULT_SIZE = 1L << 32;

  /// Bytes behind the mask's range, so that an 8-byte access at the last address stays inside.
  static final long TAIL = 4096;

  static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Atomic access to an aligned 4-byte word (coordinates: segment, guest address).
  public static final VarHandle ATOMIC32 = ValueLayout.JAVA_INT.varHandle();

  /// Atomic access to an aligned 8-byte word (coordinates: segment, guest address).
  public static final VarHandle ATOMIC64 = ValueLayout.JAVA_LONG.varHandle();

  private final Arena arena;
  private final MemorySegment segment;
  private final long mask;

  private GuestMemory(Arena arena, MemorySegment segment, long mask) {
    this.arena = arena;
    this.segment = segment;
    this.mask = mask;
  }

  /// Reserves an address space of `size` bytes, a power of two; throws [IllegalArgumentException]
  /// for another size and [UncheckedIOException] where the reservation fails.
  public static GuestMemory reserve(long size) {
    if (Long.bitCount(size) != 1 || size < 1 << 16) {
      throw new IllegalArgumentException("guest memory size is not a power of two: " + size);
    }
    Arena arena = Arena.ofShared();
    try {
      Path file = Files.createTempFile("bpf4j-guest", ".mem");
      try (FileChannel channel =
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.SPARSE,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        MemorySegment segment = channel.map(FileChannel.MapMode.PRIVATE, 0, size + TAIL, arena);
        return new GuestMemory(arena, segment, size - 1);
      }
    } catch (IOException e) {
      arena.close();
      throw new UncheckedIOException(e);
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

  @Override
  public void close() {
    arena.close();
  }
}
