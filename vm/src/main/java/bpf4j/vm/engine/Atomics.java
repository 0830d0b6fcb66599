package bpf4j.vm.engine;

import bpf4j.maps.GuestMemory;
import java.lang.foreign.MemorySegment;

/// Atomic read-modify-write on guest memory. Source: RFC 9669 section 5.3, and `load_acquire` and
/// `store_release` of Linux 6.18.
///
/// The kernel's x86 instructions work on unaligned addresses too; here those take a lock, because
/// the JVM has no unaligned atomics.
public final class Atomics {
  static final int FETCH = 1;
  static final int CMPXCHG = 0xf1;
  private static final Object UNALIGNED = new Object();

  private Atomics() {}

  /// Does what `imm` says with the 8 bytes at `addr`; the old value. `expected` is `r0`, used by
  /// compare-and-exchange.
  public static long rmw64(GuestMemory memory, int imm, long addr, long operand, long expected) {
    long at = addr & memory.mask();
    if ((at & 7) != 0) {
      return unaligned(memory, imm, 8, at, operand, expected);
    }
    MemorySegment segment = memory.segment();
    return switch (imm & ~FETCH) {
      case 0x00 -> (long) GuestMemory.ATOMIC64.getAndAdd(segment, at, operand);
      case 0x40 -> (long) GuestMemory.ATOMIC64.getAndBitwiseOr(segment, at, operand);
      case 0x50 -> (long) GuestMemory.ATOMIC64.getAndBitwiseAnd(segment, at, operand);
      case 0xa0 -> (long) GuestMemory.ATOMIC64.getAndBitwiseXor(segment, at, operand);
      case 0xe0 -> (long) GuestMemory.ATOMIC64.getAndSet(segment, at, operand);
      case 0xf0 -> (long) GuestMemory.ATOMIC64.compareAndExchange(segment, at, expected, operand);
      default -> throw new IllegalArgumentException("atomic operation " + imm);
    };
  }

  /// As [#rmw64] with 4 bytes; the old value is zero-extended.
  public static long rmw32(GuestMemory memory, int imm, long addr, long operand, long expected) {
    long at = addr & memory.mask();
    if ((at & 3) != 0) {
      return unaligned(memory, imm, 4, at, operand, expected);
    }
    MemorySegment segment = memory.segment();
    int value = (int) operand;
    int old =
        switch (imm & ~FETCH) {
          case 0x00 -> (int) GuestMemory.ATOMIC32.getAndAdd(segment, at, value);
          case 0x40 -> (int) GuestMemory.ATOMIC32.getAndBitwiseOr(segment, at, value);
          case 0x50 -> (int) GuestMemory.ATOMIC32.getAndBitwiseAnd(segment, at, value);
          case 0xa0 -> (int) GuestMemory.ATOMIC32.getAndBitwiseXor(segment, at, value);
          case 0xe0 -> (int) GuestMemory.ATOMIC32.getAndSet(segment, at, value);
          case 0xf0 ->
              (int) GuestMemory.ATOMIC32.compareAndExchange(segment, at, (int) expected, value);
          default -> throw new IllegalArgumentException("atomic operation " + imm);
        };
    return Integer.toUnsignedLong(old);
  }

  /// Whether `imm` names an operation of Linux 6.18 other than load-acquire and store-release.
  public static boolean isKnown(int imm) {
    return switch (imm) {
      case 0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1 -> true;
      default -> false;
    };
  }

  /// Load with acquire order; `size` is 1, 2, 4 or 8 and the result is zero-extended.
  public static long loadAcquire(GuestMemory memory, int size, long addr) {
    long at = addr & memory.mask();
    if (size == 8 && (at & 7) == 0) {
      return (long) GuestMemory.ATOMIC64.getAcquire(memory.segment(), at);
    }
    if (size == 4 && (at & 3) == 0) {
      return Integer.toUnsignedLong((int) GuestMemory.ATOMIC32.getAcquire(memory.segment(), at));
    }
    long value = load(memory, size, at);
    java.lang.invoke.VarHandle.acquireFence();
    return value;
  }

  /// Store with release order of the low `size` bytes of `value`.
  public static void storeRelease(GuestMemory memory, int size, long addr, long value) {
    long at = addr & memory.mask();
    if (size == 8 && (at & 7) == 0) {
      GuestMemory.ATOMIC64.setRelease(memory.segment(), at, value);
    } else if (size == 4 && (at & 3) == 0) {
      GuestMemory.ATOMIC32.setRelease(memory.segment(), at, (int) value);
    } else {
      java.lang.invoke.VarHandle.releaseFence();
      store(memory, size, at, value);
    }
  }

  static long load(GuestMemory memory, int size, long addr) {
    return switch (size) {
      case 1 -> memory.getU8(addr);
      case 2 -> memory.getU16(addr);
      case 4 -> memory.getU32(addr);
      default -> memory.getU64(addr);
    };
  }

  static void store(GuestMemory memory, int size, long addr, long value) {
    switch (size) {
      case 1 -> memory.putU8(addr, value);
      case 2 -> memory.putU16(addr, value);
      case 4 -> memory.putU32(addr, value);
      default -> memory.putU64(addr, value);
    }
  }

  private static long unaligned(
      GuestMemory memory, int imm, int size, long at, long operand, long expected) {
    synchronized (UNALIGNED) {
      long old = load(memory, size, at);
      long next =
          switch (imm & ~FETCH) {
            case 0x00 -> old + operand;
            case 0x40 -> old | operand;
            case 0x50 -> old & operand;
            case 0xa0 -> old ^ operand;
            case 0xe0 -> operand;
            case 0xf0 -> old == (size == 4 ? expected & 0xffff_ffffL : expected) ? operand : old;
            default -> throw new IllegalArgumentException("atomic operation " + imm);
          };
      store(memory, size, at, next);
      return old;
    }
  }
}
