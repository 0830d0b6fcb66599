package bpf4j.vm.helper;

import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Timers on the virtual clock: one whose time has come fires when a run ends.
final class TimerHelpers {
  private static final long F_ABS = 1;
  private static final long F_CPU_PIN = 2;
  private static final long CLOCK_MASK = 0xf;

  private TimerHelpers() {}

  static void register(HelperRegistry r) {
    r.add("timer_init", TimerHelpers::init);
    r.add("timer_set_callback", TimerHelpers::setCallback);
    r.add("timer_start", TimerHelpers::start);
    r.add("timer_cancel", TimerHelpers::cancel);
    r.add("kptr_xchg", TimerHelpers::exchange);
  }

  private static long init(RunCtx rc, long timer, long map, long flags, long r4, long r5) {
    // CLOCK_REALTIME is not among them.
    boolean clock = flags == 1 || flags == 7;
    if ((flags & ~CLOCK_MASK) != 0 || !clock) {
      return Errno.EINVAL.negated();
    }
    return RunEnv.of(rc).machine().timers().init(timer, map) ? 0 : Errno.EBUSY.negated();
  }

  private static long setCallback(RunCtx rc, long timer, long callback, long r3, long r4, long r5) {
    return RunEnv.of(rc).machine().timers().setCallback(timer, callback);
  }

  private static long start(RunCtx rc, long timer, long nanos, long flags, long r4, long r5) {
    if ((flags & ~(F_ABS | F_CPU_PIN)) != 0) {
      return Errno.EINVAL.negated();
    }
    RunEnv env = RunEnv.of(rc);
    long base = (flags & F_ABS) != 0 ? 0 : env.kernel().nanos();
    return env.machine().timers().start(timer, base + nanos);
  }

  private static long cancel(RunCtx rc, long timer, long r2, long r3, long r4, long r5) {
    return RunEnv.of(rc).machine().timers().cancel(timer);
  }

  /// Swaps the pointer in a map value: the old one.
  private static long exchange(RunCtx rc, long slot, long pointer, long r3, long r4, long r5) {
    return bpf4j.vm.engine.Atomics.rmw64(rc.memory(), 0xe1, slot, pointer, 0);
  }
}
