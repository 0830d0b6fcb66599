package bpf4j.maps;

import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// HASH_OF_MAPS: a hash whose values are slots for inner maps ([InnerSlot], 8 bytes in place of the
/// 4 that user space sees). A replaced inner map is exchanged in place, so no reader misses the
/// key.
final class OuterHashMap extends HtabMap {
  private final InnerTemplate template;

  OuterHashMap(MapTable table, MapSpec spec, InnerTemplate template) {
    super(table, spec, false);
    this.template = template;
  }

  @Override
  public MapSpec innerTemplate() {
    return template.spec();
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    long elem = find(keyAddr);
    return elem == 0 ? 0 : InnerSlot.get(memory, elem + valueOff);
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    return NOT_SUPPORTED;
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    return NOT_SUPPORTED;
  }

  @Override
  public long forEachElem(ElemCallback callback, long flags, int cpu) {
    return bpf4j.model.spec.Errno.EINVAL.negated();
  }

  @Override
  boolean replacesInPlace() {
    return true;
  }

  @Override
  void writeValue(long elem, long valueAddr, int cpu, boolean underSpinLock) {
    InnerSlot.exchange(table, elem + valueOff, memory.getU64(valueAddr));
  }

  @Override
  void firstValue(long elem, long valueAddr, int cpu) {
    writeValue(elem, valueAddr, cpu, false);
  }

  @Override
  void release(long elem, int cpu) {
    InnerSlot.exchange(table, elem + valueOff, 0);
    super.release(elem, cpu);
  }

  @Override
  byte @Nullable [] valueBytes(long elem, boolean locked) {
    return InnerSlot.id(table, elem + valueOff);
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    BpfMap inner = InnerSlot.acquire(this, template, GuestBytes.u32(value));
    long addr = takeStaging();
    boolean stored = false;
    try {
      memory.putBytes(addr, key);
      long valueAddr = addr + stagedValueOff();
      memory.putU64(valueAddr, inner.descriptorAddr());
      check(super.updateElem(addr, valueAddr, flags, 0), "update", key, flags);
      stored = true;
    } finally {
      giveStaging(addr);
      if (!stored) {
        inner.refs.put();
      }
    }
  }

  @Override
  boolean sysDelete(byte[] key) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      return super.deleteElem(addr, 0) == 0;
    } finally {
      giveStaging(addr);
    }
  }

  @Override
  byte @Nullable [] sysLookupAndDelete(byte[] key, long flags) {
    throw unsupported("lookup_and_delete");
  }

  @Override
  boolean waitsForRuns() {
    return true;
  }

  @Override
  void destroy() {
    buckets.forEach(elem -> {
      InnerSlot.exchange(table, elem + valueOff, 0);
      return true;
    });
    super.destroy();
  }
}
