package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.time.Duration;

/// The consumer of a RINGBUF, as libbpf's `ring_buffer`. One thread uses it at a time.
///
/// ```java
/// RingBuffer events = new RingBuffer(map);
/// events.poll(Duration.ofSeconds(1), data -> { handle(data); return true; });
/// ```
public final class RingBuffer {
  /// What to do with a record.
  @FunctionalInterface
  public interface Sample {
    /// False to stop after this record, which is consumed.
    boolean accept(byte[] data);
  }

  private final RingbufMap map;
  private long wakeupsSeen;

  /// A consumer of `handle`'s map; throws [MapException] with EINVAL unless it is a RINGBUF.
  public RingBuffer(MapFd handle) {
    if (!(handle.map() instanceof RingbufMap ringbuf)) {
      throw new MapException(Errno.EINVAL, handle + " is no ring buffer");
    }
    this.map = ringbuf;
  }

  /// Gives every record that is there to `sample`, in the order of their reservation; how many.
  /// Stops before one that its program has not finished yet. Source: `ring_buffer__consume`.
  public int consume(Sample sample) {
    Ring ring = map.ring();
    int count = 0;
    long consumed = ring.consumerPos();
    while (consumed < ring.producerPos()) {
      long header = ring.headerAt(consumed);
      int word = ring.memory.getU32Acquire(header);
      if ((word & RingbufLayout.BUSY) != 0) {
        break;
      }
      int len = word & ~RingbufLayout.DISCARD;
      boolean more = true;
      consumed += RingbufLayout.recordBytes(MapCreateCheck.unsigned(len));
      if (word == len) {
        byte[] data = ring.memory.getBytes(header + RingbufLayout.HEADER, len);
        count++;
        more = sample.accept(data);
      }
      ring.setConsumerPos(consumed);
      if (!more) {
        break;
      }
    }
    return count;
  }

  /// Like [#consume], but waits up to `timeout` for a first record. Records that programs submit
  /// with `BPF_RB_NO_WAKEUP` wake nobody. Source: `ring_buffer__poll`.
  public int poll(Duration timeout, Sample sample) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    Ring ring = map.ring();
    while (true) {
      long wakeups = ring.wakeups();
      int count = consume(sample);
      if (count > 0) {
        wakeupsSeen = wakeups;
        return count;
      }
      if (!ring.awaitWakeup(Math.max(wakeups, wakeupsSeen), deadline - System.nanoTime())) {
        return consume(sample);
      }
    }
  }

  /// Bytes that are reserved or submitted and not consumed. Source: `ring__avail_data_size`.
  public long availableBytes() {
    return map.query(0);
  }
}
