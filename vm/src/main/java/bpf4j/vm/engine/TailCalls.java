package bpf4j.vm.engine;

import org.jspecify.annotations.Nullable;

/// Finds the target of `bpf_tail_call`.
public final class TailCalls {
  private TailCalls() {}

  /// The program in slot `index` (an unsigned 32-bit number) of the prog array at `mapAddr`,
  /// counted as one tail call; null when the call falls through. Source: linux-6.18 x86 JIT: bounds
  /// first, then the limit, then the slot, and only a populated slot counts.
  public static @Nullable Executable target(RunCtx rc, long mapAddr, long index) {
    Executable target = rc.tailCallSlot(mapAddr, (int) index);
    return target != null && rc.countTailCall() ? target : null;
  }
}
