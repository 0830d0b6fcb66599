package bpf4j.verifier.btf;

import java.util.Set;

/// Kernel structs with a destructor, so that a map may own a reference to one (`__kptr`). Source:
/// `register_btf_id_dtor_kfuncs` callers of Linux 6.18.
final class KptrDestructors {
  private static final Set<String> STRUCTS =
      Set.of(
          "task_struct",
          "cgroup",
          "bpf_cpumask",
          "bpf_crypto_ctx",
          "prog_test_ref_kfunc",
          "prog_test_member");

  private KptrDestructors() {}

  static boolean has(String struct) {
    return STRUCTS.contains(struct);
  }
}
