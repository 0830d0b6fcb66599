package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_F_LOCK;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// HASH and PERCPU_HASH. Layout: [HashLayout].
///
/// Replacing a value of HASH puts a new element in front of the old one: a program that holds the
/// old value's address still sees the old value. Per-CPU values are changed in place. Source:
/// linux-6.18 `htab_map_update_elem()`, `__htab_percpu_map_update_elem()`.
class HtabMap extends BpfMap {
  /// Stands for "every CPU's value" in place of a CPU number.
  static final int ALL_CPUS = -1;

  final HashTable buckets;
  final ElementPool pool;

  /// Bytes of one value in an element.
  final int slotSize;

  final int valueOff;
  private final boolean percpu;
  private final boolean prealloc;
  private final int maxEntries;
  private final AtomicInteger count = new AtomicInteger();

  HtabMap(MapTable table, MapSpec spec, boolean percpu) {
    this(
        table,
        spec,
        percpu,
        HashLayout.KEY,
        MapCreateCheck.unsigned(spec.maxEntries()),
        percpu ? 0 : table.possibleCpus());
  }

  HtabMap(MapTable table, MapSpec spec, boolean percpu, int keyOff, long capacity, int spares) {
    super(table, spec, 0);
    this.percpu = percpu;
    this.prealloc = (spec.flags() & MapFlags.NO_PREALLOC) == 0;
    this.maxEntries = spec.maxEntries();
    this.slotSize = slotSize(spec);
    String label = MapTable.describe(spec);
    long elemSize =
        HashLayout.valueOff(keyOff, spec.keySize())
            + (long) slotSize * (percpu ? table.possibleCpus() : 1);
    HashTable made = null;
    try {
      boolean zeroSeed = (spec.flags() & MapFlags.ZERO_SEED) != 0;
      int seed = zeroSeed ? 0 : id() * 0x9e3779b9;
      made = new HashTable(memory, capacity, spec.keySize(), keyOff, seed, label);
      this.pool =
          prealloc
              ? ElementPool.preallocated(memory, elemSize, capacity, spares, "elements of " + label)
              : ElementPool.onDemand(memory, elemSize, "elements of " + label);
    } catch (MapException e) {
      if (made != null) {
        made.destroy();
      }
      memory.free(descriptorAddr());
      throw e;
    }
    this.buckets = made;
    this.valueOff = buckets.valueOff;
    buckets.describeIn(descriptorAddr(), elemSize);
    memory.putU32(descriptorAddr() + MapLayout.STRIDE, slotSize);
  }

  /// Bytes of one value in an element. HASH_OF_MAPS keeps 8 for its values of 4.
  private static int slotSize(MapSpec spec) {
    return (int) ArrayLayout.elemSize(spec.valueSize());
  }

  @Override
  int sysValueSize() {
    return percpu ? slotSize * table.possibleCpus() : spec().valueSize();
  }

  final long find(long keyAddr) {
    return buckets.find(keyAddr, buckets.hash(keyAddr));
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    long elem = find(keyAddr);
    return elem == 0 ? 0 : valueOf(elem, cpu);
  }

  final long valueOf(long elem, int cpu) {
    return elem + valueOff + (percpu ? (long) cpu * slotSize : 0);
  }

  @Override
  public long lookupPercpuElem(long keyAddr, int ofCpu) {
    if (!percpu || ofCpu < 0 || ofCpu >= table.possibleCpus()) {
      return 0;
    }
    return lookupElem(keyAddr, ofCpu);
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    if (percpu) {
      return flags < 0 || flags > BPF_EXIST
          ? Errno.EINVAL.negated()
          : updatePercpu(keyAddr, valueAddr, flags, cpu);
    }
    if (flags < 0 || (flags & ~BPF_F_LOCK) > BPF_EXIST) {
      return Errno.EINVAL.negated();
    }
    boolean inPlace = (flags & BPF_F_LOCK) != 0;
    if (inPlace && !hasSpinLock()) {
      return Errno.EINVAL.negated();
    }
    int hash = buckets.hash(keyAddr);
    buckets.lock(hash);
    try {
      long old = buckets.find(keyAddr, hash);
      int refused = checkFlags(old, flags);
      if (refused != 0) {
        return refused;
      }
      if (old != 0 && (inPlace || replacesInPlace())) {
        writeValue(old, valueAddr, cpu, inPlace);
        return 0;
      }
      return old == 0
          ? insertNew(keyAddr, valueAddr, hash, cpu)
          : replace((int) old, keyAddr, valueAddr, hash, cpu);
    } finally {
      buckets.unlock(hash);
    }
  }

  static int checkFlags(long old, long flags) {
    long mode = flags & ~BPF_F_LOCK;
    if (old != 0 && mode == BPF_NOEXIST) {
      return Errno.EEXIST.negated();
    }
    return old == 0 && mode == BPF_EXIST ? Errno.ENOENT.negated() : 0;
  }

  /// Whether replacing writes into the old element.
  boolean replacesInPlace() {
    return false;
  }

  private int updatePercpu(long keyAddr, long valueAddr, long flags, int cpu) {
    int hash = buckets.hash(keyAddr);
    buckets.lock(hash);
    try {
      long old = buckets.find(keyAddr, hash);
      int refused = checkFlags(old, flags);
      if (refused != 0) {
        return refused;
      }
      if (old != 0) {
        writeValue(old, valueAddr, cpu, false);
        return 0;
      }
      return insertNew(keyAddr, valueAddr, hash, cpu);
    } finally {
      buckets.unlock(hash);
    }
  }

  private int insertNew(long keyAddr, long valueAddr, int hash, int cpu) {
    if (!prealloc && !countOne()) {
      return Errno.E2BIG.negated();
    }
    int elem = pool.take();
    if (elem == 0) {
      if (prealloc) {
        return Errno.E2BIG.negated();
      }
      count.decrementAndGet();
      return Errno.ENOMEM.negated();
    }
    fill(elem, keyAddr, valueAddr, cpu);
    buckets.insert(elem, hash);
    return 0;
  }

  private boolean countOne() {
    while (true) {
      int n = count.get();
      if (Integer.compareUnsigned(n, maxEntries) >= 0) {
        return false;
      }
      if (count.compareAndSet(n, n + 1)) {
        return true;
      }
    }
  }

  private int replace(int old, long keyAddr, long valueAddr, int hash, int cpu) {
    boolean spare = pool.hasSpares();
    int elem = spare ? pool.takeSpare(cpu) : pool.take();
    if (elem == 0) {
      return Errno.ENOMEM.negated();
    }
    fill(elem, keyAddr, valueAddr, cpu);
    buckets.insert(elem, hash);
    buckets.remove(old, hash);
    if (spare) {
      pool.giveSpare(cpu, old);
    } else {
      pool.give(old);
    }
    return 0;
  }

  /// Writes key and value of an element that is in no bucket.
  final void fill(int elem, long keyAddr, long valueAddr, int cpu) {
    long addr = Integer.toUnsignedLong(elem);
    memory.copy(addr + buckets.keyOff, keyAddr, spec().keySize());
    if (percpu && cpu != ALL_CPUS) {
      memory.fill(addr + valueOff, (long) slotSize * table.possibleCpus(), 0);
    }
    firstValue(addr, valueAddr, cpu);
  }

  /// Writes the value of an element that no program sees yet.
  void firstValue(long elem, long valueAddr, int cpu) {
    if (percpu) {
      writeValue(elem, valueAddr, cpu, false);
    } else {
      initValue(elem + valueOff, valueAddr);
    }
  }

  /// Writes the value, or one CPU's or all CPUs' values.
  void writeValue(long elem, long valueAddr, int cpu, boolean underSpinLock) {
    if (!percpu) {
      copyValue(elem + valueOff, valueAddr, underSpinLock);
    } else if (cpu != ALL_CPUS) {
      memory.copy(valueOf(elem, cpu), valueAddr, spec().valueSize());
    } else {
      memory.copy(elem + valueOff, valueAddr, (long) slotSize * table.possibleCpus());
    }
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    int hash = buckets.hash(keyAddr);
    long elem;
    buckets.lock(hash);
    try {
      elem = buckets.find(keyAddr, hash);
      if (elem == 0) {
        return Errno.ENOENT.negated();
      }
      buckets.remove((int) elem, hash);
    } finally {
      buckets.unlock(hash);
    }
    release(elem, cpu);
    return 0;
  }

  /// An element that is out of its bucket is free again.
  void release(long elem, int cpu) {
    if (!prealloc) {
      count.decrementAndGet();
    }
    pool.give((int) elem);
  }

  @Override
  public long forEachElem(ElemCallback callback, long flags, int cpu) {
    if (flags != 0) {
      return Errno.EINVAL.negated();
    }
    long[] visited = {0};
    buckets.forEach(elem -> {
      visited[0]++;
      return callback.call(elem + buckets.keyOff, valueOf(elem, cpu)) != 1;
    });
    return visited[0];
  }

  // ---- user space ----

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      long elem = find(addr);
      return elem == 0 ? null : valueBytes(elem, (flags & BPF_F_LOCK) != 0);
    } finally {
      giveStaging(addr);
    }
  }

  byte @Nullable [] valueBytes(long elem, boolean locked) {
    if (!percpu) {
      return valueOut(elem + valueOff, spec().valueSize(), locked);
    }
    return memory.getBytes(elem + valueOff, sysValueSize());
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    if (!percpu) {
      super.sysUpdate(key, value, flags);
      return;
    }
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      memory.putBytes(addr + stagedValueOff(), value);
      check(updateAllCpus(addr, addr + stagedValueOff(), flags), "update", key, flags);
    } finally {
      giveStaging(addr);
    }
  }

  int updateAllCpus(long keyAddr, long valueAddr, long flags) {
    return updateElem(keyAddr, valueAddr, flags, ALL_CPUS);
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    long addr = takeStaging();
    try {
      if (key != null) {
        memory.putBytes(addr, key);
      }
      long elem = buckets.next(key == null ? 0 : addr);
      return elem == 0 ? null : keyBytes(elem);
    } finally {
      giveStaging(addr);
    }
  }

  /// Whole buckets, as many as fit; the cursor is a bucket's number. Source:
  /// `__htab_map_lookup_and_delete_batch`.
  @Override
  BatchResult sysLookupBatch(byte @Nullable [] cursor, int count, long flags, boolean take) {
    MapBatch.checkFlags(this, flags);
    List<byte[]> keys = new ArrayList<>();
    List<byte[]> values = new ArrayList<>();
    if (count == 0) {
      return BatchResult.done(null, 0);
    }
    int bucket = cursor == null ? 0 : GuestBytes.u32(cursor);
    for (; Integer.compareUnsigned(bucket, buckets.bucketCount()) < 0; bucket++) {
      List<Long> elems = new ArrayList<>();
      buckets.lockBucket(bucket);
      try {
        buckets.forEachIn(bucket, elems::add);
        if (elems.size() > count - keys.size()) {
          Errno errno = keys.isEmpty() ? Errno.ENOSPC : null;
          return new BatchResult(errno, keys.size(), GuestBytes.u32(bucket), keys, values);
        }
        for (long elem : elems) {
          byte[] value = valueBytes(elem, (flags & BPF_F_LOCK) != 0);
          if (value != null) {
            keys.add(keyBytes(elem));
            values.add(value);
          }
          if (take) {
            buckets.remove((int) elem, bucket);
          }
        }
      } finally {
        buckets.unlockBucket(bucket);
      }
      if (take) {
        elems.forEach(elem -> release(elem, 0));
      }
    }
    return new BatchResult(Errno.ENOENT, keys.size(), null, keys, values);
  }

  final byte[] keyBytes(long elem) {
    return memory.getBytes(elem + buckets.keyOff, spec().keySize());
  }

  @Override
  byte @Nullable [] sysLookupAndDelete(byte[] key, long flags) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      int hash = buckets.hash(addr);
      long elem;
      byte @Nullable [] value;
      buckets.lock(hash);
      try {
        elem = buckets.find(addr, hash);
        if (elem == 0) {
          return null;
        }
        value = valueBytes(elem, (flags & BPF_F_LOCK) != 0);
        buckets.remove((int) elem, hash);
      } finally {
        buckets.unlock(hash);
      }
      release(elem, 0);
      return value;
    } finally {
      giveStaging(addr);
    }
  }

  @Override
  void destroy() {
    super.destroy();
    pool.destroy();
    buckets.destroy();
  }

  @Override
  protected void markShadow(ShadowMemory shadow) {
    super.markShadow(shadow);
    pool.forEachElement(elem -> shadow.mark(elem, buckets.keyOff, ShadowMemory.METADATA));
  }
}
