package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.helper.KernelMemory;
import bpf4j.vm.packet.SkBuff;

/// Test runs of netfilter programs on locally made IPv4 packets. Source: linux-6.18
/// `bpf_prog_test_run_nf()`.
final class NetfilterTestRun implements TestRunner {
  private static final int IP_HEADER = 20;
  private static final int NFPROTO_IPV4 = 2;
  private static final int NF_INET_LOCAL_OUT = 3;
  private static final int PAGE = 4096;

  @Override
  public RunResult run(Program program, TestRun run) {
    if (run.flags() != 0 || run.batchSize() != 0) {
      throw invalid("netfilter programs take no flags");
    }
    byte[] data = run.dataIn() == null ? new byte[0] : run.dataIn();
    int most = PAGE - SkBuff.HEADROOM - SkBuff.TAILROOM;
    if (data.length < IP_HEADER || data.length > most) {
      throw invalid("data_in has %d bytes, not 20 to %d".formatted(data.length, most));
    }
    if (run.ctxIn() != null) {
      throw invalid("ctx_in is not supported for netfilter programs");
    }
    try (RunSession session = new RunSession(program, run)) {
      SkBuff skb =
          new SkBuff(session.memory(), session.allocate(SkBuff.CTX_SIZE, "struct __sk_buff"));
      try {
        skb.receiveNetworkPacket(data, SkBuff.bigEndian16(0x0800));
        session.env().setSkb(skb);
        long r0 = session.run(context(program, session, skb), run.repeat());
        return TestRunOutput.finish(run, r0, new byte[0], null, session);
      } finally {
        skb.free();
      }
    }
  }

  /// A `struct bpf_nf_ctx`: pointers to the hook's state and to the packet.
  private static long context(Program program, RunSession session, SkBuff skb) {
    KernelMemory kernel = program.collection().machine().kernelMemory();
    GuestMemory m = session.memory();
    long state = kernel.of("nf_hook_state", "hook state of " + program.id());
    kernel.put(state, "nf_hook_state", "hook", NF_INET_LOCAL_OUT);
    kernel.put(state, "nf_hook_state", "pf", NFPROTO_IPV4);
    long packet = kernel.of("sk_buff", "packet of " + program.id());
    kernel.put(packet, "sk_buff", "len", skb.length());
    kernel.put(packet, "sk_buff", "data", skb.data());
    kernel.put(packet, "sk_buff", "head", skb.data() - skb.headroom());
    kernel.put(packet, "sk_buff", "protocol", skb.get(SkBuff.PROTOCOL));
    long ctx = session.allocate(16, "struct bpf_nf_ctx");
    m.putU64(ctx, state);
    m.putU64(ctx + 8, packet);
    return ctx;
  }
}
