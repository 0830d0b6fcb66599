package bpf4j.maps;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Memory and positions of one ring buffer, and those who wait for it. Layout: [RingbufLayout].
final class Ring {
  final GuestMemory memory;
  final long data;
  final long size;
  private final long base;
  private final ReentrantLock waitLock = new ReentrantLock();
  private final Condition wakeup = waitLock.newCondition();
  private long wakeups;

  Ring(GuestMemory memory, long size, String label) {
    this.memory = memory;
    this.size = size;
    this.base = memory.allocate(2 * MapLimits.PAGE_SIZE + 2 * size, label);
    this.data = base + 2 * MapLimits.PAGE_SIZE;
  }

  long consumerPos() {
    return acquire(data + RingbufLayout.CONSUMER_POS);
  }

  long producerPos() {
    return acquire(data + RingbufLayout.PRODUCER_POS);
  }

  private long acquire(long addr) {
    return (long) GuestMemory.ATOMIC64.getAcquire(memory.segment(), addr);
  }

  void setConsumerPos(long pos) {
    GuestMemory.ATOMIC64.setRelease(memory.segment(), data + RingbufLayout.CONSUMER_POS, pos);
  }

  void setProducerPos(long pos) {
    GuestMemory.ATOMIC64.setRelease(memory.segment(), data + RingbufLayout.PRODUCER_POS, pos);
  }

  /// Address of the header at a position.
  long headerAt(long pos) {
    return data + (pos & (size - 1));
  }

  void wake() {
    waitLock.lock();
    try {
      wakeups++;
      wakeup.signalAll();
    } finally {
      waitLock.unlock();
    }
  }

  /// How often the ring was woken so far.
  long wakeups() {
    waitLock.lock();
    try {
      return wakeups;
    } finally {
      waitLock.unlock();
    }
  }

  /// Waits until the ring was woken more often than `seen`; false after `nanos`.
  boolean awaitWakeup(long seen, long nanos) throws InterruptedException {
    long deadline = System.nanoTime() + nanos;
    waitLock.lock();
    try {
      while (wakeups <= seen) {
        long left = deadline - System.nanoTime();
        if (left <= 0 || (!wakeup.await(left, TimeUnit.NANOSECONDS) && wakeups <= seen)) {
          return false;
        }
      }
      return true;
    } finally {
      waitLock.unlock();
    }
  }

  void destroy() {
    memory.free(base);
  }
}
