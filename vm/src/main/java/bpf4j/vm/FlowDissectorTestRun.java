package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.kernel.NetDevice;
import bpf4j.vm.packet.SkBuff;
import org.jspecify.annotations.Nullable;

/// Test runs of flow dissectors: what comes out are the flow keys. Source: linux-6.18
/// `bpf_prog_test_run_flow_dissector()` and `bpf_flow_dissect()`.
final class FlowDissectorTestRun implements TestRunner {
  /// `sizeof(struct bpf_flow_keys)`.
  private static final int KEYS = 56;

  // Offsets in struct bpf_flow_keys.
  private static final int NHOFF = 0;
  private static final int THOFF = 2;
  private static final int N_PROTO = 10;
  private static final int FLAGS = 48;

  private static final int PAGE = 4096;

  @Override
  public RunResult run(Program program, TestRun run) {
    if (run.flags() != 0 || run.batchSize() != 0) {
      throw invalid("flow dissectors take no flags");
    }
    byte[] data = run.dataIn() == null ? new byte[0] : run.dataIn();
    if (data.length < SkBuff.ETH_HLEN || data.length > PAGE) {
      throw invalid("data_in has %d bytes, not 14 to 4096".formatted(data.length));
    }
    byte[] ctx = TestRunOutput.context(run, KEYS);
    for (int i = 0; ctx != null && i < KEYS; i++) {
      if (ctx[i] != 0 && (i < FLAGS || i >= FLAGS + 4)) {
        throw invalid("ctx_in: only flags of struct bpf_flow_keys can be set");
      }
    }
    try (RunSession session = new RunSession(program, run)) {
      SkBuff skb =
          new SkBuff(session.memory(), session.allocate(SkBuff.CTX_SIZE, "struct __sk_buff"));
      try {
        return execute(run, session, skb, data, ctx);
      } finally {
        skb.free();
      }
    }
  }

  private static RunResult execute(
      TestRun run, RunSession session, SkBuff skb, byte[] data, byte @Nullable [] ctx) {
    GuestMemory m = session.memory();
    skb.receive(data, data.length, true, NetDevice.LOOPBACK);
    long keys = session.allocate(KEYS, "struct bpf_flow_keys");
    int flags = ctx == null ? 0 : GuestWords.u32(ctx, FLAGS);
    m.putU16(keys + NHOFF, SkBuff.ETH_HLEN);
    m.putU16(keys + THOFF, SkBuff.ETH_HLEN);
    m.putBytes(keys + N_PROTO, data, 12, 2);
    m.putU32(keys + FLAGS, flags);
    m.putU64(skb.ctxAddr() + SkBuff.FLOW_KEYS, keys);
    session.env().setSkb(skb);
    long r0 = session.run(skb.ctxAddr(), run.repeat());
    int nhoff = clamp((int) m.getU16(keys + NHOFF), SkBuff.ETH_HLEN, data.length);
    m.putU16(keys + NHOFF, nhoff);
    m.putU16(keys + THOFF, clamp((int) m.getU16(keys + THOFF), nhoff, data.length));
    return TestRunOutput.finish(run, r0, m.getBytes(keys, KEYS), ctx, session);
  }

  private static int clamp(int value, int low, int high) {
    return Math.min(Math.max(value, low), high);
  }
}
