package bpf4j.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.vm.kernel.VirtualKernel;
import bpf4j.vm.live.LiveKernel;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Packet helpers, contexts and the checks of test runs give what the live kernel gives: errno,
/// return value, packet and context.
class PacketAgreementTest {
  private static final int PROGRAMS = Integer.getInteger("bpf4j.kernel.packets", 600);
  private static final int OUT = 16384;

  @ParameterizedTest
  @EnumSource(names = {"XDP", "SCHED_CLS", "SOCKET_FILTER", "CGROUP_SKB", "LWT_XMIT"})
  void randomPacketProgramsAgreeWithTheKernel(ProgType type) {
    String unavailable = LiveKernel.unavailable();
    assumeTrue(unavailable == null, () -> "no kernel to ask: " + unavailable);
    int ran = 0;
    int refused = 0;
    for (long seed = 1; ran < PROGRAMS; seed++) {
      long[] insns = RandomPacketPrograms.generate(seed, type);
      int fd = LiveKernel.load(type.id(), insns);
      if (fd < 0) {
        assertThat(++refused).as("refused programs, errno %d", -fd).isLessThan(20 * PROGRAMS);
        continue;
      }
      ran++;
      try {
        compare(seed, type, insns, fd);
      } finally {
        LiveKernel.close(fd);
      }
    }
    System.out.println(type + ": " + ran + " agree, " + refused + " refused by the kernel");
  }

  private static void compare(long seed, ProgType type, long[] insns, int fd) {
    Random random = new Random(seed * 31 + type.id());
    byte[] data = packet(random);
    byte[] ctx = context(random, type, data.length);
    LiveKernel.Run kernel =
        LiveKernel.testRun(
            fd, data, OUT, ctx == null ? new byte[0] : ctx, ctx == null ? 0 : 256, 1, 0);
    String want = describe(kernel.errno(), kernel.retval(), kernel.dataOut(), kernel.ctxOut());
    try (Collection c = Collection.create(new VirtualKernel(), null)) {
      Program program = c.addTrusted(ProgramSpec.of("test", type, insns, List.of()));
      TestRun run = TestRun.of(data).withDataOutSize(OUT).withCtx(ctx).withTier(Tier.INTERP);
      String got;
      try {
        RunResult r = program.testRun(run);
        byte[] ctxOut = r.ctxOut();
        got = describe(0, r.retval(), r.dataOut(), ctxOut == null ? new byte[0] : ctxOut);
      } catch (TestRunException e) {
        got = describe(e.errno().code(), 0, new byte[0], new byte[0]);
      }
      assertThat(got)
          .as(
              "%s seed %d, %d bytes %s, ctx %s",
              type,
              seed,
              data.length,
              HexFormat.of().formatHex(data, 0, Math.min(16, data.length)),
              ctx == null ? "none" : HexFormat.of().formatHex(ctx))
          .isEqualTo(want);
    }
  }

  private static String describe(int errno, int retval, byte[] data, byte[] ctx) {
    HexFormat hex = HexFormat.of();
    return errno != 0
        ? "errno " + errno
        : "retval %08x%n%s%nctx %s".formatted(retval, hex.formatHex(data), hex.formatHex(ctx));
  }

  private static byte[] packet(Random random) {
    int length =
        switch (random.nextInt(12)) {
          case 0 -> random.nextInt(34);
          case 1 -> 3500 + random.nextInt(3000);
          default -> 34 + random.nextInt(120);
        };
    byte[] data = new byte[length];
    random.nextBytes(data);
    if (length >= 14 && random.nextInt(6) != 0) {
      int[] types = {0x0800, 0x86dd, 0x8100, 0x88a8};
      int type = types[random.nextInt(types.length)];
      data[12] = (byte) (type >> 8);
      data[13] = (byte) type;
      if (length >= 18 && type >= 0x8100 && type != 0x86dd) {
        data[16] = 8;
        data[17] = 0;
      }
      if (random.nextInt(3) == 0) {
        java.util.Arrays.fill(data, 0, 6, (byte) (random.nextInt(3) - 1));
      }
    }
    return data;
  }

  private static byte @Nullable [] context(Random random, ProgType type, int length) {
    if (random.nextInt(3) == 0) {
      return null;
    }
    boolean xdp = type == ProgType.XDP;
    byte[] ctx = new byte[xdp ? 24 : 192];
    if (xdp) {
      GuestWords.putU32(
          ctx, 0, random.nextInt(3) == 0 ? random.nextInt(70) : 4 * random.nextInt(9));
      GuestWords.putU32(ctx, 4, random.nextInt(4) == 0 ? random.nextInt(length + 2) : length);
      if (random.nextInt(4) == 0) {
        GuestWords.putU32(ctx, 12, random.nextInt(3) == 0 ? 7777 : random.nextInt(2));
      }
      if (random.nextInt(12) == 0) {
        GuestWords.putU32(ctx, 4 * random.nextInt(6), random.nextInt(2));
      }
      return ctx;
    }
    for (int off : new int[] {8, 32, 36, 48, 52, 56, 60, 64, 152, 156, 164, 184}) {
      if (random.nextInt(3) == 0) {
        GuestWords.putU32(ctx, off, off == 164 ? random.nextInt(70000) : random.nextInt());
      }
    }
    if (random.nextInt(5) == 0) {
      GuestWords.putU32(ctx, 160, length + random.nextInt(40) - 20);
    }
    if (random.nextInt(5) == 0) {
      GuestWords.putU32(ctx, 80, random.nextInt(length + 3));
    }
    if (random.nextInt(20) == 0) {
      ctx[random.nextInt(192)] = 1;
    }
    return ctx;
  }
}
