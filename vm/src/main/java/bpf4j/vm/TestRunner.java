package bpf4j.vm;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;

/// How one kind of programs is test-run.
interface TestRunner {
  RunResult run(Program program, TestRun run);

  static TestRunner of(ProgType type) {
    return switch (type) {
      case SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT ->
          new SkbTestRun();
      case XDP -> new XdpTestRun();
      case FLOW_DISSECTOR -> new FlowDissectorTestRun();
      case SK_LOOKUP -> new SkLookupTestRun();
      case NETFILTER -> new NetfilterTestRun();
      case TRACING -> new TracingTestRun();
      case SYSCALL, RAW_TRACEPOINT -> new CtxTestRun();
      case UNSPEC -> throw new TestRunException(Errno.EINVAL, "a program without a type");
      default -> new CtxTestRun();
    };
  }
}
