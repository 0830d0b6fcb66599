package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.vm.kernel.NetDevice;
import bpf4j.vm.packet.XdpBuff;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Test runs of XDP programs. Source: linux-6.18 `bpf_prog_test_run_xdp()`.
final class XdpTestRun implements TestRunner {
  private static final int ETH_HLEN = 14;
  private static final int PAGE = 4096;
  private static final int MAX_FRAGS = 17;
  private static final int MAX_META = 252;
  private static final int NAPI_POLL_WEIGHT = 64;

  @Override
  public RunResult run(Program program, TestRun run) {
    ProgramSpec spec = program.spec();
    AttachType attach = spec.attachType();
    if (attach == AttachType.XDP_DEVMAP || attach == AttachType.XDP_CPUMAP) {
      throw invalid("programs of a device or CPU map entry cannot be test-run");
    }
    checkFlags(run);
    byte[] data = run.dataIn() == null ? new byte[0] : run.dataIn();
    byte[] ctx = TestRunOutput.context(run, XdpBuff.CTX_SIZE);
    int meta = 0;
    int linear = data.length;
    if (ctx != null) {
      ByteBuffer b = ByteBuffer.wrap(ctx).order(ByteOrder.LITTLE_ENDIAN);
      meta = checkContext(b, data.length, run);
      linear = b.getInt(XdpBuff.DATA_END);
    }
    int maxLinear = PAGE - (XdpBuff.HEADROOM - meta) - XdpBuff.TAILROOM;
    linear = Math.min(linear, maxLinear);
    boolean live = (run.flags() & TestRun.F_XDP_LIVE_FRAMES) != 0;
    if (live && data.length > linear) {
      throw invalid("live frames must fit one page");
    }
    if (data.length - meta < ETH_HLEN) {
      throw invalid("data_in has %d bytes; a frame has at least 14".formatted(data.length - meta));
    }
    if ((data.length - linear + PAGE - 1) / PAGE > MAX_FRAGS) {
      throw new TestRunException(Errno.ENOMEM, "data_in needs more than 17 fragments");
    }
    return execute(program, run, data, ctx, meta, linear);
  }

  private static void checkFlags(TestRun run) {
    if ((run.flags() & ~TestRun.F_XDP_LIVE_FRAMES) != 0) {
      throw invalid("unknown flags 0x%x".formatted(run.flags()));
    }
    boolean live = (run.flags() & TestRun.F_XDP_LIVE_FRAMES) != 0;
    int maxBatch = 256;
    if (live && Integer.compareUnsigned(run.batchSize(), maxBatch) > 0) {
      throw new TestRunException(Errno.E2BIG, "batch_size is at most 256");
    }
    if (!live && run.batchSize() != 0) {
      throw invalid("batch_size needs live frames; its default is " + NAPI_POLL_WEIGHT);
    }
  }

  /// The length of the metadata.
  private static int checkContext(ByteBuffer ctx, int dataLength, TestRun run) {
    int meta = ctx.getInt(XdpBuff.DATA);
    int end = ctx.getInt(XdpBuff.DATA_END);
    if (ctx.getInt(XdpBuff.DATA_META) != 0
        || Integer.compareUnsigned(end, dataLength) > 0
        || Integer.compareUnsigned(meta, end) > 0) {
      throw invalid("ctx_in: data_meta must be 0 and data <= data_end <= %d".formatted(dataLength));
    }
    boolean live = (run.flags() & TestRun.F_XDP_LIVE_FRAMES) != 0;
    if (live && run.wantCtxOut()) {
      throw invalid("live frames give nothing back");
    }
    if ((meta & 3) != 0
        || Integer.compareUnsigned(meta, MAX_META) > 0
        || meta > XdpBuff.HEADROOM - XdpBuff.FRAME_HEADER) {
      throw invalid("ctx_in: metadata of %d bytes".formatted(meta));
    }
    return meta;
  }

  private static void checkDevice(ByteBuffer ctx, Program program) {
    if (ctx.getInt(XdpBuff.EGRESS_IFINDEX) != 0) {
      throw invalid("ctx_in: egress_ifindex must be 0");
    }
    int ifindex = ctx.getInt(XdpBuff.INGRESS_IFINDEX);
    int queue = ctx.getInt(XdpBuff.RX_QUEUE_INDEX);
    if (ifindex == 0) {
      if (queue != 0) {
        throw invalid("ctx_in: rx_queue_index without ingress_ifindex");
      }
      return;
    }
    NetDevice device = program.collection().machine().kernel().device(ifindex);
    if (device == null) {
      throw new TestRunException(Errno.ENODEV, "ctx_in: no device " + ifindex);
    }
    if (Integer.compareUnsigned(queue, device.rxQueues()) >= 0) {
      throw invalid("ctx_in: %s has no queue %d".formatted(device.name(), queue));
    }
  }

  private static RunResult execute(
      Program program, TestRun run, byte[] data, byte @Nullable [] ctx, int meta, int linear) {
    if (ctx != null) {
      checkDevice(ByteBuffer.wrap(ctx).order(ByteOrder.LITTLE_ENDIAN), program);
    }
    boolean live = (run.flags() & TestRun.F_XDP_LIVE_FRAMES) != 0;
    try (RunSession session = new RunSession(program, run)) {
      XdpBuff xdp =
          new XdpBuff(session.memory(), session.allocate(XdpBuff.CTX_SIZE, "struct xdp_md"));
      try {
        xdp.receive(data, meta, linear);
        int ifindex = ctx == null ? 0 : GuestWords.u32(ctx, XdpBuff.INGRESS_IFINDEX);
        long at = xdp.ctxAddr();
        session.memory().putU32(at + XdpBuff.INGRESS_IFINDEX, ifindex == 0 ? 1 : ifindex);
        if (ctx != null) {
          session
              .memory()
              .putU32(at + XdpBuff.RX_QUEUE_INDEX, GuestWords.u32(ctx, XdpBuff.RX_QUEUE_INDEX));
        }
        session.env().setXdp(xdp);
        long r0 = session.run(at, run.repeat());
        if (ctx != null) {
          GuestWords.putU32(ctx, XdpBuff.DATA, xdp.metaLength());
          GuestWords.putU32(ctx, XdpBuff.DATA_END, xdp.metaLength() + xdp.linear());
        }
        byte[] out = live ? new byte[0] : xdp.metaAndFrame();
        return TestRunOutput.finish(run, live ? 0 : r0, out, ctx, session);
      } finally {
        xdp.free();
      }
    }
  }
}
