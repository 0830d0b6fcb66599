package bpf4j.verifier.btf;

import java.util.Set;

/// LSM hooks whose arguments are not fully set up, or half gone. Source: `untrusted_lsm_hooks` of
/// Linux 6.18.
final class UntrustedHooks {
  private static final Set<String> HOOKS =
      Set.of(
          "bpf_lsm_bpf_map_free",
          "bpf_lsm_bpf_prog_free",
          "bpf_lsm_file_alloc_security",
          "bpf_lsm_file_free_security",
          "bpf_lsm_sk_alloc_security",
          "bpf_lsm_sk_free_security",
          "bpf_lsm_task_free",
          "bpf_lsm_bdev_alloc_security",
          "bpf_lsm_bdev_free_security");

  private UntrustedHooks() {}

  static boolean contains(String hook) {
    return HOOKS.contains(hook);
  }
}
