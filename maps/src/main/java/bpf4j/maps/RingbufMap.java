package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;

/// RINGBUF: records from programs to user space, in the order of their reservation.
///
/// Source: linux-6.18 `ringbuf.c`.
public final class RingbufMap extends BpfMap {
  private static final long MAX_RECORD = 0xffff_ffffL / 4;
  private final Ring ring;
  private final SpinLocks lock = new SpinLocks(1, 1);

  /// Position of the oldest record that is not committed yet. Guarded by the lock.
  private long pendingPos;

  RingbufMap(MapTable table, MapSpec spec) {
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

  boolean holds(long recordAddr) {
    return recordAddr >= ring.data && recordAddr < ring.data + 2 * ring.size;
  }

  /// Address of `size` bytes for a new record, or 0. Source: `bpf_ringbuf_reserve`.
  public long reserve(long size, long flags) {
    return flags != 0 ? 0 : reserve(size);
  }

  private long reserve(long size) {
    if (Long.compareUnsigned(size, MAX_RECORD) > 0) {
      return 0;
    }
    long bytes = RingbufLayout.recordBytes(size);
    if (bytes > ring.size) {
      return 0;
    }
    long header;
    lock.lock(0);
    try {
      long consumed = ring.consumerPos();
      long produced = ring.producerPos();
      advancePending(produced);
      long next = produced + bytes;
      if (next - consumed > ring.size - 1 || next - pendingPos > ring.size - 1) {
        return 0;
      }
      header = ring.headerAt(produced);
      memory.putU32(header, size | RingbufLayout.BUSY);
      memory.putU32(header + RingbufLayout.OWNER, id());
      ring.setProducerPos(next);
    } finally {
      lock.unlock(0);
    }
    ShadowMemory shadow = memory.shadow();
    if (shadow != null) {
      shadow.mark(header, RingbufLayout.HEADER, ShadowMemory.METADATA);
      shadow.addressable(header + RingbufLayout.HEADER, size);
      shadow.markUninitialised(header + RingbufLayout.HEADER, size);
    }
    return header + RingbufLayout.HEADER;
  }

  private void advancePending(long produced) {
    while (pendingPos < produced) {
      int len = memory.getU32Acquire(ring.headerAt(pendingPos));
      if ((len & RingbufLayout.BUSY) != 0) {
        return;
      }
      pendingPos +=
          RingbufLayout.recordBytes(MapCreateCheck.unsigned(len & ~RingbufLayout.DISCARD));
    }
  }

  /// The record at `recordAddr` is complete. Source: `bpf_ringbuf_submit`.
  public void submit(long recordAddr, long flags) {
    commit(recordAddr, flags, 0);
  }

  /// The record at `recordAddr` is to be skipped. Source: `bpf_ringbuf_discard`.
  public void discard(long recordAddr, long flags) {
    commit(recordAddr, flags, RingbufLayout.DISCARD);
  }

  private void commit(long recordAddr, long flags, int discard) {
    long header = recordAddr - RingbufLayout.HEADER;
    int len = ((int) memory.getU32(header) & ~RingbufLayout.BUSY) | discard;
    GuestMemory.ATOMIC32.getAndSet(memory.segment(), header & memory.mask(), len);
    boolean caughtUp = ring.headerAt(ring.consumerPos()) == header;
    if ((flags & RingbufLayout.BPF_RB_FORCE_WAKEUP) != 0
        || (caughtUp && (flags & RingbufLayout.BPF_RB_NO_WAKEUP) == 0)) {
      ring.wake();
    }
  }

  /// Writes a whole record; 0 or a negated errno. Source: `bpf_ringbuf_output`.
  public int output(long dataAddr, long size, long flags) {
    if ((flags & ~(RingbufLayout.BPF_RB_NO_WAKEUP | RingbufLayout.BPF_RB_FORCE_WAKEUP)) != 0) {
      return Errno.EINVAL.negated();
    }
    long record = reserve(size);
    if (record == 0) {
      return Errno.EAGAIN.negated();
    }
    memory.copy(record, dataAddr, size);
    submit(record, flags);
    return 0;
  }

  /// Source: `bpf_ringbuf_query`.
  public long query(long what) {
    return switch ((int) what) {
      case 0 -> ring.producerPos() - ring.consumerPos();
      case 1 -> ring.size;
      case 2 -> ring.consumerPos();
      case 3 -> ring.producerPos();
      default -> 0;
    };
  }

  @Override
  void destroy() {
    super.destroy();
    ring.destroy();
  }
}
