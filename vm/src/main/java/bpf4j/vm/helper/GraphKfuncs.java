package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Linked lists and red-black trees.
final class GraphKfuncs {
  private GraphKfuncs() {}

  static void register(KfuncRegistry r) {
    r.add("bpf_list_push_front_impl", (rc, head, node, _, _, _) -> push(rc, head, node, false));
    r.add("bpf_list_push_back_impl", (rc, head, node, _, _, _) -> push(rc, head, node, true));
    r.add("bpf_list_pop_front", (rc, h, _, _, _, _) -> GuestList.pop(rc.memory(), h, false));
    r.add("bpf_list_pop_back", (rc, h, _, _, _, _) -> GuestList.pop(rc.memory(), h, true));
    r.add("bpf_list_front", (rc, h, _, _, _, _) -> GuestList.peek(rc.memory(), h, false));
    r.add("bpf_list_back", (rc, h, _, _, _, _) -> GuestList.peek(rc.memory(), h, true));
    r.add("bpf_rbtree_add_impl", GraphKfuncs::add);
    r.add("bpf_rbtree_remove", GraphKfuncs::remove);
    r.add("bpf_rbtree_first", (rc, t, _, _, _, _) -> GuestTree.first(rc.memory(), t));
    r.add("bpf_rbtree_root", (rc, t, _, _, _, _) -> rc.memory().getU64(t));
    r.add("bpf_rbtree_left", (rc, t, n, _, _, _) -> GuestTree.child(rc.memory(), t, n, true));
    r.add("bpf_rbtree_right", (rc, t, n, _, _, _) -> GuestTree.child(rc.memory(), t, n, false));
  }

  private static long push(RunCtx rc, long head, long node, boolean tail) {
    if (GuestList.push(rc.memory(), head, node, tail)) {
      return 0;
    }
    RunEnv.of(rc).machine().objects().dropNode(node);
    return Errno.EINVAL.negated();
  }

  private static long add(RunCtx rc, long root, long node, long less, long r4, long r5) {
    GuestMemory memory = rc.memory();
    boolean added =
        GuestTree.add(memory, root, node, (a, b) -> (rc.callBack(less, a, b, 0, 0, 0) & 0xff) != 0);
    if (added) {
      return 0;
    }
    RunEnv.of(rc).machine().objects().dropNode(node);
    return Errno.EINVAL.negated();
  }

  private static long remove(RunCtx rc, long root, long node, long r3, long r4, long r5) {
    return GuestTree.remove(rc.memory(), root, node) ? node : 0;
  }
}
