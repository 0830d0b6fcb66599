package bpf4j.maps;

import bpf4j.maps.VirtualKernel.PerfEvent;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// PERF_EVENT_ARRAY: perf events that programs write samples to.
///
/// An event goes when the handle is closed that it was stored through, unless the map has
/// `BPF_F_PRESERVE_ELEMS`.
public final class PerfEventArrayMap extends ReferenceArrayMap<PerfEventArrayMap.Entry> {
  /// Flag of the output helpers: the current CPU's entry.
  public static final long BPF_F_CURRENT_CPU = 0xffff_ffffL;

  private static final long INDEX_MASK = 0xffff_ffffL;

  /// An event and the handle it was stored through.
  record Entry(PerfEvent event, MapFd through) {}

  /// The handle of the update that is under way.
  private @Nullable MapFd through;

  PerfEventArrayMap(MapTable table, MapSpec spec) {
    super(table, spec);
  }

  /// Writes one raw sample as `bpf_perf_event_output` does: the index is in the low 32 bits of
  /// `flags`, `cpu` is the CPU that runs. 0 or a negated errno. Source: `__bpf_perf_event_output`.
  public int output(long flags, byte[] sample, int cpu) {
    long index = flags & INDEX_MASK;
    if (index == BPF_F_CURRENT_CPU) {
      index = cpu;
    }
    if (index >= MapCreateCheck.unsigned(maxEntries)) {
      return Errno.E2BIG.negated();
    }
    Entry entry = slots.get((int) index);
    if (entry == null) {
      return Errno.ENOENT.negated();
    }
    int of = entry.event.cpu();
    if (of != cpu && of != -1) {
      return Errno.EOPNOTSUPP.negated();
    }
    return entry.event.output(cpu, sample);
  }

  /// The event at `index` for `bpf_perf_event_read`, or null.
  public @Nullable PerfEvent eventAt(long index) {
    Entry entry = at(index);
    return entry == null ? null : entry.event;
  }

  @Override
  synchronized void sysUpdateThrough(MapFd handle, byte[] key, byte[] value, long flags) {
    through = handle;
    try {
      sysUpdate(key, value, flags);
    } finally {
      through = null;
    }
  }

  @Override
  Entry objectOf(int fd) {
    MapFd handle = through;
    if (handle != null && table.fds().get(fd) instanceof PerfEvent event) {
      return new Entry(event, handle);
    }
    throw refused(Errno.EBADF, "fd " + fd + " is not a perf event");
  }

  /// A handle is closed: what was stored through it goes, unless the map says otherwise.
  @Override
  void handleClosed(MapFd handle) {
    if ((spec().flags() & MapFlags.PRESERVE_ELEMS) != 0) {
      return;
    }
    slots.forEach((index, entry) -> {
      if (entry.through == handle) {
        slots.exchange(index, null);
      }
    });
  }
}
