package bpf4j.verifier.prune;

import bpf4j.verifier.state.HistoryEntry;
import bpf4j.verifier.state.LinkedRegs;
import bpf4j.verifier.state.PathState;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Registers and stack slots that need precision while a path is walked backwards, by frame.
final class BacktrackMarks {
  static final int ARGS = 0x3e;

  private final int[] regs = new int[PathState.MAX_FRAMES];
  private final long[] slots = new long[PathState.MAX_FRAMES];
  private int frame;

  void start(int atFrame) {
    frame = atFrame;
  }

  void clear() {
    Arrays.fill(regs, 0);
    Arrays.fill(slots, 0);
    frame = 0;
  }

  int frame() {
    return frame;
  }

  boolean isEmpty() {
    long all = 0;
    for (int i = 0; i <= frame; i++) {
      all |= regs[i] | slots[i];
    }
    return all == 0;
  }

  void enterCallee() {
    if (frame == PathState.MAX_FRAMES - 1) {
      throw new IllegalStateException("backtracking into a frame too deep");
    }
    frame++;
  }

  void exitCallee() {
    if (frame == 0) {
      throw new IllegalStateException("backtracking out of the first frame");
    }
    frame--;
  }

  int regs() {
    return regs[frame];
  }

  int regs(int fr) {
    return regs[fr];
  }

  long slots() {
    return slots[frame];
  }

  long slots(int fr) {
    return slots[fr];
  }

  boolean has(int r) {
    return (regs[frame] >> r & 1) != 0;
  }

  boolean hasSlot(int fr, int spi) {
    return (slots[fr] >> spi & 1) != 0;
  }

  void set(int r) {
    regs[frame] |= 1 << r;
  }

  void set(int fr, int r) {
    regs[fr] |= 1 << r;
  }

  void drop(int r) {
    regs[frame] &= ~(1 << r);
  }

  void drop(int fr, int r) {
    regs[fr] &= ~(1 << r);
  }

  void setSlot(int fr, int spi) {
    slots[fr] |= 1L << spi;
  }

  void dropSlot(int fr, int spi) {
    slots[fr] &= ~(1L << spi);
  }

  /// Where a jump gave its range to linked registers and one of them needs precision, all do.
  void syncLinked(@Nullable HistoryEntry e) {
    if (e == null || e.linkedRegs() == 0) {
      return;
    }
    LinkedRegs linked = new LinkedRegs(e.linkedRegs());
    boolean some = false;
    for (int i = 0; i < linked.count() && !some; i++) {
      long marks = linked.isReg(i) ? regs[linked.frameno(i)] : slots[linked.frameno(i)];
      some = (marks >> linked.regOrSpi(i) & 1) != 0;
    }
    for (int i = 0; some && i < linked.count(); i++) {
      if (linked.isReg(i)) {
        set(linked.frameno(i), linked.regOrSpi(i));
      } else {
        setSlot(linked.frameno(i), linked.regOrSpi(i));
      }
    }
  }

  /// Registers of a mask: `r0,r6`.
  static void print(StringBuilder out, int mask) {
    boolean first = true;
    for (int i = 0; i < 32; i++) {
      if ((mask >> i & 1) != 0) {
        out.append(first ? "r" : ",r").append(i);
        first = false;
      }
    }
  }
}
