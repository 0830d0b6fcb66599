package bpf4j.vm.jit;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Starts a program in the fast interpreter and moves it to compiled code when that pays: once it
/// has been interpreted for about as long as compiling it takes. Compiling goes on in the
/// background meanwhile, so no run waits for it.
///
/// docs/performance.md has the measurements behind the rule.
public final class TieredExecutable extends Executable {
  /// What a first compilation in a JVM takes, and what an instruction adds.
  private static final long COMPILE_NANOS = 50_000_000;

  private static final long INSN_NANOS = 12_000;

  private final FastInterpreter interpreter;
  private final GuestMemory memory;
  private final IntPredicate deadSlot;
  private final AtomicLong budget;

  /// Read without synchronisation: an [Executable] is immutable.
  private @Nullable Executable compiled;

  /// @param deadSlot whether the verifier found that no path leads to an instruction slot
  public TieredExecutable(LinkedProgram program, GuestMemory memory, IntPredicate deadSlot) {
    super(program);
    this.interpreter = new FastInterpreter(program);
    this.memory = memory;
    this.deadSlot = deadSlot;
    this.budget = new AtomicLong(COMPILE_NANOS + INSN_NANOS * program.insns().length);
  }

  /// The compiled program, or null as long as the interpreter runs it.
  public @Nullable Executable compiled() {
    return compiled;
  }

  @Override
  public long enter(
      RunCtx rc, int entrySlot, boolean chained, long r1, long r2, long r3, long r4, long r5) {
    Executable engine = compiled;
    return engine != null
        ? engine.enter(rc, entrySlot, chained, r1, r2, r3, r4, r5)
        : interpret(rc, entrySlot, chained, r1, r2, r3, r4, r5);
  }

  private long interpret(
      RunCtx rc, int entrySlot, boolean chained, long r1, long r2, long r3, long r4, long r5) {
    long start = System.nanoTime();
    try {
      return interpreter.enter(rc, entrySlot, chained, r1, r2, r3, r4, r5);
    } finally {
      long spent = System.nanoTime() - start;
      long before = budget.getAndAdd(-spent);
      if (before > 0 && before <= spent) {
        Thread.ofPlatform().daemon().name("bpf4j-jit").start(this::compile);
      }
    }
  }

  private void compile() {
    try {
      compiled = JitCompiler.compile(program(), memory, deadSlot);
    } catch (IllegalStateException _) {
      // The collection was closed meanwhile: nobody runs the program any more.
      compiled = interpreter;
    }
  }
}
