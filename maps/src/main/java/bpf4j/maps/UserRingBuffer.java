package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.time.Duration;

/// The producer of a USER_RINGBUF, as libbpf's `user_ring_buffer`. One thread uses it at a time.
public final class UserRingBuffer {
  private final UserRingbufMap map;

  /// A producer for `handle`'s map; throws [MapException] with EINVAL unless it is a USER_RINGBUF.
  public UserRingBuffer(MapFd handle) {
    if (!(handle.map() instanceof UserRingbufMap ringbuf)) {
      throw new MapException(Errno.EINVAL, handle + " is no user ring buffer");
    }
    this.map = ringbuf;
  }

  /// Makes `sample` visible to programs; throws [MapException] with E2BIG when it can never fit and
  /// ENOSPC when there is no room now. Source: `user_ring_buffer__reserve` and `__submit`.
  public void submit(byte[] sample) {
    Ring ring = map.ring();
    long bytes = RingbufLayout.recordBytes(sample.length);
    if (bytes > ring.size) {
      throw map.refused(Errno.E2BIG, "a sample of %d bytes never fits".formatted(sample.length));
    }
    long produced = ring.producerPos();
    if (ring.size - (produced - ring.consumerPos()) < bytes) {
      throw map.refused(Errno.ENOSPC, "no room for %d bytes".formatted(sample.length));
    }
    long header = ring.headerAt(produced);
    ring.memory.putBytes(header + RingbufLayout.HEADER, sample);
    ring.memory.putU32Release(header, sample.length);
    ring.setProducerPos(produced + bytes);
  }

  /// Like [#submit], but waits up to `timeout` for room. Source:
  /// `user_ring_buffer__reserve_blocking`.
  public void submit(byte[] sample, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      long wakeups = map.ring().wakeups();
      try {
        submit(sample);
        return;
      } catch (MapException e) {
        boolean full = e.errno() == Errno.ENOSPC;
        if (!full || !map.ring().awaitWakeup(wakeups, deadline - System.nanoTime())) {
          throw e;
        }
      }
    }
  }
}
