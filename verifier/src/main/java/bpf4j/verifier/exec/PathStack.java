package bpf4j.verifier.exec;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import org.jspecify.annotations.Nullable;

/// Paths still to be explored, the newest first.
public final class PathStack {
  private static final int LIMIT = 8192;

  private record Pending(
      PathState state, int insnIdx, int prevInsnIdx, int logPos, @Nullable Pending next) {}

  private final Env env;
  private @Nullable Pending head;
  private int size;
  private int insnIdx;
  private int prevInsnIdx;

  public PathStack(Env env) {
    this.env = env;
  }

  public void clear() {
    head = null;
    size = 0;
  }

  /// Forks the current path: the copy goes on at `insnIdx`.
  public PathState push(int insnIdx, int prevInsnIdx, boolean speculative) {
    PathState copy = env.cur().copy();
    copy.speculative |= speculative;
    head = new Pending(copy, insnIdx, prevInsnIdx, env.log.pos(), head);
    if (++size > LIMIT) {
      throw env.reject(Errno.E2BIG, "The sequence of %d jumps is too complex.", size);
    }
    PathState parent = copy.parent;
    if (parent != null) {
      parent.branches++;
    }
    return copy;
  }

  /// Begins a path of its own for an asynchronous callback.
  public PathState pushAsync(int insnIdx, int prevInsnIdx, int subprogIdx, boolean sleepable) {
    PathState st = new PathState(new Frame(Frame.MAIN, 0, subprogIdx));
    env.scratchAll();
    st.branches = 1;
    st.inSleepable = sleepable;
    head = new Pending(st, insnIdx, prevInsnIdx, env.log.pos(), head);
    if (++size > LIMIT) {
      throw env.reject(Errno.E2BIG, "The sequence of %d jumps is too complex for async cb.", size);
    }
    return st;
  }

  /// Makes the newest pending path the current one; false where there is none.
  public boolean pop(boolean takeBackLog) {
    Pending p = head;
    if (p == null) {
      return false;
    }
    env.setCur(p.state);
    if (takeBackLog) {
      env.log.reset(p.logPos);
    }
    insnIdx = p.insnIdx;
    prevInsnIdx = p.prevInsnIdx;
    head = p.next;
    size--;
    return true;
  }

  /// Where the path popped last goes on.
  public int insnIdx() {
    return insnIdx;
  }

  /// The instruction before it.
  public int prevInsnIdx() {
    return prevInsnIdx;
  }
}
