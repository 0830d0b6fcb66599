package bpf4j.verifier.prune;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.flow.StackLiveness;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.HistoryEntry;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.StackSlot;
import org.jspecify.annotations.Nullable;

/// Marks scalars of stored states as precise: a later path may be pruned by such a state only if
/// its value is covered. Starting from a scalar whose value mattered, the path is walked backwards
/// through all its checkpoints, marking whatever the value was computed from.
///
/// Marks in the state under execution do not matter; they are dropped when it is stored.
public final class Precision {
  private final Env env;
  private final BacktrackMarks marks = new BacktrackMarks();
  private final Backtrack backtrack;
  private boolean changed;

  public Precision(Env env) {
    this.env = env;
    backtrack = new Backtrack(env, marks);
  }

  /// The scalar in a register of the current frame mattered.
  public void markReg(int r) {
    PathState st = env.cur();
    if (!env.priv.bpfCapable()) {
      return;
    }
    if (!st.cur().regs[r].isScalar()) {
      throw new IllegalStateException("precision of a pointer in R" + r);
    }
    marks.start(st.curFrameno());
    marks.set(r);
    walk(st);
  }

  /// The scalar in a stack slot mattered.
  public void markSlot(int frameno, int spi) {
    marks.setSlot(frameno, spi);
    walk(env.cur());
  }

  /// What the old state needs precise, the current one, found equal to it, needs precise too.
  /// Returns whether a mark was new.
  boolean propagate(PathState old, PathState cur) {
    boolean log = env.log.level2();
    StringBuilder out = env.log.out();
    for (int fr = old.curFrameno(); fr >= 0; fr--) {
      Frame f = old.frame(fr);
      boolean first = true;
      for (int i = 0; i < Frame.FP; i++) {
        RegState r = f.regs[i];
        if (r.isScalar() && r.precise()) {
          if (log) {
            prefix(out, fr, first).append('r').append(i);
          }
          marks.set(fr, i);
          first = false;
        }
      }
      for (int i = 0; i < f.slots(); i++) {
        StackSlot s = f.slot(i);
        if (s.isSpilledScalar() && s.spilled().precise()) {
          if (log) {
            prefix(out, fr, first).append("fp").append(-(i + 1) * 8);
          }
          marks.setSlot(fr, i);
          first = false;
        }
      }
      if (!first && log) {
        out.append('\n');
      }
    }
    changed = false;
    walk(cur);
    return changed;
  }

  private static StringBuilder prefix(StringBuilder out, int frame, boolean first) {
    return first ? out.append("frame ").append(frame).append(": propagating ") : out.append(',');
  }

  /// Forgets all marks of the state about to be stored.
  static void forget(PathState st) {
    st.mapRegs(r -> r.isScalar() ? r.withPrecise(false) : r);
  }

  private void walk(PathState start) {
    if (!env.priv.bpfCapable()) {
      marks.clear();
      return;
    }
    marks.start(start.curFrameno());
    if (marks.isEmpty()) {
      return;
    }
    PathState st = start;
    int firstIdx = st.firstInsnIdx;
    int lastIdx = start.insnIdx;
    int subseqIdx = -1;
    boolean skipFirst = true;
    while (true) {
      logSegment(lastIdx, firstIdx, subseqIdx);
      if (lastIdx < 0) {
        globalEntry(st);
        return;
      }
      int walked = walkSegment(start, st, lastIdx, subseqIdx, skipFirst);
      if (walked == DONE) {
        return;
      }
      skipFirst = false;
      PathState parent = st.parent;
      if (parent == null) {
        break;
      }
      st = parent;
      markParent(st);
      if (marks.isEmpty()) {
        return;
      }
      subseqIdx = firstIdx;
      lastIdx = st.lastInsnIdx;
      firstIdx = st.firstInsnIdx;
    }
    if (!marks.isEmpty()) {
      markAll(start);
      marks.clear();
    }
  }

  private static final int DONE = -1;
  private static final int CONTINUE = 0;

  /// Walks the instructions of one state's history backwards.
  private int walkSegment(
      PathState start, PathState st, int lastIdx, int firstSubseq, boolean skipFirst) {
    int history = st.historyLen();
    int subseqIdx = firstSubseq;
    boolean skip = skipFirst;
    int i = lastIdx;
    while (true) {
      if (!skip) {
        HistoryEntry e = history > 0 ? st.history(history - 1) : null;
        HistoryEntry own = e != null && e.insnIdx() == i ? e : null;
        if (!backtrack.step(i, subseqIdx, own)) {
          markAll(start);
          marks.clear();
          return DONE;
        }
      }
      skip = false;
      if (marks.isEmpty()) {
        return DONE;
      }
      subseqIdx = i;
      if (i == st.firstInsnIdx
          && (history == 0 || (history == 1 && st.history(0).insnIdx() == i))) {
        return CONTINUE;
      }
      if (history > 0 && st.history(history - 1).insnIdx() == i) {
        i = st.history(history - 1).prevIdx();
        history--;
      } else {
        i--;
      }
      if (i < 0 || i >= env.insns.length) {
        throw env.reject(Errno.EFAULT, "verifier bug: backtracking idx %d", i);
      }
    }
  }

  private void logSegment(int lastIdx, int firstIdx, int subseqIdx) {
    if (env.log.level2()) {
      env.log
          .out()
          .append("mark_precise: frame")
          .append(marks.frame())
          .append(": last_idx ")
          .append(lastIdx)
          .append(" first_idx ")
          .append(firstIdx)
          .append(" subseq_idx ")
          .append(subseqIdx)
          .append(" \n");
    }
  }

  /// The walk reached the entry of a global function; its scalar arguments become precise.
  private void globalEntry(PathState st) {
    Frame f = st.frame(0);
    if (st.curFrameno() != 0
        || f.subprogIdx == 0
        || f.callsite != Frame.MAIN
        || marks.slots() != 0
        || (marks.regs() & ~BacktrackMarks.ARGS) != 0) {
      throw env.reject(
          Errno.EFAULT,
          "verifier bug: backtracking func entry subprog %d reg_mask %x stack_mask %x",
          f.subprogIdx,
          marks.regs(),
          marks.slots());
    }
    for (int i = 1; i <= 5; i++) {
      if (marks.has(i)) {
        marks.drop(i);
        if (f.regs[i].isScalar()) {
          f.regs[i] = f.regs[i].withPrecise(true);
          changed = true;
        }
      }
    }
  }

  private void markParent(PathState st) {
    for (int fr = marks.frame(); fr >= 0; fr--) {
      Frame f = st.frame(fr);
      int regs = marks.regs(fr);
      for (int i = 0; regs >>> i != 0; i++) {
        if ((regs >> i & 1) != 0) {
          markReg(f, fr, i);
        }
      }
      long slots = marks.slots(fr);
      for (int i = 0; i < 64 && slots >>> i != 0; i++) {
        if ((slots >> i & 1) != 0) {
          markSlot(f, fr, i);
        }
      }
      if (env.log.level2()) {
        StringBuilder out = env.log.out();
        out.append("mark_precise: frame").append(fr).append(": parent state regs=");
        BacktrackMarks.print(out, marks.regs(fr));
        out.append(" stack=");
        StackLiveness.slots(out, marks.slots(fr));
        out.append(": ");
        env.printState(st, fr);
      }
    }
  }

  private void markReg(Frame f, int fr, int i) {
    RegState r = f.regs[i];
    if (!r.isScalar() || r.precise()) {
      marks.drop(fr, i);
    } else {
      f.regs[i] = r.withPrecise(true);
      changed = true;
    }
  }

  private void markSlot(Frame f, int fr, int spi) {
    StackSlot s = spi < f.slots() ? f.slot(spi) : StackSlot.EMPTY;
    if (!s.isSpilledScalar() || s.spilled().precise()) {
      marks.dropSlot(fr, spi);
    } else {
      f.setSlot(spi, s.withSpilled(s.spilled().withPrecise(true)));
      changed = true;
    }
  }

  /// Makes every scalar of every checkpoint before `start` precise.
  void markAll(PathState start) {
    if (env.log.level2()) {
      env.log.printf(
          "mark_precise: frame%d: falling back to forcing all scalars precise\n",
          start.curFrameno());
    }
    for (@Nullable PathState st = start.parent; st != null; st = st.parent) {
      for (int fr = 0; fr <= st.curFrameno(); fr++) {
        markAll(st.frame(fr), fr);
      }
    }
  }

  private void markAll(Frame f, int fr) {
    for (int i = 0; i < Frame.FP; i++) {
      RegState r = f.regs[i];
      if (r.isScalar() && !r.precise()) {
        f.regs[i] = r.withPrecise(true);
        logForced(fr, "r" + i);
      }
    }
    for (int i = 0; i < f.slots(); i++) {
      StackSlot s = f.slot(i);
      if (s.isSpilledScalar() && !s.spilled().precise()) {
        f.setSlot(i, s.withSpilled(s.spilled().withPrecise(true)));
        logForced(fr, "fp" + -(i + 1) * 8);
      }
    }
  }

  private void logForced(int fr, String what) {
    if (env.log.level2()) {
      env.log.printf("force_precise: frame%d: forcing %s to be precise\n", fr, what);
    }
  }
}
