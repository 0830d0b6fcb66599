package bpf4j.verifier.btf;

import java.util.Set;

/// Which kernel functions take programs that may sleep or that change return values. The kernel
/// decides by sets that its BTF does not hold, so they stand here; a function in none of them is
/// refused. Source: `sleepable_lsm_hooks`, `check_attach_modify_return()` and the functions open to
/// error injection, Linux 6.18.
final class AttachHooks {
  private static final String LSM_PREFIX = "bpf_lsm_";

  /// LSM hooks, without their prefix, whose callers may sleep.
  private static final Set<String> SLEEPABLE_LSM =
      Set.of(
          """
          bpf bpf_map bpf_map_create bpf_map_free bpf_prog bpf_prog_load bpf_token_capable
          bpf_token_cmd bpf_token_create bpf_token_free bprm_check_security bprm_committed_creds
          bprm_committing_creds bprm_creds_for_exec bprm_creds_from_file capget capset
          cred_prepare file_ioctl file_lock file_open file_post_open file_receive inode_create
          inode_free_security inode_getattr inode_getxattr inode_mknod inode_need_killpriv
          inode_post_setxattr inode_readlink inode_rename inode_rmdir inode_setattr inode_setxattr
          inode_symlink inode_unlink kernel_module_request kernel_read_file kernfs_init_security
          mmap_file netlink_send path_chmod path_chown path_link path_mkdir path_notify
          path_rename path_rmdir path_symlink path_truncate path_unlink release_secctx
          sb_alloc_security sb_eat_lsm_opts sb_kern_mount sb_mount sb_remount sb_set_mnt_opts
          sb_show_options sb_statfs sb_umount settime socket_accept socket_bind socket_connect
          socket_create socket_getpeername socket_getpeersec_dgram socket_getsockname
          socket_getsockopt socket_listen socket_post_create socket_recvmsg socket_sendmsg
          socket_shutdown socket_socketpair syslog task_alloc task_prctl task_setscheduler
          userns_create
          """
              .strip()
              .split("\\s+"));

  /// Functions of `net/bpf/test_run.c` that are there to be modified.
  private static final Set<String> TEST_FUNCTIONS =
      Set.of("bpf_modify_return_test", "bpf_modify_return_test2", "bpf_modify_return_test_tp");

  /// One of them that may sleep as well.
  private static final Set<String> SLEEPING_TEST_FUNCTIONS = Set.of("bpf_fentry_test1");

  /// Functions open to error injection that must not sleep.
  private static final Set<String> ATOMIC_INJECTION =
      Set.of("__filemap_add_folio", "should_fail_alloc_page", "should_failslab");

  private AttachHooks() {}

  /// Whether a `fmod_ret` program may take the function's place.
  static boolean modifiable(String function) {
    return function.startsWith("security_")
        || isSyscall(function)
        || TEST_FUNCTIONS.contains(function)
        || SLEEPING_TEST_FUNCTIONS.contains(function)
        || ATOMIC_INJECTION.contains(function);
  }

  /// Whether a sleepable tracing program may run at the function.
  static boolean sleepableFunction(String function) {
    return isSyscall(function) || SLEEPING_TEST_FUNCTIONS.contains(function);
  }

  /// Whether a sleepable LSM program may run at the hook `bpf_lsm_…`.
  static boolean sleepableLsm(String function) {
    return function.startsWith(LSM_PREFIX)
        && SLEEPABLE_LSM.contains(function.substring(LSM_PREFIX.length()));
  }

  private static boolean isSyscall(String function) {
    return function.startsWith("__x64_sys_") || function.startsWith("__ia32_sys_");
  }
}
