package bpf4j.vm.jit;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.Atomics;
import bpf4j.vm.engine.RunCtx;
import java.lang.foreign.MemorySegment;

/// What compiled code calls for work that is not worth bytecode of its own.
final class JitRuntime {
  private JitRuntime() {}

  /// A legacy packet load; negative when the offset is outside the packet.
  static long legacyLoad(RunCtx rc, int off, int size) {
    return rc.legacyLoads().load(rc, off, size);
  }

  /// The user-space address of an arena pointer; null stays null.
  static long castUser(long pointer, long userSpaceHigh) {
    long low = pointer & 0xffff_ffffL;
    return low == 0 ? 0 : low | userSpaceHigh;
  }

  /// [Atomics#rmw64] with the segment as a constant of its own, which lets C2 leave the bounds
  /// check out.
  static long rmw64(
      GuestMemory memory,
      MemorySegment seg,
      long mask,
      int imm,
      long addr,
      long operand,
      long expected) {
    long at = addr & mask;
    if ((at & 7) != 0) {
      return Atomics.rmw64(memory, imm, addr, operand, expected);
    }
    return switch (imm & ~1) {
      case 0x00 -> (long) GuestMemory.ATOMIC64.getAndAdd(seg, at, operand);
      case 0x40 -> (long) GuestMemory.ATOMIC64.getAndBitwiseOr(seg, at, operand);
      case 0x50 -> (long) GuestMemory.ATOMIC64.getAndBitwiseAnd(seg, at, operand);
      case 0xa0 -> (long) GuestMemory.ATOMIC64.getAndBitwiseXor(seg, at, operand);
      case 0xe0 -> (long) GuestMemory.ATOMIC64.getAndSet(seg, at, operand);
      default -> (long) GuestMemory.ATOMIC64.compareAndExchange(seg, at, expected, operand);
    };
  }

  /// [Atomics#rmw32] likewise.
  static long rmw32(
      GuestMemory memory,
      MemorySegment seg,
      long mask,
      int imm,
      long addr,
      long operand,
      long expected) {
    long at = addr & mask;
    if ((at & 3) != 0) {
      return Atomics.rmw32(memory, imm, addr, operand, expected);
    }
    int value = (int) operand;
    int old =
        switch (imm & ~1) {
          case 0x00 -> (int) GuestMemory.ATOMIC32.getAndAdd(seg, at, value);
          case 0x40 -> (int) GuestMemory.ATOMIC32.getAndBitwiseOr(seg, at, value);
          case 0x50 -> (int) GuestMemory.ATOMIC32.getAndBitwiseAnd(seg, at, value);
          case 0xa0 -> (int) GuestMemory.ATOMIC32.getAndBitwiseXor(seg, at, value);
          case 0xe0 -> (int) GuestMemory.ATOMIC32.getAndSet(seg, at, value);
          default -> (int) GuestMemory.ATOMIC32.compareAndExchange(seg, at, (int) expected, value);
        };
    return Integer.toUnsignedLong(old);
  }

  static GuestTrap illegal(int slotIdx) {
    return new GuestTrap(slotIdx, "illegal instruction");
  }

  /// The verifier had found that no path leads here.
  static GuestTrap dead(int slotIdx) {
    return new GuestTrap(slotIdx, "control reached an instruction that was proved unreachable");
  }
}
