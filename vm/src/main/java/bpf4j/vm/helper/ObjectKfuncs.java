package bpf4j.vm.helper;

import bpf4j.model.btf.Btf;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.RunCtx;

/// Allocating and counting objects of the program's own types.
final class ObjectKfuncs {
  private ObjectKfuncs() {}

  static void register(KfuncRegistry r) {
    r.bind("bpf_obj_new_impl", scope -> allocator(scope, false));
    r.bind("bpf_percpu_obj_new_impl", scope -> allocator(scope, true));
    r.add("bpf_obj_drop_impl", ObjectKfuncs::drop);
    r.add("bpf_percpu_obj_drop_impl", ObjectKfuncs::drop);
    r.add("bpf_refcount_acquire_impl", ObjectKfuncs::acquire);
  }

  private static HelperBody allocator(KfuncRegistry.Scope scope, boolean percpu) {
    Btf btf = scope.btf();
    int copies = percpu ? scope.machine().maps().possibleCpus() : 1;
    return (rc, typeId, _, _, _, _) -> {
      if (btf == null || !btf.isValidId((int) typeId)) {
        throw new GuestTrap(0, "no type with BTF id " + typeId);
      }
      return scope.machine().objects().allocate(btf, (int) typeId, copies);
    };
  }

  private static long drop(RunCtx rc, long object, long r2, long r3, long r4, long r5) {
    RunEnv.of(rc).machine().objects().drop(object);
    return 0;
  }

  private static long acquire(RunCtx rc, long object, long r2, long r3, long r4, long r5) {
    ObjectHeap heap = RunEnv.of(rc).machine().objects();
    long start = heap.startOf(object);
    if (start >= 0) {
      heap.acquire(start);
    }
    return object;
  }
}
