package bpf4j.maps;

import bpf4j.model.spec.Errno;
import org.jspecify.annotations.Nullable;

/// One slot of an outer map: a u64 that is the inner map's descriptor address or 0. Written by user
/// space (release), read by programs (acquire).
final class InnerSlot {
  private InnerSlot() {}

  static long get(GuestMemory memory, long slotAddr) {
    return (long) GuestMemory.ATOMIC64.getAcquire(memory.segment(), slotAddr & memory.mask());
  }

  /// The inner map's id as user space sees it, or null for an empty slot.
  static byte @Nullable [] id(MapTable table, long slotAddr) {
    long inner = get(table.memory(), slotAddr);
    BpfMap map = inner == 0 ? null : table.mapAt(inner);
    return map == null ? null : GuestBytes.u32(map.id());
  }

  /// The map behind `fd` with one reference more; throws [MapException] where `outer` cannot take
  /// it.
  static BpfMap acquire(BpfMap outer, InnerTemplate template, int fd) {
    BpfMap inner = outer.table.fds().map(fd).map();
    template.checkEqual(outer, inner);
    if (!inner.refs.inc()) {
      throw new MapException(Errno.EBADF, inner + " is closed");
    }
    return inner;
  }

  /// Stores `inner`, whose reference the slot takes over; whether there was a map before, which
  /// loses its reference.
  static boolean exchange(MapTable table, long slotAddr, long inner) {
    GuestMemory memory = table.memory();
    long old =
        (long) GuestMemory.ATOMIC64.getAndSet(memory.segment(), slotAddr & memory.mask(), inner);
    BpfMap map = old == 0 ? null : table.mapAt(old);
    if (map != null) {
      map.refs.put();
    }
    return old != 0;
  }
}
