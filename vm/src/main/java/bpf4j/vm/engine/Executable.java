package bpf4j.vm.engine;

/// A program made ready to run by one engine. Safe for use by several threads at once, each with a
/// [RunCtx] of its own.
///
/// Contract of a tail call: out of the outermost frame of an activation the engine sets
/// [RunCtx#setTailTarget] and returns, so that [RunCtx#runChain] goes on with the target and the
/// JVM stack does not grow; out of a subprogram it calls [RunCtx#runChain] itself (the verifier
/// bounds that depth, and 33 tail calls a run bound it again).
public abstract class Executable {
  private final LinkedProgram program;

  protected Executable(LinkedProgram program) {
    this.program = program;
  }

  public final LinkedProgram program() {
    return program;
  }

  /// Runs the function that starts at instruction slot `entrySlot` (0: the program itself) in a new
  /// stack frame and gives its `r0`.
  ///
  /// @param chained whether the caller is [RunCtx#runChain], which takes over a tail call
  public abstract long enter(
      RunCtx rc, int entrySlot, boolean chained, long r1, long r2, long r3, long r4, long r5);
}
