package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// ARRAY_OF_MAPS.
///
/// ```text
///   descriptor + ArrayLayout.DATA + index * 8    u64: the inner map's descriptor address, or 0
///                                                (acquire/release)
/// ```
///
/// Programs only look up; user space stores, replaces and removes. A slot holds a reference of its
/// inner map; a replaced one goes when the last run that can see it has ended.
final class OuterArrayMap extends BpfMap {
  static final int SLOT = 8;

  private final InnerTemplate template;
  private final long data;
  private final int maxEntries;
  private final AtomicInteger occupied = new AtomicInteger();

  OuterArrayMap(MapTable table, MapSpec spec, InnerTemplate template) {
    super(table, spec, MapCreateCheck.unsigned(spec.maxEntries()) * SLOT);
    this.template = template;
    this.data = descriptorAddr() + ArrayLayout.DATA;
    this.maxEntries = spec.maxEntries();
    ArrayMap.writeArrayWords(memory, descriptorAddr(), SLOT, maxEntries);
  }

  @Override
  public MapSpec innerTemplate() {
    return template.spec();
  }

  private long slotAddr(int index) {
    return data + Integer.toUnsignedLong(index) * SLOT;
  }

  private boolean outOfRange(int index) {
    return Integer.compareUnsigned(index, maxEntries) >= 0;
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    int index = (int) memory.getU32(keyAddr);
    return outOfRange(index) ? 0 : InnerSlot.get(memory, slotAddr(index));
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    int index = GuestBytes.u32(key);
    return outOfRange(index) ? null : InnerSlot.id(table, slotAddr(index));
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    if (flags != UpdateFlag.BPF_ANY) {
      throw refused(
          Errno.EINVAL, "update flags 0x%x: an array of maps takes BPF_ANY only".formatted(flags));
    }
    int index = GuestBytes.u32(key);
    if (outOfRange(index)) {
      check(Errno.E2BIG.negated(), "update", key, flags);
    }
    BpfMap inner = InnerSlot.acquire(this, template, GuestBytes.u32(value));
    if (!InnerSlot.exchange(table, slotAddr(index), inner.descriptorAddr())) {
      occupied.incrementAndGet();
    }
  }

  @Override
  boolean sysDelete(byte[] key) {
    int index = GuestBytes.u32(key);
    if (outOfRange(index)) {
      check(Errno.E2BIG.negated(), "delete", key, 0);
    }
    boolean removed = InnerSlot.exchange(table, slotAddr(index), 0);
    if (removed) {
      occupied.decrementAndGet();
    }
    return removed;
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    return GuestBytes.nextIndex(key, maxEntries);
  }

  @Override
  boolean waitsForRuns() {
    return true;
  }

  @Override
  String why(Errno errno, byte[] key, long flags) {
    return ArrayMap.whyArray(super.why(errno, key, flags), errno, key, maxEntries);
  }

  @Override
  void destroy() {
    super.destroy();
    for (int i = 0, left = occupied.get(); left > 0 && i != maxEntries; i++) {
      if (InnerSlot.get(memory, slotAddr(i)) != 0) {
        InnerSlot.exchange(table, slotAddr(i), 0);
        left--;
      }
    }
  }
}
