package bpf4j.vm.engine;

import bpf4j.maps.GuestMemory;
import bpf4j.maps.ShadowMemory;
import bpf4j.vm.GuestTrap;
import org.jspecify.annotations.Nullable;

/// The state of one virtual CPU while it runs programs: its stack in guest memory, the call frames,
/// the tail-call count and the instruction budget. Used by one thread at a time.
///
/// The guest stack grows downwards, one frame a call:
///
/// ```
/// stackTop ─► r10 of the newest frame
///             512 bytes of frame
///             64 bytes of red zone
///             the next frame goes here
/// ```
public final class RunCtx {
  /// `MAX_BPF_STACK`: bytes of a frame.
  public static final int FRAME_SIZE = 512;

  /// Distance between the frame pointers of a function and its callee.
  public static final int FRAME_STRIDE = FRAME_SIZE + 64;

  /// `MAX_TAIL_CALL_CNT`.
  public static final int MAX_TAIL_CALLS = 33;

  /// `BPF_MAX_LOOPS`: how often the `may_goto`s of one function's activation may branch.
  public static final long MAX_MAY_GOTO = 8 << 20;

  /// Bytes of guest memory that a stack needs: 33 tail calls out of subprograms, and callbacks.
  public static final int STACK_BYTES = 129 * FRAME_STRIDE;

  private static final int SLICE = 1 << 16;
  private static final int SAVED = 6;

  private final GuestMemory memory;
  private final CodeSpace code;
  private final long stackStart;
  private final long scratch;
  private final int cpu;
  private final long[][] registerFiles = new long[64][];
  final long[] saved = new long[128 * SAVED];
  int savedTop;
  private int activation;
  private boolean fenced;
  private long stackTop;
  private int tailCalls;
  private int entryArguments = 0b10;
  private long secondArgument;
  private @Nullable Executable tailTarget;
  private LegacyLoads legacyLoads = (_, _, _) -> -1;
  private long budget = Long.MAX_VALUE;
  private @Nullable Object host;

  /// @param code where function pointers and tail calls lead
  /// @param stackStart guest address of [#STACK_BYTES] bytes, 8-aligned
  public RunCtx(GuestMemory memory, CodeSpace code, long stackStart, int cpu) {
    this.memory = memory;
    this.code = code;
    this.scratch = stackStart;
    this.stackStart = stackStart + FRAME_STRIDE;
    this.cpu = cpu;
    this.stackTop = stackStart + STACK_BYTES;
  }

  public GuestMemory memory() {
    return memory;
  }

  /// [#FRAME_STRIDE] bytes of guest memory for helpers' own use.
  public long scratch() {
    return scratch;
  }

  /// The number of the virtual CPU.
  public int cpu() {
    return cpu;
  }

  /// What the helpers of this run work on (packet, virtual kernel, program); set by the test run.
  public @Nullable Object host() {
    return host;
  }

  public void setHost(@Nullable Object newHost) {
    host = newHost;
  }

  public LegacyLoads legacyLoads() {
    return legacyLoads;
  }

  public void setLegacyLoads(LegacyLoads loads) {
    legacyLoads = loads;
  }

  /// Sets how many taken backward branches and calls may follow before the run is stopped by a
  /// [GuestTrap].
  public void setBudget(long branches) {
    budget = branches;
  }

  /// Runs a program with `r1` = `ctxAddr`, following tail calls; `r0` of the last one.
  public long run(Executable program, long ctxAddr) {
    tailCalls = 0;
    return runChain(program, ctxAddr);
  }

  /// Runs a program with two arguments, as `exec` does.
  public long run(Executable program, long r1, long r2) {
    tailCalls = 0;
    entryArguments = 0b110;
    secondArgument = r2;
    try {
      return runChain(program, r1);
    } finally {
      entryArguments = 0b10;
      secondArgument = 0;
    }
  }

  /// Bit n: register n holds an argument when a program starts.
  int entryArguments() {
    return entryArguments;
  }

  /// `r10` of the next frame.
  long stackTop() {
    return stackTop;
  }

  /// Runs a program with the tail-call count of the current run.
  public long runChain(Executable program, long ctxAddr) {
    long top = stackTop;
    int savedBefore = savedTop;
    int activationBefore = activation;
    Executable next = program;
    try {
      while (true) {
        long r0 = enterWithBoundary(next, ctxAddr);
        Executable target = tailTarget;
        if (target == null) {
          return r0;
        }
        tailTarget = null;
        next = target;
      }
    } finally {
      stackTop = top;
      savedTop = savedBefore;
      activation = activationBefore;
      tailTarget = null;
    }
  }

  private long enterWithBoundary(Executable program, long ctxAddr) {
    long top = stackTop;
    int savedBefore = savedTop;
    int activationBefore = activation;
    try {
      return program.enter(this, 0, true, ctxAddr, secondArgument, 0, 0, 0);
    } catch (BpfThrow thrown) {
      stackTop = top;
      savedTop = savedBefore;
      activation = activationBefore;
      int callback = program.program().exceptionCallbackSlot();
      // linux-6.18 helpers.c bpf_throw(): without a callback of its own a program returns the
      // cookie.
      return callback < 0
          ? thrown.cookie()
          : program.enter(this, callback, false, thrown.cookie(), 0, 0, 0, 0);
    } catch (StackOverflowError e) {
      throw new GuestTrap(0, "nested calls too deep");
    }
  }

  /// Calls the function that a function pointer names, as helpers with callbacks do.
  public long callBack(long functionPointer, long r1, long r2, long r3, long r4, long r5) {
    int index = LinkedProgram.programIndexOf(functionPointer);
    Executable target = index < 0 ? null : code.program(index);
    if (target == null) {
      throw new GuestTrap(0, "not a function pointer: 0x" + Long.toHexString(functionPointer));
    }
    return target.enter(this, LinkedProgram.slotOf(functionPointer), false, r1, r2, r3, r4, r5);
  }

  /// The program in slot `index` (unsigned) of the prog array at `mapAddr`, or null.
  @Nullable Executable tailCallSlot(long mapAddr, int index) {
    return code.tailCallSlot(mapAddr, index);
  }

  /// Counts a tail call to a populated slot; false when the run has used its 33.
  public boolean countTailCall() {
    if (tailCalls >= MAX_TAIL_CALLS) {
      return false;
    }
    tailCalls++;
    return true;
  }

  /// Leaves the target of a tail call out of a program's outermost frame to [#runChain].
  public void setTailTarget(Executable target) {
    tailTarget = target;
  }

  /// Opens a frame and gives its `r10`.
  public long pushFrame(int slotIdx) {
    long frameTop = stackTop;
    if (frameTop - FRAME_STRIDE < stackStart) {
      throw new GuestTrap(slotIdx, "the call stack is exhausted");
    }
    stackTop = frameTop - FRAME_STRIDE;
    return frameTop;
  }

  /// Opens one frame and makes sure that `depth` frames have room, so that calls inside a program
  /// whose depth is known need no check of their own; gives its `r10`. Close by [#setStackTop].
  public long openFrames(int slotIdx, int depth) {
    long frameTop = stackTop;
    if (frameTop - (long) depth * FRAME_STRIDE < stackStart) {
      throw new GuestTrap(slotIdx, "the call stack is exhausted");
    }
    stackTop = frameTop - FRAME_STRIDE;
    return frameTop;
  }

  /// Says where the next frame goes: `r10` of the newest frame less [#FRAME_STRIDE].
  public void setStackTop(long nextFrameTop) {
    stackTop = nextFrameTop;
  }

  /// Closes the newest frame.
  public void popFrame() {
    stackTop += FRAME_STRIDE;
  }

  /// Makes the stack out of bounds for the checked interpreter, which opens frame by frame; done
  /// once.
  void fence(ShadowMemory shadow) {
    if (!fenced) {
      fenced = true;
      shadow.mark(stackStart, STACK_BYTES - FRAME_STRIDE, ShadowMemory.RED_ZONE);
    }
  }

  /// Registers for one more activation of an interpreter loop; give back by [#closeActivation].
  long[] openActivation(int slotIdx) {
    if (activation == registerFiles.length) {
      throw new GuestTrap(slotIdx, "callbacks are nested too deep");
    }
    long[] file = registerFiles[activation];
    if (file == null) {
      file = new long[16];
      registerFiles[activation] = file;
    }
    activation++;
    return file;
  }

  void closeActivation() {
    activation--;
  }

  /// Room for the saved registers of one more frame in [#saved].
  int pushSaved(int slotIdx) {
    int at = savedTop;
    if (at + SAVED > saved.length) {
      throw new GuestTrap(slotIdx, "the call stack is exhausted");
    }
    savedTop = at + SAVED;
    return at;
  }

  int popSaved() {
    savedTop -= SAVED;
    return savedTop;
  }

  /// Called when an engine's slice of backward branches is used up: gives the next slice. Stops a
  /// run that is over its budget or whose thread is interrupted.
  public int nextSlice(int slotIdx) {
    budget -= SLICE;
    if (budget < 0) {
      throw new GuestTrap(slotIdx, "the run used up its instruction budget");
    }
    if (Thread.interrupted()) {
      Thread.currentThread().interrupt();
      throw new GuestTrap(slotIdx, "the run was interrupted");
    }
    return SLICE;
  }
}
