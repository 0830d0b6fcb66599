package bpf4j.verifier.kfunc;

import java.util.Set;

/// Kfuncs that the verifier knows by name. Source: `special_kfunc_list` of Linux 6.18.
final class KfuncNames {
  static final Set<String> LIST =
      Set.of(
          "bpf_list_push_front_impl",
          "bpf_list_push_back_impl",
          "bpf_list_pop_front",
          "bpf_list_pop_back",
          "bpf_list_front",
          "bpf_list_back");

  static final Set<String> RBTREE =
      Set.of(
          "bpf_rbtree_add_impl",
          "bpf_rbtree_remove",
          "bpf_rbtree_first",
          "bpf_rbtree_root",
          "bpf_rbtree_left",
          "bpf_rbtree_right");

  /// Kfuncs that insert an object they are given the reference of.
  static final Set<String> INSERTS =
      Set.of("bpf_list_push_front_impl", "bpf_list_push_back_impl", "bpf_rbtree_add_impl");

  static final Set<String> RES_LOCKS =
      Set.of(
          "bpf_res_spin_lock",
          "bpf_res_spin_unlock",
          "bpf_res_spin_lock_irqsave",
          "bpf_res_spin_unlock_irqrestore");

  static final Set<String> NUM_ITER =
      Set.of("bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy");

  static final Set<String> TASK_WORK =
      Set.of("bpf_task_work_schedule_signal_impl", "bpf_task_work_schedule_resume_impl");

  static final Set<String> DEVICE_BOUND =
      Set.of(
          "bpf_xdp_metadata_rx_hash",
          "bpf_xdp_metadata_rx_timestamp",
          "bpf_xdp_metadata_rx_vlan_tag");

  static final String WQ_SET_CALLBACK = "bpf_wq_set_callback_impl";
  static final String RBTREE_ADD = "bpf_rbtree_add_impl";
  static final String REFCOUNT_ACQUIRE = "bpf_refcount_acquire_impl";
  static final String OBJ_NEW = "bpf_obj_new_impl";
  static final String OBJ_DROP = "bpf_obj_drop_impl";
  static final String PERCPU_OBJ_NEW = "bpf_percpu_obj_new_impl";
  static final String PERCPU_OBJ_DROP = "bpf_percpu_obj_drop_impl";
  static final String THROW = "bpf_throw";

  private KfuncNames() {}

  static boolean isGraph(String name) {
    return LIST.contains(name) || RBTREE.contains(name) || name.equals(REFCOUNT_ACQUIRE);
  }

  /// Whether it may be called while a lock is held.
  static boolean allowedUnderLock(String name) {
    return isGraph(name)
        || NUM_ITER.contains(name)
        || RES_LOCKS.contains(name)
        || name.equals("bpf_stream_vprintk_impl");
  }

  static boolean takesResLock(String name) {
    return name.equals("bpf_res_spin_lock") || name.equals("bpf_res_spin_lock_irqsave");
  }
}
