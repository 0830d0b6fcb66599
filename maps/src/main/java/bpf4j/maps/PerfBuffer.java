package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The consumer of a PERF_EVENT_ARRAY, as libbpf's `perf_buffer`: a bounded buffer for each CPU,
/// stored in the map's entries. A sample that finds its buffer full is lost and counted.
public final class PerfBuffer implements AutoCloseable {
  /// Bytes that a sample takes in its buffer beside its data, as in the kernel's ring.
  private static final int OVERHEAD = 12;

  /// What to do with a sample.
  @FunctionalInterface
  public interface Sample {
    void accept(int cpu, byte[] data);
  }

  private final class CpuBuffer implements VirtualKernel.PerfEvent {
    final int cpu;
    final ArrayDeque<byte[]> samples = new ArrayDeque<>();
    final AtomicLong lost = new AtomicLong();
    long usedBytes;

    CpuBuffer(int cpu) {
      this.cpu = cpu;
    }

    @Override
    public int id() {
      return 0;
    }

    @Override
    public int cpu() {
      return cpu;
    }

    @Override
    public int output(int onCpu, byte[] sample) {
      int bytes = (sample.length + OVERHEAD + 7) & -8;
      lock.lock();
      try {
        if (usedBytes + bytes > capacity) {
          lost.incrementAndGet();
          return Errno.ENOSPC.negated();
        }
        usedBytes += bytes;
        samples.add(sample.clone());
        arrived.signalAll();
        return 0;
      } finally {
        lock.unlock();
      }
    }
  }

  private final MapFd map;
  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final List<CpuBuffer> buffers = new ArrayList<>();

  /// Buffers of `pages` pages (a power of two) for as many CPUs as the map has entries for. Throws
  /// [MapException] with EINVAL for another map type or size. Source: `perf_buffer__new`.
  public PerfBuffer(MapFd map, int pages) {
    if (!(map.map() instanceof PerfEventArrayMap)) {
      throw new MapException(Errno.EINVAL, map + " is no perf event array");
    }
    if (Integer.bitCount(pages) != 1) {
      throw new MapException(Errno.EINVAL, "page count " + pages + " is not a power of two");
    }
    this.map = map;
    this.capacity = (long) pages * MapLimits.PAGE_SIZE;
    int cpus =
        (int)
            Math.min(
                map.map().table.possibleCpus(),
                MapCreateCheck.unsigned(map.map().spec().maxEntries()));
    for (int cpu = 0; cpu < cpus; cpu++) {
      CpuBuffer buffer = new CpuBuffer(cpu);
      buffers.add(buffer);
      map.update(GuestBytes.u32(cpu), buffer, UpdateFlag.ANY);
    }
  }

  /// Gives every sample that is there to `sample`, CPU by CPU; how many. Source:
  /// `perf_buffer__consume`.
  public int consume(Sample sample) {
    int count = 0;
    for (CpuBuffer buffer : buffers) {
      for (byte[] data = next(buffer); data != null; data = next(buffer)) {
        sample.accept(buffer.cpu, data);
        count++;
      }
    }
    return count;
  }

  private byte @org.jspecify.annotations.Nullable [] next(CpuBuffer buffer) {
    lock.lock();
    try {
      byte[] data = buffer.samples.poll();
      if (data != null) {
        buffer.usedBytes -= (long) (data.length + OVERHEAD + 7) & -8;
      }
      return data;
    } finally {
      lock.unlock();
    }
  }

  /// Like [#consume], but waits up to `timeout` for a first sample. Source: `perf_buffer__poll`.
  public int poll(Duration timeout, Sample sample) throws InterruptedException {
    long nanos = timeout.toNanos();
    while (true) {
      int count = consume(sample);
      if (count > 0 || nanos <= 0) {
        return count;
      }
      lock.lock();
      try {
        if (buffers.stream().allMatch(b -> b.samples.isEmpty())) {
          nanos = arrived.awaitNanos(nanos);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /// Samples that found the buffer of `cpu` full.
  public long lost(int cpu) {
    return buffers.get(cpu).lost.get();
  }

  /// Takes the buffers out of the map.
  @Override
  public void close() {
    buffers.forEach(b -> map.delete(GuestBytes.u32(b.cpu)));
  }
}
