package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;

/// LRU_HASH and LRU_PERCPU_HASH: a full map makes room by dropping what was not used for long.
///
/// Source: linux-6.18 `htab_lru_map_update_elem()`, `__htab_lru_percpu_map_update_elem()`.
final class LruHtabMap extends HtabMap {
  private final LruList lru;
  private final boolean percpu;

  LruHtabMap(MapTable table, MapSpec spec, boolean percpu) {
    super(
        table,
        withEqualShares(spec, table.possibleCpus()),
        percpu,
        HashLayout.LRU_KEY,
        MapCreateCheck.unsigned(withEqualShares(spec, table.possibleCpus()).maxEntries()),
        0);
    this.percpu = percpu;
    this.lru =
        new LruList(
            memory,
            pool,
            (spec.flags() & MapFlags.NO_COMMON_LRU) == 0,
            table.possibleCpus(),
            MapCreateCheck.unsigned(spec().maxEntries()),
            this::unlink);
  }

  /// With a list for each CPU, every list gets the same number of elements.
  private static MapSpec withEqualShares(MapSpec spec, int cpus) {
    if ((spec.flags() & MapFlags.NO_COMMON_LRU) == 0) {
      return spec;
    }
    long entries = MapCreateCheck.unsigned(spec.maxEntries());
    long up = (entries + cpus - 1) / cpus * cpus;
    return spec.withMaxEntries((int) (up > 0xffff_ffffL ? entries / cpus * cpus : up));
  }

  private boolean unlink(int elem) {
    int hash = (int) memory.getU32(Integer.toUnsignedLong(elem) + HashLayout.HASH);
    buckets.lock(hash);
    try {
      return buckets.remove(elem, hash);
    } finally {
      buckets.unlock(hash);
    }
  }

  private void setRef(long elem) {
    if (memory.getU32(elem + HashLayout.LRU_REF) == 0) {
      memory.putU32(elem + HashLayout.LRU_REF, 1);
    }
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    long elem = find(keyAddr);
    if (elem == 0) {
      return 0;
    }
    setRef(elem);
    return valueOf(elem, cpu);
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    return update(keyAddr, valueAddr, flags, cpu, cpu);
  }

  @Override
  int updateAllCpus(long keyAddr, long valueAddr, long flags) {
    return update(keyAddr, valueAddr, flags, 0, ALL_CPUS);
  }

  private int update(long keyAddr, long valueAddr, long flags, int cpu, int valuesOf) {
    if (flags < 0 || flags > BPF_EXIST) {
      return Errno.EINVAL.negated();
    }
    int hash = buckets.hash(keyAddr);
    int elem = 0;
    if (!percpu || flags != BPF_EXIST) {
      elem = lru.take(cpu);
      if (elem == 0) {
        return Errno.ENOMEM.negated();
      }
      memory.putU32(Integer.toUnsignedLong(elem) + HashLayout.HASH, hash);
    }
    long old;
    int ret;
    boolean used;
    buckets.lock(hash);
    try {
      old = buckets.find(keyAddr, hash);
      ret = checkFlags(old, flags);
      used = ret == 0 && (old == 0 || !percpu);
      if (used) {
        put(elem, old, keyAddr, valueAddr, hash, valuesOf);
      } else if (ret == 0) {
        setRef(old);
        writeValue(old, valueAddr, valuesOf, false);
      }
    } finally {
      buckets.unlock(hash);
    }
    if (!used && elem != 0) {
      lru.give(elem);
    } else if (used && old != 0) {
      lru.give((int) old);
    }
    return ret;
  }

  private void put(int elem, long old, long keyAddr, long valueAddr, int hash, int valuesOf) {
    fill(elem, keyAddr, valueAddr, valuesOf);
    buckets.insert(elem, hash);
    if (old != 0) {
      setRef(Integer.toUnsignedLong(elem));
      buckets.remove((int) old, hash);
    }
  }

  @Override
  void release(long elem, int cpu) {
    lru.give((int) elem);
  }
}
