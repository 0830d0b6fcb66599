package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.util.concurrent.atomic.AtomicBoolean;

/// USER_RINGBUF: samples from user space to programs.
///
/// Source: linux-6.18 `bpf_user_ringbuf_drain()`, `__bpf_user_ringbuf_peek()`.
public final class UserRingbufMap extends BpfMap {
  private static final int MAX_SAMPLES = 128 * 1024;

  /// Kernel-internal: nothing to read.
  private static final int ENODATA = 61;

  private final Ring ring;
  private final AtomicBoolean busy = new AtomicBoolean();

  /// What a program does with each sample.
  @FunctionalInterface
  public interface SampleCallback {
    /// 0 to go on, 1 to stop.
    long call(long sampleAddr, long size);
  }

  UserRingbufMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
    try {
      this.ring =
          new Ring(
              memory,
              MapCreateCheck.unsigned(spec.maxEntries()),
              "ring of " + MapTable.describe(spec));
    } catch (MapException e) {
      memory.free(descriptorAddr());
      throw e;
    }
    memory.putU32(descriptorAddr() + MapLayout.DATA, ring.data);
    memory.putU32(descriptorAddr() + MapLayout.MASK, ring.size - 1);
  }

  Ring ring() {
    return ring;
  }

  /// Gives the samples that user space has submitted to `callback`; how many, or a negated errno.
  /// Source: `bpf_user_ringbuf_drain`.
  public long drain(SampleCallback callback, long flags) {
    if ((flags & ~(RingbufLayout.BPF_RB_NO_WAKEUP | RingbufLayout.BPF_RB_FORCE_WAKEUP)) != 0) {
      return Errno.EINVAL.negated();
    }
    if (!busy.compareAndSet(false, true)) {
      return Errno.EBUSY.negated();
    }
    long drained = 0;
    try {
      long stop = 0;
      for (int i = 0; i < MAX_SAMPLES && stop == 0; i++) {
        long len = peek();
        if (len == -ENODATA) {
          break;
        }
        if (len == Errno.EAGAIN.negated()) {
          continue;
        }
        if (len < 0) {
          return len;
        }
        long sample = ring.headerAt(ring.consumerPos()) + RingbufLayout.HEADER;
        stop = callback.call(sample, len);
        ring.setConsumerPos(ring.consumerPos() + RingbufLayout.recordBytes(len));
        drained++;
      }
    } finally {
      busy.set(false);
      boolean always = (flags & RingbufLayout.BPF_RB_FORCE_WAKEUP) != 0;
      if (always || (drained > 0 && (flags & RingbufLayout.BPF_RB_NO_WAKEUP) == 0)) {
        ring.wake();
      }
    }
    return drained;
  }

  /// Bytes of the next sample; EAGAIN for one that was skipped; other negated errno.
  private long peek() {
    long produced = ring.producerPos();
    if (produced % 8 != 0) {
      return Errno.EINVAL.negated();
    }
    long consumed = ring.consumerPos();
    if (consumed >= produced) {
      return -ENODATA;
    }
    int word = memory.getU32Acquire(ring.headerAt(consumed));
    long len = MapCreateCheck.unsigned(word & ~(RingbufLayout.BUSY | RingbufLayout.DISCARD));
    long total = RingbufLayout.recordBytes(len);
    if (total > produced - consumed) {
      return Errno.EINVAL.negated();
    }
    if (total > ring.size || len > 0xff_ffffL) {
      return Errno.E2BIG.negated();
    }
    if ((word & RingbufLayout.DISCARD) != 0) {
      ring.setConsumerPos(consumed + total);
      return Errno.EAGAIN.negated();
    }
    return (word & RingbufLayout.BUSY) != 0 ? -ENODATA : len;
  }

  @Override
  void destroy() {
    super.destroy();
    ring.destroy();
  }
}
