package bpf4j.verifier.state;

import java.util.Arrays;

/// One call frame: registers and stack. Mutable; states own their frames.
public final class Frame {
  public static final int REGS = 11;
  public static final int FP = 10;

  /// `callsite` of the outermost frame of a state.
  public static final int MAIN = -1;

  private static final StackSlot[] NO_STACK = {};

  public final RegState[] regs;
  private StackSlot[] stack;

  /// Index of the instruction that called this frame, or [#MAIN].
  public final int callsite;

  public final int frameno;
  public final int subprogIdx;
  public int asyncEntryCnt;
  public boolean inCallback;
  public boolean inAsyncCallback;
  public boolean inExceptionCallback;
  public int callbackRetMin;
  public int callbackRetMax;
  public int callbackDepth;

  public Frame(int callsite, int frameno, int subprogIdx) {
    this.callsite = callsite;
    this.frameno = frameno;
    this.subprogIdx = subprogIdx;
    regs = new RegState[REGS];
    Arrays.fill(regs, RegState.NOT_INIT);
    regs[FP] = RegState.framePointer(frameno);
    stack = NO_STACK;
  }

  private Frame(Frame o) {
    callsite = o.callsite;
    frameno = o.frameno;
    subprogIdx = o.subprogIdx;
    asyncEntryCnt = o.asyncEntryCnt;
    inCallback = o.inCallback;
    inAsyncCallback = o.inAsyncCallback;
    inExceptionCallback = o.inExceptionCallback;
    callbackRetMin = o.callbackRetMin;
    callbackRetMax = o.callbackRetMax;
    callbackDepth = o.callbackDepth;
    regs = o.regs.clone();
    stack = o.stack.length == 0 ? NO_STACK : o.stack.clone();
  }

  public Frame copy() {
    return new Frame(this);
  }

  /// Number of stack slots that exist; slot `spi` lies at offset `-8 * (spi + 1)`.
  public int slots() {
    return stack.length;
  }

  /// Bytes of stack that exist.
  public int allocatedStack() {
    return stack.length * StackSlot.BYTES;
  }

  public StackSlot slot(int spi) {
    return stack[spi];
  }

  public void setSlot(int spi, StackSlot s) {
    stack[spi] = s;
  }

  /// Makes the stack at least `bytes` deep.
  public void growStack(int bytes) {
    int slots = (bytes + StackSlot.BYTES - 1) / StackSlot.BYTES;
    int old = stack.length;
    if (slots > old) {
      stack = Arrays.copyOf(stack, slots);
      Arrays.fill(stack, old, slots, StackSlot.EMPTY);
    }
  }
}
