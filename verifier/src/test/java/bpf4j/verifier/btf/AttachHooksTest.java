package bpf4j.verifier.btf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AttachHooksTest {
  @Test
  void onlyNamedFunctionsMaySleepOrBeModified() {
    assertThat(AttachHooks.sleepableLsm("bpf_lsm_file_open")).isTrue();
    assertThat(AttachHooks.sleepableLsm("bpf_lsm_task_free")).isFalse();
    assertThat(AttachHooks.sleepableLsm("file_open")).isFalse();
    assertThat(AttachHooks.sleepableFunction("__x64_sys_getpgid")).isTrue();
    assertThat(AttachHooks.sleepableFunction("bpf_fentry_test1")).isTrue();
    assertThat(AttachHooks.sleepableFunction("bpf_fentry_test2")).isFalse();
    assertThat(AttachHooks.modifiable("security_file_open")).isTrue();
    assertThat(AttachHooks.modifiable("bpf_modify_return_test")).isTrue();
    assertThat(AttachHooks.modifiable("vfs_read")).isFalse();
  }
}
