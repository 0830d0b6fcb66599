package bpf4j.vm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.live.LiveKernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Random programs give the same in every engine and in the live kernel.
class KernelAgreementTest {
  private static final int SCHED_CLS = 3;
  private static final int PROGRAMS = Integer.getInteger("bpf4j.kernel.programs", 2_000);
  private static final int INPUTS = 4;

  @Test
  void randomProgramsAgreeWithTheKernel() {
    String unavailable = LiveKernel.unavailable();
    assumeTrue(unavailable == null, () -> "no kernel to ask: " + unavailable);
    try (GuestMemory memory = GuestMemory.reserve(1L << 24)) {
      RunCtx rc =
          new RunCtx(memory, CodeSpace.EMPTY, memory.allocate(RunCtx.STACK_BYTES, "stack"), 0);
      long ctxAddr = memory.allocate(192, "ctx");
      int ran = 0;
      int refused = 0;
      for (long seed = 1; ran < PROGRAMS; seed++) {
        long[] insns = RandomPrograms.generate(seed);
        int fd = LiveKernel.load(SCHED_CLS, insns);
        if (fd < 0) {
          assertThat(++refused).as("refused programs, errno %d", -fd).isLessThan(PROGRAMS);
          continue;
        }
        ran++;
        try {
          compare(seed, insns, fd, rc, ctxAddr);
        } finally {
          LiveKernel.close(fd);
        }
      }
      System.out.println(ran + " programs agree, " + refused + " refused by the kernel");
    }
  }

  private static void compare(long seed, long[] insns, int fd, RunCtx rc, long at) {
    LinkedProgram program = RawPrograms.link(insns);
    List<Executable> engines =
        List.of(
            new FastInterpreter(program),
            new CheckedInterpreter(program, rc.memory().enableShadow()));
    Random random = new Random(seed);
    for (int i = 0; i < INPUTS; i++) {
      byte[] ctx = new byte[192];
      ByteBuffer b = ByteBuffer.wrap(ctx).order(ByteOrder.LITTLE_ENDIAN);
      for (int off : RandomPrograms.INPUT_OFFSETS) {
        b.putInt(off, random.nextBoolean() ? random.nextInt() : random.nextInt(20) - 10);
      }
      LiveKernel.Run run = LiveKernel.testRun(fd, new byte[64], 0, ctx, 0, 1, 0);
      assertThat(run.errno()).isZero();
      for (Executable engine : engines) {
        for (int k = 0; k < ctx.length; k++) {
          rc.memory().putU8(at + k, ctx[k]);
        }
        assertThat((int) rc.run(engine, at))
            .as("seed %d input %d in %s", seed, i, engine.getClass().getSimpleName())
            .isEqualTo(run.retval());
      }
    }
  }
}
