package bpf4j.vm.helper;

import bpf4j.vm.engine.BpfThrow;
import bpf4j.vm.engine.RunCtx;

/// Exceptions, arenas and casts.
final class MiscKfuncs {
  private MiscKfuncs() {}

  static void register(KfuncRegistry r) {
    r.add("bpf_throw", MiscKfuncs::raise);
    r.add("bpf_cast_to_kern_ctx", (_, ctx, _, _, _, _) -> ctx);
    r.add("bpf_rdonly_cast", (_, ptr, _, _, _, _) -> ptr);
    r.add("bpf_map_sum_elem_count", MiscKfuncs::elementCount);
  }

  private static long raise(RunCtx rc, long cookie, long r2, long r3, long r4, long r5) {
    throw new BpfThrow(cookie);
  }

  private static long elementCount(RunCtx rc, long map, long r2, long r3, long r4, long r5) {
    long[] count = {0};
    RunEnv.of(rc)
        .map(map)
        .forEachElem(
            (_, _) -> {
              count[0]++;
              return 0;
            },
            0,
            rc.cpu());
    return count[0];
  }
}
