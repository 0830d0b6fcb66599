package bpf4j.verifier.state;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Everything known at one point of one path: frames, resources, and the history since the parent
/// checkpoint. Mutable; register states and slots in it are not.
public final class PathState {
  public static final int MAX_FRAMES = 8;
  private static final HistoryEntry[] NO_HISTORY = {};
  private static final Ref[] NO_REFS = {};

  private final @Nullable Frame[] frames = new Frame[MAX_FRAMES];
  private int curFrame;

  public Ref[] refs = NO_REFS;
  public int activeLocks;
  public int activePreemptLocks;
  public int activeRcuLocks;
  public int activeIrqId;
  public int activeLockId;
  public @Nullable Object activeLockObject;
  public boolean inSleepable;
  public boolean speculative;

  /// The checkpoint this state continues from.
  public @Nullable PathState parent;

  /// Paths that start here and are not explored to their end yet.
  public int branches;

  /// The instruction the state stands before.
  public int insnIdx;

  public int firstInsnIdx;
  public int lastInsnIdx;
  public int dfsDepth;
  public int callbackUnrollDepth;
  public int mayGotoDepth;
  public boolean cleaned;

  /// The list entry of a stored checkpoint; null for any other state, copies included.
  public @Nullable Checkpoint checkpoint;

  /// For a loop's back edge: the checkpoint that the state was found equal to.
  public @Nullable PathState equalState;

  private HistoryEntry[] history = NO_HISTORY;
  private int historyLen;

  public PathState(Frame first) {
    frames[0] = first;
  }

  private PathState(PathState o) {
    copyFrom(o);
  }

  /// A state with the same contents, sharing nothing mutable.
  public PathState copy() {
    return new PathState(this);
  }

  private void copyFrom(PathState o) {
    curFrame = o.curFrame;
    for (int i = 0; i <= curFrame; i++) {
      frames[i] = o.frame(i).copy();
    }
    refs = o.refs;
    activeLocks = o.activeLocks;
    activePreemptLocks = o.activePreemptLocks;
    activeRcuLocks = o.activeRcuLocks;
    activeIrqId = o.activeIrqId;
    activeLockId = o.activeLockId;
    activeLockObject = o.activeLockObject;
    inSleepable = o.inSleepable;
    speculative = o.speculative;
    parent = o.parent;
    branches = o.branches;
    insnIdx = o.insnIdx;
    firstInsnIdx = o.firstInsnIdx;
    lastInsnIdx = o.lastInsnIdx;
    dfsDepth = o.dfsDepth;
    callbackUnrollDepth = o.callbackUnrollDepth;
    mayGotoDepth = o.mayGotoDepth;
    cleaned = o.cleaned;
    equalState = o.equalState;
    historyLen = o.historyLen;
    history = historyLen == 0 ? NO_HISTORY : Arrays.copyOf(o.history, historyLen);
  }

  public int curFrameno() {
    return curFrame;
  }

  public Frame cur() {
    return frame(curFrame);
  }

  public Frame frame(int i) {
    Frame f = frames[i];
    if (f == null) {
      throw new IllegalStateException("no frame " + i);
    }
    return f;
  }

  /// The frame that a stack pointer points into.
  public Frame frameOf(RegState stackPointer) {
    return frame(stackPointer.frameno());
  }

  public void pushFrame(Frame f) {
    frames[++curFrame] = f;
  }

  public void popFrame() {
    frames[curFrame--] = null;
  }

  /// The instruction that frame `i` stands at: its call, or the current instruction.
  public int frameInsnIdx(int i) {
    return i == curFrame ? insnIdx : frame(i + 1).callsite;
  }

  public boolean sameCallsites(PathState o) {
    if (curFrame != o.curFrame) {
      return false;
    }
    for (int i = curFrame; i >= 0; i--) {
      if (frame(i).callsite != o.frame(i).callsite) {
        return false;
      }
    }
    return true;
  }

  public int historyLen() {
    return historyLen;
  }

  public HistoryEntry history(int i) {
    return history[i];
  }

  public void pushHistory(HistoryEntry e) {
    if (historyLen == history.length) {
      history = Arrays.copyOf(history, Math.max(8, historyLen + (historyLen >> 1)));
    }
    history[historyLen++] = e;
  }

  public void replaceLastHistory(HistoryEntry e) {
    history[historyLen - 1] = e;
  }

  public void clearHistory() {
    history = NO_HISTORY;
    historyLen = 0;
  }

  public void addRef(Ref r) {
    refs = Arrays.copyOf(refs, refs.length + 1);
    refs[refs.length - 1] = r;
  }

  public void removeRef(int i) {
    Ref[] left = new Ref[refs.length - 1];
    System.arraycopy(refs, 0, left, 0, i);
    System.arraycopy(refs, i + 1, left, i, left.length - i);
    refs = left;
  }

  /// Replaces every register and spilled register for which `f` gives another state.
  public void mapRegs(java.util.function.UnaryOperator<RegState> f) {
    for (int i = 0; i <= curFrame; i++) {
      Frame fr = frame(i);
      for (int r = 0; r < Frame.REGS; r++) {
        fr.regs[r] = f.apply(fr.regs[r]);
      }
      for (int s = 0; s < fr.slots(); s++) {
        StackSlot slot = fr.slot(s);
        if (slot.isSpilled()) {
          RegState n = f.apply(slot.spilled());
          if (n != slot.spilled()) {
            fr.setSlot(s, slot.withSpilled(n));
          }
        }
      }
    }
  }
}
