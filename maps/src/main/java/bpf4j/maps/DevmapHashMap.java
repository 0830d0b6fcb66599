package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.maps.VirtualKernel.Prog;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// DEVMAP_HASH: network devices by any number. An entry is `u32 ifindex, u32 prog id` in guest
/// memory; a replaced or removed entry is freed when no run can see it any more.
///
/// Source: linux-6.18 `devmap.c`.
final class DevmapHashMap extends BpfMap {
  private static final int ENTRY = 8;

  private record Entry(long addr, @Nullable Prog prog) {}

  private final IndexHash<Integer, Entry> entries;

  /// What programs see; changed under the map's monitor.
  private final ConcurrentHashMap<Integer, Entry> visible = new ConcurrentHashMap<>();

  DevmapHashMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
    this.entries = new IndexHash<>(spec.maxEntries());
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    Entry entry = visible.get((int) memory.getU32(keyAddr));
    return entry == null ? 0 : entry.addr;
  }

  /// The program to run at the destination, or null.
  @Nullable Prog progAt(int key) {
    Entry entry = visible.get(key);
    return entry == null ? null : entry.prog;
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    Entry entry = visible.get(GuestBytes.u32(key));
    return entry == null ? null : memory.getBytes(entry.addr, spec().valueSize());
  }

  @Override
  synchronized void sysUpdate(byte[] key, byte[] value, long flags) {
    int ifindex = GuestBytes.u32(value);
    if (flags < 0 || flags > BPF_EXIST || ifindex == 0) {
      check(Errno.EINVAL.negated(), "update", key, flags);
    }
    int index = GuestBytes.u32(key);
    Entry old = entries.get(index);
    if (old != null && (flags & BPF_NOEXIST) != 0) {
      check(Errno.EEXIST.negated(), "update", key, flags);
    }
    DevmapMap.checkDevice(this, ifindex);
    int progFd = value.length == ENTRY ? (int) (GuestBytes.u64(value) >>> 32) : 0;
    Prog prog = progFd > 0 ? DevmapMap.devmapProg(this, progFd) : null;
    if (old == null && entries.size() >= MapCreateCheck.unsigned(spec().maxEntries())) {
      check(Errno.E2BIG.negated(), "update", key, flags);
    }
    Entry entry = new Entry(memory.allocate(ENTRY, "entry of " + this), prog);
    memory.putU32(entry.addr, ifindex);
    memory.putU32(entry.addr + 4, prog == null ? 0 : prog.id());
    if (old != null) {
      // The new entry takes the front of its bucket.
      entries.remove(index, index);
      free(old);
    }
    entries.put(index, index, entry);
    visible.put(index, entry);
  }

  private void free(Entry entry) {
    table.rcu().defer(() -> memory.free(entry.addr));
  }

  @Override
  public synchronized int deleteElem(long keyAddr, int cpu) {
    int index = (int) memory.getU32(keyAddr);
    Entry old = entries.remove(index, index);
    if (old == null) {
      return Errno.ENOENT.negated();
    }
    visible.remove(index);
    free(old);
    return 0;
  }

  @Override
  synchronized byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    int index = key == null ? 0 : GuestBytes.u32(key);
    Integer next = entries.next(key == null ? null : index, index);
    return next == null ? null : GuestBytes.u32(next);
  }

  @Override
  void destroy() {
    super.destroy();
    visible.values().forEach(e -> memory.free(e.addr));
  }
}
