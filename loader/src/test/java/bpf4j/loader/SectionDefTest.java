package bpf4j.loader;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SectionDefTest {
  private static SectionDef find(String section) {
    return Objects.requireNonNull(SectionDef.find(section), section);
  }

  @ParameterizedTest
  @CsvSource({
    "socket,SOCKET_FILTER,",
    "kprobe,KPROBE,",
    "kprobe/do_sys_open,KPROBE,",
    "kprobe.multi/tcp_*,KPROBE,TRACE_KPROBE_MULTI",
    "kprobe.session/x,KPROBE,TRACE_KPROBE_SESSION",
    "uprobe.session/x,KPROBE,TRACE_UPROBE_SESSION",
    "usdt/bin:provider:name,KPROBE,",
    "tc,SCHED_CLS,",
    "tc/ingress,SCHED_CLS,TCX_INGRESS",
    "netkit/peer,SCHED_CLS,NETKIT_PEER",
    "raw_tp.w/x,RAW_TRACEPOINT_WRITABLE,",
    "tp_btf/sched_switch,TRACING,TRACE_RAW_TP",
    "fmod_ret.s/f,TRACING,MODIFY_RETURN",
    "lsm_cgroup/socket_bind,LSM,LSM_CGROUP",
    "iter.s/task,TRACING,TRACE_ITER",
    "xdp.frags/cpumap,XDP,XDP_CPUMAP",
    "cgroup/getsockname_unix,CGROUP_SOCK_ADDR,CGROUP_UNIX_GETSOCKNAME",
    "struct_ops.s/init,STRUCT_OPS,",
    "netfilter,NETFILTER,NETFILTER",
  })
  void namesAreFound(String section, ProgType type, AttachType attach) {
    SectionDef def = find(section);
    assertThat(def.type()).isEqualTo(type);
    assertThat(def.attachType()).isEqualTo(attach);
  }

  @ParameterizedTest
  @CsvSource({"tc/foo", "xdp/foo", "socket1", "kprobex", "kprobe.x/y", "maps", "license", "fexi"})
  void othersAreNot(String section) {
    assertThat(SectionDef.find(section)).isNull();
  }

  @Test
  void flags() {
    assertThat(find("fentry.s/f").progFlags()).isEqualTo(ProgramSpec.F_SLEEPABLE);
    assertThat(find("xdp.frags").progFlags()).isEqualTo(ProgramSpec.F_XDP_HAS_FRAGS);
    assertThat(find("freplace/f").attachesByBtf()).isTrue();
    assertThat(SectionDef.rows()).hasSize(103).doesNotHaveDuplicates();
  }
}
