package bpf4j.vm.helper;

import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Maps: elements, queues, per-CPU values.
final class MapHelpers {
  private MapHelpers() {}

  static void register(HelperRegistry r) {
    r.add("map_lookup_elem", MapHelpers::lookup);
    r.add("map_update_elem", MapHelpers::update);
    r.add(
        "map_delete_elem",
        (rc, map, key, _, _, _) -> RunEnv.of(rc).map(map).deleteElem(key, rc.cpu()));
    r.add(
        "map_push_elem",
        (rc, map, value, flags, _, _) -> RunEnv.of(rc).map(map).pushElem(value, flags));
    r.add("map_pop_elem", (rc, map, value, _, _, _) -> RunEnv.of(rc).map(map).popElem(value));
    r.add("map_peek_elem", (rc, map, value, _, _, _) -> RunEnv.of(rc).map(map).peekElem(value));
    r.add("map_lookup_percpu_elem", MapHelpers::lookupPercpu);
    r.add("for_each_map_elem", MapHelpers::forEach);
  }

  private static long lookup(RunCtx rc, long map, long key, long r3, long r4, long r5) {
    return RunEnv.of(rc).map(map).lookupElem(key, rc.cpu());
  }

  private static long update(RunCtx rc, long map, long key, long value, long flags, long r5) {
    return RunEnv.of(rc).map(map).updateElem(key, value, flags, rc.cpu());
  }

  private static long lookupPercpu(RunCtx rc, long map, long key, long cpu, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    if (Integer.compareUnsigned((int) cpu, env.machine().maps().possibleCpus()) >= 0) {
      return 0;
    }
    return env.map(map).lookupPercpuElem(key, (int) cpu);
  }

  private static long forEach(
      RunCtx rc, long map, long callback, long callbackCtx, long flags, long r5) {
    if (flags != 0) {
      return Errno.EINVAL.negated();
    }
    return RunEnv.of(rc)
        .map(map)
        .forEachElem(
            (key, value) -> rc.callBack(callback, map, key, value, callbackCtx, 0),
            flags,
            rc.cpu());
  }
}
