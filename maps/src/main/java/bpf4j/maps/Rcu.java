package bpf4j.maps;

import java.util.ArrayDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Grace periods: what a run may still see is freed only after that run has ended.
///
/// Each thread of execution that runs programs holds a [Reader] and brackets a run with
/// [Reader#enter] and [Reader#exit]. [#defer] frees something that is already unreachable for new
/// runs, once every run that began before has ended. Runs never wait; only user space does
/// ([#synchronize]).
public final class Rcu {
  private static final long QUIESCENT = 0;

  /// One thread of execution. Not to be shared between threads that run at the same time.
  public final class Reader implements AutoCloseable {
    /// Epoch at the entry of the present run, or 0. Written by the owner (volatile: the store comes
    /// before every load of the run), read by writers.
    private volatile long epochSeen = QUIESCENT;

    private int depth;

    /// The thread of the present or last run.
    private @Nullable Thread runner;

    private Reader() {}

    /// Begins a run; may be nested.
    public void enter() {
      if (depth++ == 0) {
        runner = Thread.currentThread();
        epochSeen = epoch;
      }
    }

    /// Ends a run; when it is the outermost, what was deferred meanwhile may be freed.
    public void exit() {
      if (depth == 0) {
        throw new IllegalStateException("exit without enter");
      }
      if (--depth == 0) {
        epochSeen = QUIESCENT;
        if (pendingCount != 0) {
          reclaim();
        }
      }
    }

    @Override
    public void close() {
      readers.remove(this);
      reclaim();
    }
  }

  private record Deferred(long epoch, Runnable free) {}

  private final CopyOnWriteArrayList<Reader> readers = new CopyOnWriteArrayList<>();
  private final ArrayDeque<Deferred> pending = new ArrayDeque<>();
  private volatile long epoch = 1;
  private volatile int pendingCount;

  /// Grace periods without readers yet.
  public Rcu() {}

  /// A new reader, registered until it is closed.
  public Reader register() {
    Reader reader = new Reader();
    readers.add(reader);
    return reader;
  }

  /// Runs `free` when every run that has begun before now has ended: at once if there is none,
  /// otherwise in the thread that ends the last of them.
  public void defer(Runnable free) {
    synchronized (pending) {
      pending.add(new Deferred(epoch, free));
      pendingCount = pending.size();
      // Epochs only move here and in synchronize(), both under the lock: a run that enters from now
      // on is younger than what is queued.
      bumpEpoch();
    }
    reclaim();
  }

  /// Waits until every run that has begun before now has ended, but for runs of the calling thread
  /// itself.
  public void synchronize() {
    long target;
    synchronized (pending) {
      target = epoch;
      bumpEpoch();
    }
    for (Reader r : readers) {
      while (true) {
        long seen = r.epochSeen; // before `runner`: whoever entered has written that first
        if (seen == QUIESCENT || seen > target || r.runner == Thread.currentThread()) {
          break;
        }
        LockSupport.parkNanos(20_000);
      }
    }
    reclaim();
  }

  /// Frees everything that no run can see any more.
  private void reclaim() {
    while (true) {
      Deferred next;
      synchronized (pending) {
        next = pending.peek();
        if (next == null || next.epoch >= oldestRun()) {
          return;
        }
        pending.remove();
        pendingCount = pending.size();
      }
      next.free.run();
    }
  }

  @SuppressWarnings("NonAtomicOperationOnVolatileField") // only under the lock of `pending`
  private void bumpEpoch() {
    epoch++;
  }

  private long oldestRun() {
    long oldest = Long.MAX_VALUE;
    for (Reader r : readers) {
      long seen = r.epochSeen;
      if (seen != QUIESCENT && seen < oldest) {
        oldest = seen;
      }
    }
    return oldest;
  }
}
