package bpf4j.vm.jit;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.engine.CodeSpace;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;

/// Compiled programs do what interpreted ones do: same result, same memory.
class JitProperties {
  private static final int INPUTS = 3;
  private static @Nullable GuestMemory memory;
  private static long stack;
  private static long ctx;

  @BeforeContainer
  static void reserve() {
    memory = GuestMemory.reserve(1L << 24);
    stack = memory.allocate(RunCtx.STACK_BYTES, "stack");
    ctx = memory.allocate(ProgramGenerator.CTX_BYTES, "ctx");
  }

  @AfterContainer
  static void close() {
    if (memory != null) {
      memory.close();
    }
  }

  @Property(tries = 250, shrinking = ShrinkingMode.OFF)
  void singleFunctions(@ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int blocks) {
    agree(seed, 1, blocks, 12, 0);
  }

  @Property(tries = 120, shrinking = ShrinkingMode.OFF)
  void subprogramsAndCallbacks(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 4) int functions) {
    agree(seed, functions, 4, 10, 0);
  }

  @Property(tries = 80, shrinking = ShrinkingMode.OFF)
  void tailCalls(@ForAll long seed, @ForAll @IntRange(min = 1, max = 3) int functions) {
    agree(seed, functions, 4, 10, 3);
  }

  /// Regions of a few instructions: every edge crosses methods sooner or later.
  @Property(tries = 120, shrinking = ShrinkingMode.OFF)
  void cutIntoRegions(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 3) int functions,
      @ForAll @IntRange(min = 100, max = 1500) int bytes) {
    agree(seed, functions, 8, 12, 0, bytes);
  }

  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void blocksAgreeFromAnyState(@ForAll long seed) {
    LinkedProgram program = ProgramGenerator.generate(new Random(seed), 0, 2, 6, 12, 0);
    assertThat(BlockValidator.validate(program, seed)).isEmpty();
  }

  /// HotSpot would never compile a longer method.
  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void methodsStayBelowTheLimit(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 400) int blocks) {
    GuestMemory guest = Objects.requireNonNull(memory);
    LinkedProgram program = ProgramGenerator.generate(new Random(seed), 0, 2, blocks, 12, 0);
    for (var method : ClassFile.of().parse(JitCompiler.classFile(program, guest)).methods()) {
      CodeAttribute code = method.findAttribute(Attributes.code()).orElseThrow();
      assertThat(code.codeLength())
          .as(method.methodName().stringValue())
          .isLessThan(CodeSize.HUGE_METHOD);
    }
  }

  private static void agree(long seed, int functions, int blocks, int length, int programs) {
    agree(seed, functions, blocks, length, programs, 7000);
  }

  private static void agree(
      long seed, int functions, int blocks, int length, int programs, int regionBytes) {
    GuestMemory guest = Objects.requireNonNull(memory);
    Random random = new Random(seed);
    List<LinkedProgram> linked = new ArrayList<>();
    for (int i = 0; i <= programs; i++) {
      linked.add(ProgramGenerator.generate(random, i, functions, blocks, length, programs));
    }
    Outcome interpreted = run(guest, linked, seed, FastInterpreter::new);
    Outcome compiled =
        run(guest, linked, seed, p -> JitCompiler.compile(p, guest, _ -> false, regionBytes));
    assertThat(compiled.results).as("results").isEqualTo(interpreted.results);
    assertThat(compiled.contexts).as("memory").isEqualTo(interpreted.contexts);
  }

  private record Outcome(List<Long> results, List<String> contexts) {}

  private static Outcome run(
      GuestMemory guest,
      List<LinkedProgram> linked,
      long seed,
      Function<LinkedProgram, Executable> engine) {
    List<Executable> programs = new ArrayList<>();
    for (LinkedProgram program : linked) {
      programs.add(engine.apply(program));
    }
    RunCtx rc = new RunCtx(guest, new Programs(programs), stack, 3);
    rc.setLegacyLoads(
        (_, off, size) -> off < 0 || off + size > 40 ? -1 : (off * 0x9e37L + size) & 0xffff_ffffL);
    Random random = new Random(seed);
    Outcome outcome = new Outcome(new ArrayList<>(), new ArrayList<>());
    for (int i = 0; i < INPUTS; i++) {
      byte[] input = new byte[ProgramGenerator.CTX_BYTES];
      random.nextBytes(input);
      guest.putBytes(ctx, input);
      guest.fill(stack, RunCtx.STACK_BYTES, 0);
      outcome.results.add(rc.run(programs.get(0), ctx));
      outcome.contexts.add(
          HexFormat.of().formatHex(guest.getBytes(ctx, ProgramGenerator.CTX_BYTES)));
    }
    return outcome;
  }

  private record Programs(List<Executable> programs) implements CodeSpace {
    @Override
    public @Nullable Executable program(int index) {
      return programs.get(index);
    }

    @Override
    public @Nullable Executable tailCallSlot(long mapAddr, int index) {
      return index < programs.size() ? programs.get(index) : null;
    }
  }
}
