package bpf4j.verifier.flow;

import bpf4j.verifier.cfg.Successors;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.state.PathState;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Which stack slots may still be read: a live variable analysis per call chain, fed by what
/// execution sees each instruction read (may) and write (must).
///
/// `may_read` only grows and `must_write` only shrinks while paths are explored, so an answer given
/// for a finished state stays true.
public final class StackLiveness {
  /// Marks of one call chain's instance of a function. Arrays are by frame of the chain, then by
  /// slot relative to the function; a slot set is a bit mask.
  private static final class Instance {
    final int[] callsites;
    final int[] starts;
    final int curFrame;
    final int cnt;
    final long[][] mayRead;
    final long[][] mustWrite;
    final long[][] mustWriteAcc;
    final long[][] liveBefore;
    final boolean[] mustWriteSet;
    boolean updated;
    boolean mustWriteDropped;

    Instance(int[] callsites, int[] starts, int cnt) {
      this.callsites = callsites;
      this.starts = starts;
      this.curFrame = callsites.length - 1;
      this.cnt = cnt;
      mayRead = new long[callsites.length][];
      mustWrite = new long[callsites.length][];
      mustWriteAcc = new long[callsites.length][];
      liveBefore = new long[callsites.length][];
      mustWriteSet = new boolean[cnt];
    }

    int start() {
      return starts[curFrame];
    }

    void allocate(int frame) {
      if (mayRead[frame] == null) {
        mayRead[frame] = new long[cnt];
        mustWrite[frame] = new long[cnt];
        mustWriteAcc[frame] = new long[cnt];
        liveBefore[frame] = new long[cnt];
      }
    }

    boolean isLive(int slotIdx, int frame, int spi) {
      long[] live = liveBefore[frame];
      return live != null && (live[slotIdx - start()] >> spi & 1) != 0;
    }
  }

  private record Chain(int[] callsites) {
    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof Chain(int[] c) && Arrays.equals(c, callsites);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(callsites);
    }
  }

  private final Env env;
  private final Map<Chain, Instance> instances = new HashMap<>();
  private final long[] writes = new long[PathState.MAX_FRAMES];
  private int writeIdx;
  private @Nullable Instance current;

  private final @Nullable Instance[] queried = new Instance[PathState.MAX_FRAMES];
  private int queryFrame;
  private int queryIdx;

  public StackLiveness(Env env) {
    this.env = env;
  }

  private Instance instance(PathState st, int frameno) {
    int[] callsites = new int[frameno + 1];
    int[] starts = new int[frameno + 1];
    for (int i = 0; i <= frameno; i++) {
      starts[i] = env.subprogs.get(st.frame(i).subprogIdx).start;
      callsites[i] = i < frameno ? st.frame(i + 1).callsite : starts[i];
    }
    return instance(callsites, starts);
  }

  private Instance instance(int[] callsites, int[] starts) {
    Chain key = new Chain(callsites);
    Instance in = instances.get(key);
    if (in == null) {
      Subprog s = env.subprogAt(starts[starts.length - 1]);
      in = new Instance(callsites, starts, s.end - s.start);
      instances.put(key, in);
    }
    return in;
  }

  private Instance current() {
    Instance in = current;
    if (in == null) {
      in = instance(env.cur(), env.cur().curFrameno());
      current = in;
    }
    return in;
  }

  /// Forgets which chain is current, after a call or return.
  public void resetChain() {
    current = null;
  }

  /// The current instruction may read `mask` of `frame`'s slots.
  public void markRead(int frame, long mask) {
    markRead(current(), frame, env.insnIdx, mask);
  }

  private static void markRead(Instance in, int frame, int slotIdx, long mask) {
    in.allocate(frame);
    int i = slotIdx - in.start();
    long now = in.mayRead[frame][i] | mask;
    if (now != in.mayRead[frame][i] && (now & ~in.liveBefore[frame][i]) != 0) {
      in.updated = true;
    }
    in.mayRead[frame][i] = now;
  }

  /// Begins to collect what the instruction writes.
  public void beginWrites(int slotIdx) {
    beginWrites(current(), slotIdx);
  }

  private void beginWrites(Instance in, int slotIdx) {
    writeIdx = slotIdx;
    Arrays.fill(writes, 0, in.curFrame + 1, 0);
  }

  /// The current instruction overwrites `mask` of `frame`'s slots as a whole.
  public void markWrite(int frame, long mask) {
    writes[frame] |= mask;
  }

  /// Ends the collection: the instruction must write what it wrote on every path so far.
  public void commitWrites() {
    Instance in = current;
    if (in != null) {
      commitWrites(in);
    }
  }

  private void commitWrites(Instance in) {
    int i = writeIdx - in.start();
    for (int frame = 0; frame <= in.curFrame; frame++) {
      long mask = writes[frame];
      if (mask == 0 && !in.mustWriteSet[i]) {
        continue;
      }
      in.allocate(frame);
      long old = in.mustWrite[frame][i];
      if (in.mustWriteSet[i]) {
        mask &= old;
      }
      if (old != mask) {
        in.mustWrite[frame][i] = mask;
        in.updated = true;
      }
      if ((old & ~mask) != 0) {
        in.mustWriteDropped = true;
      }
    }
    in.mustWriteSet[i] = true;
    writeIdx = 0;
  }

  /// Brings the chains of the current state up to date with the marks collected.
  public void update() {
    resetChain();
    for (int frame = env.cur().curFrameno(); frame >= 0; frame--) {
      Instance in = instance(env.cur(), frame);
      if (in.updated) {
        update(in);
        in.updated = false;
        in.mustWriteDropped = false;
      }
    }
  }

  private void update(Instance in) {
    if (in.mustWriteDropped) {
      for (long[] acc : in.mustWriteAcc) {
        if (acc != null) {
          Arrays.fill(acc, 0);
        }
      }
    }
    int subprogIdx = env.subprogIdxAt(in.start());
    int from = env.subprogs.get(subprogIdx).postorderStart;
    int to =
        subprogIdx + 1 < env.subprogs.size()
            ? env.subprogs.get(subprogIdx + 1).postorderStart
            : env.postorder.length;
    int rounds = 0;
    boolean changed;
    do {
      rounds++;
      changed = false;
      for (int frame = 0; frame <= in.curFrame; frame++) {
        if (in.mayRead[frame] == null) {
          continue;
        }
        for (int i = from; i < to; i++) {
          changed |= updateInsn(in, frame, env.postorder[i]);
        }
      }
    } while (changed);
    if (env.log.level2()) {
      chain(in).append(" live stack update done in ").append(rounds).append(" iterations\n");
    }
    if (in.curFrame > 0) {
      propagateToCaller(in);
    }
  }

  private boolean updateInsn(Instance in, int frame, int slotIdx) {
    int next = Successors.next(env, slotIdx);
    int jump = Successors.jump(env, slotIdx);
    if (next < 0 && jump < 0) {
      return false;
    }
    int start = in.start();
    int i = slotIdx - start;
    long[] live = in.liveBefore[frame];
    long[] acc = in.mustWriteAcc[frame];
    long after = 0;
    long newAcc = -1;
    if (next >= 0) {
      after |= live[next - start];
      newAcc &= acc[next - start];
    }
    if (jump >= 0) {
      after |= live[jump - start];
      newAcc &= acc[jump - start];
    }
    long must = in.mustWrite[frame][i];
    long read = in.mayRead[frame][i];
    newAcc |= must;
    long before = (after & ~must) | read;
    boolean changed = before != live[i] || newAcc != acc[i];
    if (changed
        && env.log.level2()
        && (read != 0 || must != 0 || i == 0 || env.aux.prunePoint[slotIdx])) {
      logChange(in, "live", frame, slotIdx, live[i], before);
      logChange(in, "written", frame, slotIdx, acc[i], newAcc);
    }
    live[i] = before;
    acc[i] = newAcc;
    return changed;
  }

  /// What the callee reads and always writes of outer frames is what its call does.
  private void propagateToCaller(Instance in) {
    int frames = in.curFrame;
    int[] starts = Arrays.copyOf(in.starts, frames);
    int[] callsites = Arrays.copyOf(in.callsites, frames);
    int callsite = callsites[frames - 1];
    callsites[frames - 1] = starts[frames - 1];
    Instance outer = instance(callsites, starts);
    beginWrites(outer, callsite);
    for (int frame = 0; frame < frames; frame++) {
      if (in.mayRead[frame] != null) {
        markWrite(frame, in.mustWriteAcc[frame][0]);
        markRead(outer, frame, callsite, in.liveBefore[frame][0]);
      }
    }
    commitWrites(outer);
  }

  /// Prepares questions about a state.
  public void query(PathState st) {
    for (int frame = 0; frame <= st.curFrameno(); frame++) {
      queried[frame] = instance(st, frame);
    }
    queryFrame = st.curFrameno();
    queryIdx = st.insnIdx;
  }

  /// Whether the slot of the state given to [#query] may be read later: here, or after a return.
  public boolean isAlive(int frameno, int spi) {
    Instance cur = queried[queryFrame];
    if (cur == null || cur.isLive(queryIdx, frameno, spi)) {
      return true;
    }
    for (int i = frameno; i < queryFrame; i++) {
      int callsite = cur.callsites[i];
      Instance in = queried[i];
      int at = env.aux.callsCallback[callsite] ? callsite : callsite + 1;
      if (in == null || in.isLive(at, frameno, spi)) {
        return true;
      }
    }
    return false;
  }

  private StringBuilder chain(Instance in) {
    StringBuilder out = env.log.out().append('(');
    for (int i = 0; i < in.callsites.length; i++) {
      out.append(i == 0 ? "" : ",").append(in.callsites[i]);
    }
    return out.append(')');
  }

  private void logChange(
      Instance in, String what, int frame, int slotIdx, long before, long after) {
    if (before == after) {
      return;
    }
    StringBuilder out = chain(in);
    out.append(" frame ").append(frame).append(" insn ").append(slotIdx).append(' ');
    if ((after & ~before) != 0) {
      out.append('+').append(what).append(' ');
      slots(out, after & ~before);
      out.append(' ');
    }
    if ((before & ~after) != 0) {
      out.append('-').append(what).append(' ');
      slots(out, before & ~after);
    }
    out.append('\n');
  }

  /// Offsets of a slot set: `-8,-16`.
  public static void slots(StringBuilder out, long mask) {
    boolean first = true;
    for (int i = 0; i < 64; i++) {
      if ((mask >>> i & 1) != 0) {
        out.append(first ? "" : ",").append(-(i + 1) * 8);
        first = false;
      }
    }
  }
}
