package bpf4j.vm.jit;

import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.RunCtx;

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

  static GuestTrap illegal(int slotIdx) {
    return new GuestTrap(slotIdx, "illegal instruction");
  }

  /// The verifier had found that no path leads here.
  static GuestTrap dead(int slotIdx) {
    return new GuestTrap(slotIdx, "control reached an instruction that was proved unreachable");
  }
}
