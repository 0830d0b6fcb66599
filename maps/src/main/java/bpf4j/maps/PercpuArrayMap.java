package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// PERCPU_ARRAY: an array for each CPU. Layout: [ArrayLayout].
final class PercpuArrayMap extends BpfMap {
  private final long data;
  private final int elemSize;
  private final long stride;
  private final int maxEntries;

  PercpuArrayMap(MapTable table, MapSpec spec) {
    super(table, spec, stride(spec) * table.possibleCpus());
    this.data = descriptorAddr() + ArrayLayout.DATA;
    this.elemSize = (int) ArrayLayout.elemSize(spec.valueSize());
    this.stride = stride(spec);
    this.maxEntries = spec.maxEntries();
    ArrayMap.writeArrayWords(memory, descriptorAddr(), elemSize, maxEntries);
    memory.putU32(descriptorAddr() + MapLayout.STRIDE, stride);
  }

  private static long stride(MapSpec spec) {
    return MapCreateCheck.unsigned(spec.maxEntries()) * ArrayLayout.elemSize(spec.valueSize());
  }

  @Override
  int sysValueSize() {
    return elemSize * table.possibleCpus();
  }

  private long elemAt(int index, int cpu) {
    return Integer.compareUnsigned(index, maxEntries) < 0
        ? data + cpu * stride + Integer.toUnsignedLong(index) * elemSize
        : 0;
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    return elemAt((int) memory.getU32(keyAddr), cpu);
  }

  @Override
  public long lookupPercpuElem(long keyAddr, int ofCpu) {
    return ofCpu < 0 || ofCpu >= table.possibleCpus() ? 0 : lookupElem(keyAddr, ofCpu);
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    int index = (int) memory.getU32(keyAddr);
    int refused = refusal(index, flags);
    if (refused == 0) {
      memory.copy(elemAt(index, cpu), valueAddr, spec().valueSize());
    }
    return refused;
  }

  private int refusal(int index, long flags) {
    if (flags < 0 || flags > BPF_EXIST) {
      return Errno.EINVAL.negated();
    }
    if (Integer.compareUnsigned(index, maxEntries) >= 0) {
      return Errno.E2BIG.negated();
    }
    return (flags & BPF_NOEXIST) != 0 ? Errno.EEXIST.negated() : 0;
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    return Errno.EINVAL.negated();
  }

  @Override
  public long forEachElem(ElemCallback callback, long flags, int cpu) {
    return ArrayMap.forEach(this, callback, flags, i -> elemAt(i, cpu));
  }

  @Override
  String why(Errno errno, byte[] key, long flags) {
    return ArrayMap.whyArray(super.why(errno, key, flags), errno, key, maxEntries);
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    int index = GuestBytes.u32(key);
    if (Integer.compareUnsigned(index, maxEntries) >= 0) {
      return null;
    }
    byte[] values = new byte[sysValueSize()];
    for (int cpu = 0; cpu < table.possibleCpus(); cpu++) {
      byte[] one = memory.getBytes(elemAt(index, cpu), elemSize);
      System.arraycopy(one, 0, values, cpu * elemSize, elemSize);
    }
    return values;
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    int index = GuestBytes.u32(key);
    check(refusal(index, flags), "update", key, flags);
    for (int cpu = 0; cpu < table.possibleCpus(); cpu++) {
      memory.putBytes(elemAt(index, cpu), value, cpu * elemSize, spec().valueSize());
    }
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    return GuestBytes.nextIndex(key, maxEntries);
  }
}
