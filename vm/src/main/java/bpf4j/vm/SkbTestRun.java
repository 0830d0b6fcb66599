package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.vm.helper.PacketChecksum;
import bpf4j.vm.kernel.NetDevice;
import bpf4j.vm.packet.SkBuff;
import org.jspecify.annotations.Nullable;

/// Test runs of programs on socket buffers. Source: linux-6.18 `bpf_prog_test_run_skb()`,
/// `convert___skb_to_skb()`, `convert_skb_to___skb()`.
final class SkbTestRun implements TestRunner {
  private static final int PAGE = 4096;
  private static final int GSO_MAX_SIZE = 65536;
  private static final int GSO_MAX_SEGS = 65535;

  /// Ranges of `struct __sk_buff` that a caller may set: offset and length.
  private static final int[][] SETTABLE = {
    {SkBuff.MARK, 4},
    {SkBuff.PRIORITY, 4},
    {SkBuff.INGRESS_IFINDEX, 4},
    {SkBuff.IFINDEX, 4},
    {SkBuff.CB, 20},
    {SkBuff.TSTAMP, 8},
    {SkBuff.WIRE_LEN, 4},
    {SkBuff.GSO_SEGS, 4},
    {SkBuff.GSO_SIZE, 4},
    {SkBuff.HWTSTAMP, 8}
  };

  @Override
  public RunResult run(Program program, TestRun run) {
    if ((run.flags() & ~TestRun.F_SKB_CHECKSUM_COMPLETE) != 0 || run.batchSize() != 0) {
      throw invalid("flags 0x%x, batch_size %d".formatted(run.flags(), run.batchSize()));
    }
    byte[] data = run.dataIn() == null ? new byte[0] : run.dataIn();
    if (data.length < SkBuff.ETH_HLEN) {
      throw invalid("data_in has %d bytes; a frame has at least 14".formatted(data.length));
    }
    byte[] ctx = TestRunOutput.context(run, SkBuff.CTX_SIZE);
    if (data.length > PAGE - SkBuff.HEADROOM - SkBuff.TAILROOM) {
      throw invalid("data_in has %d bytes; the most is 3712".formatted(data.length));
    }
    return execute(program, run, data, ctx);
  }

  private static RunResult execute(
      Program program, TestRun run, byte[] data, byte @Nullable [] ctx) {
    NetDevice device = device(program, ctx);
    boolean l2 = program.type() == ProgType.SCHED_CLS || program.type() == ProgType.SCHED_ACT;
    try (RunSession session = new RunSession(program, run)) {
      GuestMemory memory = session.memory();
      SkBuff skb = new SkBuff(memory, session.allocate(SkBuff.CTX_SIZE, "struct __sk_buff"));
      try {
        skb.receive(data, data.length, l2, device);
        SkbSocket.attach(session, skb, data);
        skb.put(SkBuff.IFINDEX, device.ifindex());
        if (ctx != null) {
          takeContext(memory, skb, ctx);
        }
        boolean complete = (run.flags() & TestRun.F_SKB_CHECKSUM_COMPLETE) != 0;
        if (complete) {
          skb.setChecksumComplete(PacketChecksum.behindNetworkHeader(memory, skb));
        }
        session.env().setSkb(skb);
        session.rc().setLegacyLoads(new SkbLegacyLoads(skb));
        long r0 = session.run(skb.ctxAddr(), run.repeat());
        if (!l2) {
          skb.pushEthernetHeader();
        }
        if (complete && !PacketChecksum.matches(memory, skb, l2)) {
          throw new TestRunException(Errno.EBADMSG, "the program left a wrong checksum");
        }
        if (ctx != null) {
          giveContext(memory, skb, ctx);
        }
        return TestRunOutput.finish(run, r0, skb.bytes(), ctx, session);
      } finally {
        skb.free();
      }
    }
  }

  private static NetDevice device(Program program, byte @Nullable [] ctx) {
    int ifindex = ctx == null ? 1 : Math.max(GuestWords.u32(ctx, SkBuff.IFINDEX), 1);
    NetDevice device = program.collection().machine().kernel().device(ifindex);
    if (device == null) {
      throw new TestRunException(Errno.ENODEV, "ctx_in: no device " + ifindex);
    }
    return device;
  }

  private static void takeContext(GuestMemory memory, SkBuff skb, byte[] ctx) {
    boolean[] settable = new boolean[SkBuff.CTX_SIZE];
    for (int[] range : SETTABLE) {
      java.util.Arrays.fill(settable, range[0], range[0] + range[1], true);
    }
    for (int i = 0; i < ctx.length; i++) {
      if (!settable[i] && ctx[i] != 0) {
        throw invalid("ctx_in: byte %d of struct __sk_buff must be 0".formatted(i));
      }
    }
    int wireLen = GuestWords.u32(ctx, SkBuff.WIRE_LEN);
    if (wireLen == 0) {
      wireLen = skb.length();
    } else if (Integer.compareUnsigned(wireLen, skb.length()) < 0
        || Integer.compareUnsigned(wireLen, GSO_MAX_SIZE) > 0) {
      throw invalid("ctx_in: wire_len " + Integer.toUnsignedString(wireLen));
    }
    if (Integer.compareUnsigned(GuestWords.u32(ctx, SkBuff.GSO_SEGS), GSO_MAX_SEGS) > 0) {
      throw invalid("ctx_in: gso_segs is at most 65535");
    }
    for (int[] range : SETTABLE) {
      if (range[0] != SkBuff.IFINDEX) {
        memory.putBytes(skb.ctxAddr() + range[0], ctx, range[0], range[1]);
      }
    }
    skb.put(SkBuff.WIRE_LEN, wireLen);
    // gso_size and gso_segs are 16 bits wide in the kernel's structure.
    skb.put(SkBuff.GSO_SIZE, GuestWords.u32(ctx, SkBuff.GSO_SIZE) & 0xffff);
  }

  private static void giveContext(GuestMemory memory, SkBuff skb, byte[] ctx) {
    int[][] back = {
      {SkBuff.MARK, 4},
      {SkBuff.PRIORITY, 4},
      {SkBuff.INGRESS_IFINDEX, 4},
      {SkBuff.IFINDEX, 4},
      {SkBuff.CB, 20},
      {SkBuff.TSTAMP, 8},
      {SkBuff.WIRE_LEN, 4},
      {SkBuff.GSO_SEGS, 4},
      {SkBuff.HWTSTAMP, 8}
    };
    for (int[] range : back) {
      byte[] bytes = memory.getBytes(skb.ctxAddr() + range[0], range[1]);
      System.arraycopy(bytes, 0, ctx, range[0], range[1]);
    }
  }
}
