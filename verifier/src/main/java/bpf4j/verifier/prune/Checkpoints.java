package bpf4j.verifier.prune;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.env.Counters;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.flow.StackLiveness;
import bpf4j.verifier.prune.StateEquality.Exactness;
import bpf4j.verifier.state.Checkpoint;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.StackSlot;
import org.jspecify.annotations.Nullable;

/// The states stored so far. At a prune point the current state is compared with those stored
/// there: covered by an explored one the path ends; equal to one still being explored it is a loop.
///
/// When a state is stored, and when one is given up, follows Linux 6.18's thresholds, since they
/// decide how many instructions are processed.
public final class Checkpoints {
  private static final int UNPRIVILEGED_STATES = 64;
  private static final int MAX_BACKEDGE_ROUNDS = 64;
  private static final int MAX_HISTORY = 40;

  private final Env env;
  private final Precision precision;
  private final StackLiveness liveness;
  private final StateEquality equality;
  private final Sccs sccs;
  private @Nullable Checkpoint[] buckets;

  public Checkpoints(Env env, Precision precision, StackLiveness liveness) {
    this.env = env;
    this.precision = precision;
    this.liveness = liveness;
    equality = new StateEquality(env);
    sccs = new Sccs(env);
    buckets = new Checkpoint[env.insns.length];
  }

  /// Forgets all states, before another function is verified.
  public void clear() {
    buckets = new Checkpoint[env.insns.length];
    sccs.clear();
  }

  private int bucket(int insnIdx, PathState st) {
    return Integer.remainderUnsigned(insnIdx ^ st.cur().callsite, buckets.length);
  }

  /// The newest unfinished checkpoint at `insnIdx` before `cur` in this path, with the same calls:
  /// the previous round of a loop. Null where there is none.
  public @Nullable PathState previousAt(PathState cur, int insnIdx) {
    for (@Nullable Checkpoint cp = buckets[bucket(insnIdx, env.cur())]; cp != null; cp = cp.next) {
      PathState st = cp.state;
      if (st.insnIdx == insnIdx
          && st.branches > 0
          && st.sameCallsites(cur)
          && st.dfsDepth < cur.dfsDepth) {
        return st;
      }
    }
    return null;
  }

  /// Compares the current state with those stored at `insnIdx` and stores it where that helps. True
  /// when the path need not be explored further.
  public boolean visit(int insnIdx) {
    PathState cur = env.cur();
    Counters c = env.counters;
    boolean forceNew =
        env.testStateFreq || env.aux.forceCheckpoint[insnIdx] || cur.historyLen() > MAX_HISTORY;
    boolean addNew =
        forceNew
            || (c.jmpsProcessed - c.prevJmpsProcessed >= 2
                && c.insnProcessed - c.prevInsnProcessed >= 8);
    int b = bucket(insnIdx, cur);
    cleanFinished(buckets[b], insnIdx, cur);
    int count = 0;
    @Nullable Checkpoint prev = null;
    for (@Nullable Checkpoint cp = buckets[b]; cp != null; cp = cp.next) {
      count++;
      PathState old = cp.state;
      if (old.insnIdx != insnIdx) {
        prev = cp;
        continue;
      }
      if (old.branches > 0) {
        if (isLoopHit(old, cur, insnIdx)) {
          hit(cp, cur, insnIdx, !env.aux.callsCallback[insnIdx] || env.aux.isIterNext[insnIdx]);
          return true;
        }
        // Iterations of a loop have distinct states that seldom help later.
        if (!forceNew
            && c.jmpsProcessed - c.prevJmpsProcessed < 20
            && c.insnProcessed - c.prevInsnProcessed < 100) {
          addNew = false;
        }
      } else {
        boolean incomplete = sccs.isIncomplete(old);
        if (equality.equal(old, cur, incomplete ? Exactness.RANGE_WITHIN : Exactness.NOT_EXACT)) {
          hit(cp, cur, insnIdx, incomplete);
          return true;
        }
      }
      if (miss(cp, prev, b, addNew, insnIdx)) {
        continue;
      }
      prev = cp;
    }
    c.maxStatesPerInsn = Math.max(c.maxStatesPerInsn, count);
    if ((env.priv.bpfCapable() || count <= UNPRIVILEGED_STATES) && addNew) {
      store(cur, insnIdx, b);
    }
    return false;
  }

  /// Counts a miss; a state that misses too often is taken out. True when it was.
  private boolean miss(
      Checkpoint cp, @Nullable Checkpoint prev, int b, boolean addNew, int insnIdx) {
    if (addNew) {
      cp.missCount++;
    }
    int patience = env.aux.forceCheckpoint[insnIdx] && cp.state.branches > 0 ? 64 : 3;
    if (cp.missCount <= cp.hitCount * patience + patience) {
      return false;
    }
    cp.retired = true;
    if (prev == null) {
      buckets[b] = cp.next;
    } else {
      prev.next = cp.next;
    }
    env.counters.freeListStates++;
    env.counters.exploredStates--;
    freeIfDone(cp);
    return true;
  }

  private void freeIfDone(Checkpoint cp) {
    if (cp.retired && cp.state.branches == 0) {
      env.counters.freeListStates--;
    }
  }

  /// Whether an unfinished state at the same instruction ends this path as a converged loop.
  /// Refuses the program where it is an infinite one.
  private boolean isLoopHit(PathState old, PathState cur, int insnIdx) {
    Frame frame = old.cur();
    if (frame.inAsyncCallback && frame.asyncEntryCnt != cur.cur().asyncEntryCnt) {
      return false;
    }
    if (env.aux.isIterNext[insnIdx]) {
      return equality.equal(old, cur, Exactness.RANGE_WITHIN) && iterIsActive(cur);
    }
    if (Insns.isMayGoto(env.insns[insnIdx])
        && old.mayGotoDepth != cur.mayGotoDepth
        && equality.equal(old, cur, Exactness.RANGE_WITHIN)) {
      return true;
    }
    if (env.aux.callsCallback[insnIdx]) {
      return equality.equal(old, cur, Exactness.RANGE_WITHIN);
    }
    if (mayLoop(old, cur)
        && equality.equal(old, cur, Exactness.EXACT)
        && !iterDepthsDiffer(old, cur)
        && old.mayGotoDepth == cur.mayGotoDepth
        && old.callbackUnrollDepth == cur.callbackUnrollDepth) {
      env.printLine(insnIdx, "; ");
      env.log.printf("infinite loop detected at insn %d\n", insnIdx);
      env.log.print("cur state:");
      env.printState(cur, cur.curFrameno());
      env.log.print("old state:");
      env.printState(old, cur.curFrameno());
      throw new Rejection(Errno.EINVAL);
    }
    return false;
  }

  /// A cheap first look: the registers of the current frame are the same, ids included.
  private static boolean mayLoop(PathState old, PathState cur) {
    if (old.curFrameno() != cur.curFrameno()) {
      return false;
    }
    RegState[] o = old.cur().regs;
    RegState[] c = cur.cur().regs;
    for (int i = 0; i < o.length; i++) {
      if (o[i] != c[i]
          && !(o[i].sameValue(c[i])
              && o[i].id() == c[i].id()
              && o[i].refObjId() == c[i].refObjId())) {
        return false;
      }
    }
    return true;
  }

  /// Whether the iterator that R1 points to is still running.
  private static boolean iterIsActive(PathState cur) {
    RegState r1 = cur.cur().regs[1];
    int spi = (int) (-r1.constOff() - 1) / StackSlot.BYTES;
    return cur.frameOf(r1).slot(spi).spilled().pointee() instanceof Pointee.Iter it
        && it.state() == Pointee.IterState.ACTIVE;
  }

  private static boolean iterDepthsDiffer(PathState old, PathState cur) {
    for (int fr = old.curFrameno(); fr >= 0; fr--) {
      Frame f = old.frame(fr);
      for (int i = 0; i < f.slots(); i++) {
        StackSlot s = f.slot(i);
        if (s.typeAt(0) == StackSlot.ITER
            && s.spilled().pointee() instanceof Pointee.Iter it
            && it.state() == Pointee.IterState.ACTIVE
            && cur.frame(fr).slot(i).spilled().pointee() instanceof Pointee.Iter ct
            && ct.depth() != it.depth()) {
          return true;
        }
      }
    }
    return false;
  }

  private void hit(Checkpoint cp, PathState cur, int insnIdx, boolean loop) {
    cp.hitCount++;
    if (env.aux.jmpPoint[env.insnIdx]) {
      env.pushHistory(cur, 0, 0);
    }
    precision.propagate(cp.state, cur);
    if (loop) {
      PathState copy = cur.copy();
      copy.equalState = cp.state;
      copy.insnIdx = insnIdx;
      sccs.addBackedge(cp.state, copy);
    }
  }

  private void store(PathState cur, int insnIdx, int b) {
    Counters c = env.counters;
    c.totalStates++;
    c.exploredStates++;
    c.updatePeak();
    c.prevJmpsProcessed = c.jmpsProcessed;
    c.prevInsnProcessed = c.insnProcessed;
    if (env.priv.bpfCapable()) {
      Precision.forget(cur);
    }
    PathState stored = cur.copy();
    stored.insnIdx = insnIdx;
    sccs.maybeEnter(stored);
    Checkpoint cp = new Checkpoint(stored);
    stored.checkpoint = cp;
    cp.next = buckets[b];
    buckets[b] = cp;
    cur.parent = stored;
    cur.firstInsnIdx = insnIdx;
    cur.dfsDepth = stored.dfsDepth + 1;
    cur.clearHistory();
  }

  /// The path of the current state ended: counts down the branches of its ancestors.
  public void pathEnded() {
    @Nullable PathState st = env.cur();
    @Nullable Checkpoint cp = null;
    while (st != null) {
      if (--st.branches > 0) {
        return;
      }
      Sccs.Visit done = sccs.maybeExit(st);
      if (done != null) {
        propagateBackedges(done);
      }
      @Nullable PathState parent = st.parent;
      if (cp != null) {
        freeIfDone(cp);
      }
      cp = parent == null ? null : parent.checkpoint;
      st = parent;
    }
  }

  private void propagateBackedges(Sccs.Visit visit) {
    int round = 0;
    boolean changed;
    do {
      if (round++ > MAX_BACKEDGE_ROUNDS) {
        if (env.log.level2()) {
          env.log.print("propagate_backedges: too many iterations\n");
        }
        for (PathState st : visit.backedges) {
          precision.markAll(st);
        }
        break;
      }
      changed = false;
      for (PathState st : visit.backedges) {
        PathState old = st.equalState;
        changed |= old != null && precision.propagate(old, st);
      }
    } while (changed);
    visit.backedges.clear();
  }

  /// Forgets, in finished states, registers and slots that are never read: they then cover more.
  private void cleanFinished(@Nullable Checkpoint first, int insnIdx, PathState cur) {
    for (@Nullable Checkpoint cp = first; cp != null; cp = cp.next) {
      PathState st = cp.state;
      if (st.branches == 0
          && st.insnIdx == insnIdx
          && !st.cleaned
          && st.sameCallsites(cur)
          && !sccs.isIncomplete(st)) {
        clean(st);
      }
    }
  }

  private void clean(PathState st) {
    liveness.query(st);
    st.cleaned = true;
    for (int fr = 0; fr <= st.curFrameno(); fr++) {
      Frame f = st.frame(fr);
      int live = env.aux.liveRegs[st.frameInsnIdx(fr)];
      for (int i = 0; i < Frame.FP; i++) {
        if ((live >> i & 1) == 0) {
          f.regs[i] = RegState.NOT_INIT;
        }
      }
      for (int i = 0; i < f.slots(); i++) {
        if (!liveness.isAlive(fr, i)) {
          f.setSlot(i, StackSlot.EMPTY);
        }
      }
    }
  }
}
