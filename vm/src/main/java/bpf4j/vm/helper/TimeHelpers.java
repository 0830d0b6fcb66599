package bpf4j.vm.helper;

import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.kernel.VirtualKernel;

/// Clocks and random numbers.
final class TimeHelpers {
  private static final long NANOS_PER_TICK = 1_000_000_000L / VirtualKernel.HZ;

  /// `INITIAL_JIFFIES`: the kernel's counter starts five minutes before it wraps on 32 bits.
  private static final long INITIAL_JIFFIES = -300 * VirtualKernel.HZ & 0xffff_ffffL;

  private TimeHelpers() {}

  static void register(HelperRegistry r) {
    r.add("ktime_get_ns", (rc, _, _, _, _, _) -> now(rc));
    r.add("ktime_get_boot_ns", (rc, _, _, _, _, _) -> now(rc));
    r.add("ktime_get_coarse_ns", TimeHelpers::coarse);
    r.add(
        "ktime_get_tai_ns",
        (rc, _, _, _, _, _) -> now(rc) + RunEnv.of(rc).kernel().wallOffsetNanos());
    r.add("jiffies64", TimeHelpers::jiffies);
    r.add(
        "get_prandom_u32",
        (rc, _, _, _, _, _) -> RunEnv.of(rc).kernel().nextRandom() & 0xffff_ffffL);
  }

  private static long now(RunCtx rc) {
    return RunEnv.of(rc).kernel().readClock();
  }

  private static long coarse(RunCtx rc, long r1, long r2, long r3, long r4, long r5) {
    long nanos = now(rc);
    return nanos - nanos % NANOS_PER_TICK;
  }

  private static long jiffies(RunCtx rc, long r1, long r2, long r3, long r4, long r5) {
    return INITIAL_JIFFIES + now(rc) / NANOS_PER_TICK;
  }
}
