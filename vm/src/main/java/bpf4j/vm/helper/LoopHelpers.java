package bpf4j.vm.helper;

import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Helpers that call back.
final class LoopHelpers {
  /// `BPF_MAX_LOOPS`.
  private static final long MAX_LOOPS = 8 << 20;

  private LoopHelpers() {}

  static void register(HelperRegistry r) {
    r.add("loop", LoopHelpers::loop);
  }

  private static long loop(RunCtx rc, long count, long callback, long ctx, long flags, long r5) {
    if (flags != 0) {
      return Errno.EINVAL.negated();
    }
    long n = count & 0xffff_ffffL;
    if (n > MAX_LOOPS) {
      return Errno.E2BIG.negated();
    }
    for (long i = 0; i < n; i++) {
      if (rc.callBack(callback, i, ctx, 0, 0, 0) != 0) {
        return i + 1;
      }
    }
    return n;
  }
}
