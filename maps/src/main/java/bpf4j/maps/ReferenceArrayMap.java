package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// An array whose elements are objects of the virtual kernel rather than bytes: PROG_ARRAY,
/// PERF_EVENT_ARRAY, CGROUP_ARRAY. User space stores them by file descriptor; programs never read
/// them as memory.
///
/// Source: linux-6.18 `bpf_fd_array_map_update_elem()` and its neighbours.
public abstract class ReferenceArrayMap<T> extends BpfMap {
  final ObjectSlots<T> slots;
  final int maxEntries;

  ReferenceArrayMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
    this.maxEntries = spec.maxEntries();
    this.slots = new ObjectSlots<>(maxEntries);
  }

  /// The object at `index`, or null.
  public final @Nullable T at(long index) {
    return index >= 0 && index < MapCreateCheck.unsigned(maxEntries)
        ? slots.get((int) index)
        : null;
  }

  /// The object behind a file descriptor; throws [MapException] when this map cannot take it.
  abstract T objectOf(int fd);

  /// `object` has left the map.
  void dropped(T object) {}

  final boolean outOfRange(int index) {
    return Integer.compareUnsigned(index, maxEntries) >= 0;
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    if (flags != UpdateFlag.BPF_ANY) {
      throw refused(Errno.EINVAL, "update flags 0x%x: only BPF_ANY".formatted(flags));
    }
    int index = GuestBytes.u32(key);
    if (outOfRange(index)) {
      check(Errno.E2BIG.negated(), "update", key, flags);
    }
    T old = slots.exchange(index, objectOf(GuestBytes.u32(value)));
    if (old != null) {
      dropped(old);
    }
  }

  @Override
  boolean sysDelete(byte[] key) {
    int index = GuestBytes.u32(key);
    if (outOfRange(index)) {
      check(Errno.E2BIG.negated(), "delete", key, 0);
    }
    T old = slots.exchange(index, null);
    if (old != null) {
      dropped(old);
    }
    return old != null;
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    return GuestBytes.nextIndex(key, maxEntries);
  }

  final void clear() {
    slots.forEach((index, object) -> slots.exchange(index, null));
  }

  @Override
  String why(Errno errno, byte[] key, long flags) {
    return ArrayMap.whyArray(super.why(errno, key, flags), errno, key, maxEntries);
  }

  @Override
  void destroy() {
    super.destroy();
    clear();
  }
}
