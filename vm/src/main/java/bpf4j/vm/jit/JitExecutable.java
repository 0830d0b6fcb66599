package bpf4j.vm.jit;

import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;

/// What every compiled program extends: a hidden class with one static method a subprogram.
abstract class JitExecutable extends Executable {
  private final int depth;

  /// @param depth frames that the deepest chain of calls takes
  JitExecutable(LinkedProgram program, int depth) {
    super(program);
    this.depth = depth;
  }

  @Override
  public final long enter(
      RunCtx rc, int entrySlot, boolean chained, long r1, long r2, long r3, long r4, long r5) {
    if (entrySlot == 0 && !chained) {
      // The main function's tail calls count on a caller that takes over; the interpreter's do not.
      return new FastInterpreter(program()).enter(rc, 0, false, r1, r2, r3, r4, r5);
    }
    long fp = rc.openFrames(entrySlot, depth);
    long r0 = invoke(rc, entrySlot, r1, r2, r3, r4, r5, fp);
    rc.setStackTop(fp);
    return r0;
  }

  /// Runs the function that starts at `entrySlot` with `r10` = `fp`; the generated class has it.
  abstract long invoke(
      RunCtx rc, int entrySlot, long r1, long r2, long r3, long r4, long r5, long fp);
}
