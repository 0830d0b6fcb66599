package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// QUEUE and STACK: values without keys. A ring of `max_entries + 1` values behind the descriptor.
///
/// Source: linux-6.18 `queue_stack_maps.c`.
final class QueueStackMap extends BpfMap {
  private final boolean queue;
  private final long data;
  private final long slots;
  private final int valueSize;
  private final SpinLocks lock = new SpinLocks(1, 1);

  /// Where the next value goes; the oldest value stands at `tail`. Equal when empty. Guarded by the
  /// lock.
  private long head;

  private long tail;

  QueueStackMap(MapTable table, MapSpec spec, boolean queue) {
    super(
        table,
        spec,
        (MapCreateCheck.unsigned(spec.maxEntries()) + 1)
            * MapCreateCheck.unsigned(spec.valueSize()));
    this.queue = queue;
    this.data = descriptorAddr() + MapLayout.SIZE;
    this.slots = MapCreateCheck.unsigned(spec.maxEntries()) + 1;
    this.valueSize = spec.valueSize();
  }

  private long addrOf(long slot) {
    return data + slot * valueSize;
  }

  private long after(long slot) {
    return slot + 1 == slots ? 0 : slot + 1;
  }

  private long before(long slot) {
    return slot == 0 ? slots - 1 : slot - 1;
  }

  @Override
  public int pushElem(long valueAddr, long flags) {
    if ((flags & BPF_NOEXIST) != 0 || flags < 0 || flags > BPF_EXIST) {
      return Errno.EINVAL.negated();
    }
    lock.lock(0);
    try {
      if (after(head) == tail) {
        if (flags != BPF_EXIST) {
          return Errno.E2BIG.negated();
        }
        tail = after(tail); // the oldest value makes room
      }
      memory.copy(addrOf(head), valueAddr, valueSize);
      head = after(head);
      return 0;
    } finally {
      lock.unlock(0);
    }
  }

  @Override
  public int popElem(long valueAddr) {
    return read(valueAddr, true);
  }

  @Override
  public int peekElem(long valueAddr) {
    return read(valueAddr, false);
  }

  private int read(long valueAddr, boolean remove) {
    lock.lock(0);
    try {
      if (head == tail) {
        memory.fill(valueAddr, valueSize, 0);
        return Errno.ENOENT.negated();
      }
      memory.copy(valueAddr, addrOf(queue ? tail : before(head)), valueSize);
      if (remove && queue) {
        tail = after(tail);
      } else if (remove) {
        head = before(head);
      }
      return 0;
    } finally {
      lock.unlock(0);
    }
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    return Errno.EINVAL.negated();
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    return Errno.EINVAL.negated();
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    return sysRead(false);
  }

  @Override
  byte @Nullable [] sysLookupAndDelete(byte[] key, long flags) {
    return sysRead(true);
  }

  /// All values; pushed in this order they make the same queue or stack.
  List<byte[]> oldestFirst() {
    List<byte[]> values = new ArrayList<>();
    lock.lock(0);
    try {
      for (long slot = tail; slot != head; slot = after(slot)) {
        values.add(memory.getBytes(addrOf(slot), valueSize));
      }
    } finally {
      lock.unlock(0);
    }
    return values;
  }

  private byte @Nullable [] sysRead(boolean remove) {
    long addr = takeStaging();
    try {
      return read(addr, remove) == 0 ? memory.getBytes(addr, valueSize) : null;
    } finally {
      giveStaging(addr);
    }
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, value);
      check(pushElem(addr, flags), "push", key, flags);
    } finally {
      giveStaging(addr);
    }
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    throw refused(Errno.EINVAL, "a queue or stack has no keys");
  }
}
