package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_F_LOCK;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/// CGROUP_STORAGE and PERCPU_CGROUP_STORAGE: a value for each cgroup a program is attached to.
/// Values come and go with attachments, never by user space. Source: linux-6.18 `local_storage.c`.
public final class CgroupStorageMap extends BpfMap {
  private final ConcurrentSkipListMap<ByteBuffer, Long> values = new ConcurrentSkipListMap<>();
  private final boolean percpu;
  private final int slotSize;

  CgroupStorageMap(MapTable table, MapSpec spec, boolean percpu) {
    super(table, spec, 0);
    this.percpu = percpu;
    this.slotSize = (int) ArrayLayout.elemSize(spec.valueSize());
  }

  @Override
  int sysValueSize() {
    return percpu ? slotSize * table.possibleCpus() : spec().valueSize();
  }

  /// Address of the value for `key` (of the map's key size), made when there is none: what an
  /// attached program gets from `bpf_get_local_storage`.
  public synchronized long attach(byte[] key, int cpu) {
    Long value = values.get(ByteBuffer.wrap(key));
    if (value == null) {
      value =
          memory.allocate(
              (long) slotSize * (percpu ? table.possibleCpus() : 1), "value of " + this);
      values.put(ByteBuffer.wrap(key.clone()), value);
    }
    return value + (percpu ? (long) cpu * slotSize : 0);
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    Long value = values.get(ByteBuffer.wrap(key));
    return value == null ? null : memory.getBytes(value, sysValueSize());
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    boolean known =
        percpu ? flags == 0 || flags == BPF_EXIST : (flags & ~BPF_F_LOCK & ~BPF_EXIST) == 0;
    if (!known) {
      check(Errno.EINVAL.negated(), "update", key, flags);
    }
    Long old = values.get(ByteBuffer.wrap(key));
    if (old == null) {
      throw refused(Errno.ENOENT, "no program with this storage is attached to that cgroup");
    }
    memory.putBytes(old, value);
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    return Errno.EINVAL.negated();
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    ByteBuffer next;
    if (key == null) {
      next = values.isEmpty() ? null : values.firstKey();
    } else {
      next =
          values.containsKey(ByteBuffer.wrap(key)) ? values.higherKey(ByteBuffer.wrap(key)) : null;
    }
    return next == null ? null : next.array().clone();
  }

  @Override
  void destroy() {
    super.destroy();
    values.values().forEach(memory::free);
  }
}
