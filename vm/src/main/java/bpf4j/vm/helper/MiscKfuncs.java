package bpf4j.vm.helper;

import bpf4j.maps.ArenaMap;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.BpfThrow;
import bpf4j.vm.engine.RunCtx;

/// Exceptions, arenas and casts.
final class MiscKfuncs {
  private static final long LOW = 0xffff_ffffL;

  private MiscKfuncs() {}

  static void register(KfuncRegistry r) {
    r.add("bpf_throw", MiscKfuncs::raise);
    r.add("bpf_arena_alloc_pages", MiscKfuncs::allocPages);
    r.add("bpf_arena_free_pages", MiscKfuncs::freePages);
    r.add("bpf_cast_to_kern_ctx", (_, ctx, _, _, _, _) -> ctx);
    r.add("bpf_rdonly_cast", (_, ptr, _, _, _, _) -> ptr);
    r.add("bpf_map_sum_elem_count", MiscKfuncs::elementCount);
  }

  private static long raise(RunCtx rc, long cookie, long r2, long r3, long r4, long r5) {
    throw new BpfThrow(cookie);
  }

  private static ArenaMap arena(RunCtx rc, long map) {
    if (RunEnv.of(rc).map(map) instanceof ArenaMap arena) {
      return arena;
    }
    throw new GuestTrap(0, "not an arena: 0x" + Long.toHexString(map));
  }

  /// Programs see user-space addresses, whose low half is the guest address.
  private static long allocPages(RunCtx rc, long map, long addr, long count, long node, long r5) {
    ArenaMap arena = arena(rc, map);
    long pages = count & 0xffff_ffffL;
    long at = pages == 0 ? 0 : arena.allocPages(addr & LOW, pages);
    return at == 0 ? 0 : at | (arena.spec().mapExtra() & ~LOW);
  }

  private static long freePages(RunCtx rc, long map, long addr, long count, long r4, long r5) {
    arena(rc, map).freePages(addr & LOW, count & LOW);
    return 0;
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
