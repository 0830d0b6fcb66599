package bpf4j.vm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.maps.GuestMemory;
import bpf4j.model.isa.RawInsn;
import bpf4j.vm.GuestTrap;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The checked interpreter stops whatever an unverified program does wrong, and says what.
class CheckedInterpreterTest {
  private static final long EXIT = RawInsn.of(0x95, 0, 0, 0, 0);

  private final GuestMemory memory = GuestMemory.reserve(1L << 24);
  private final RunCtx rc =
      new RunCtx(memory, CodeSpace.EMPTY, memory.allocate(RunCtx.STACK_BYTES, "stack"), 0);

  @AfterEach
  void close() {
    memory.close();
  }

  private long run(long... insns) {
    rc.setBudget(1 << 20);
    long ctx = memory.allocate(16, "ctx");
    var shadow = memory.enableShadow();
    return rc.run(new CheckedInterpreter(RawPrograms.link(insns), shadow), ctx);
  }

  private void traps(String message, long... insns) {
    assertThatThrownBy(() -> run(insns))
        .isInstanceOf(GuestTrap.class)
        .hasMessageContaining(message);
  }

  @Test
  void registersMustBeWrittenBeforeTheyAreRead() {
    traps("R0 !read_ok", EXIT);
    traps("R3 !read_ok", RawInsn.of(0xbf, 0, 3, 0, 0), EXIT);
  }

  @Test
  void theFramePointerCannotBeWritten() {
    traps("frame pointer is read only", RawInsn.of(0xb7, 10, 0, 0, 1), EXIT);
  }

  @Test
  void jumpsStayInsideTheProgram() {
    traps("jump out of range to 8", RawInsn.of(0x05, 0, 0, 7, 0), EXIT);
    traps("jump out of range to -4", RawInsn.of(0x05, 0, 0, -5, 0), EXIT);
    traps("jump out of range to 1", RawInsn.of(0xb7, 0, 0, 0, 1));
    traps(
        "middle of ld_imm64", RawInsn.of(0x05, 0, 0, 1, 0), RawInsn.of(0x18, 0, 0, 0, 1), 0, EXIT);
  }

  @Test
  void memoryMustBeTheProgramsOwn() {
    traps("not allocated (null)", RawInsn.of(0xb7, 1, 0, 0, 0), RawInsn.of(0x61, 0, 1, 0, 0), EXIT);
    traps("8 bytes past the end of ctx", RawInsn.of(0x79, 0, 1, 16, 0), EXIT);
    traps(
        "outside guest memory",
        RawInsn.of(0x17, 1, 0, 0, 0x7fffffff),
        RawInsn.of(0x79, 0, 1, 0, 0),
        EXIT);
  }

  @Test
  void aFrameHas512Bytes() {
    assertThat(run(RawInsn.of(0x7a, 10, 0, -512, 7), RawInsn.of(0x79, 0, 10, -512, 0), EXIT))
        .isEqualTo(7);
    traps("write of 8 bytes", RawInsn.of(0x7a, 10, 0, -520, 7), EXIT);
    traps("write of 8 bytes", RawInsn.of(0x7a, 10, 0, 0, 7), EXIT);
  }

  @Test
  void instructionsMustExist() {
    traps("unknown opcode ff", RawInsn.of(0xff, 0, 0, 0, 0), EXIT);
    traps("opcode b7 uses reserved fields", RawInsn.of(0xb7, 0, 3, 0, 1), EXIT);
    traps("does not exist", RawInsn.of(0x85, 0, 0, 0, 9999), EXIT);
  }

  @Test
  void endlessRecursionAndLoopsEnd() {
    traps("call stack is exhausted", RawInsn.of(0x85, 0, 1, 0, -1), EXIT);
    traps("instruction budget", RawInsn.of(0x05, 0, 0, -1, 0));
  }

  @Test
  void randomBytesEndInAResultOrATrap() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      long[] insns = new long[1 + random.nextInt(12)];
      for (int k = 0; k < insns.length; k++) {
        insns[k] = random.nextInt(3) == 0 ? random.nextLong() : plausible(random);
      }
      try {
        run(insns);
      } catch (GuestTrap trap) {
        assertThat(trap.getMessage()).isNotEmpty();
      }
    }
  }

  private static long plausible(Random random) {
    int opcode = random.nextInt(256);
    return RawInsn.of(
        opcode,
        random.nextInt(11),
        random.nextInt(11),
        random.nextInt(20) - 10,
        random.nextBoolean() ? 0 : random.nextInt());
  }
}
