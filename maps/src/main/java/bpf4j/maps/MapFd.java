package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// User space's handle of a map: what a file descriptor and libbpf's `struct bpf_map` are.
///
/// Keys and values are the bytes that `bpf(2)` takes and gives. An operation that the kernel
/// refuses throws [MapException] with the kernel's errno and leaves everything as it was; only a
/// missing element (ENOENT of lookup, delete and the end of the keys) is told by the result.
///
/// ```java
/// MapFd outer = table.create(MapSpec.of(MapType.ARRAY_OF_MAPS, 4, 4, 16).withInner(template));
/// outer.update(key(3), inner, UpdateFlag.NOEXIST);
/// int id = GuestBytes.u32(outer.lookup(key(3)));       // the inner map's id
/// ```
public final class MapFd implements KernelObject, AutoCloseable {
  private final BpfMap map;
  private final boolean canRead;
  private final boolean canWrite;
  private final int fd;
  private boolean closed;

  MapFd(BpfMap map, int access) {
    this.map = map;
    this.canRead = (access & MapFlags.WRONLY) == 0;
    this.canWrite = (access & MapFlags.RDONLY) == 0;
    this.fd = map.table.fds().install(this);
  }

  /// The map itself, as programs see it.
  public BpfMap map() {
    return map;
  }

  /// The map's id.
  @Override
  public int id() {
    return map.id();
  }

  /// The file descriptor's number, by which raw values name this handle.
  public int fd() {
    return fd;
  }

  public MapType type() {
    return map.type();
  }

  public String name() {
    return map.spec().name();
  }

  /// What `bpf_map_info` tells.
  public MapInfo info() {
    var spec = open().spec();
    String name = spec.name();
    return new MapInfo(
        spec.type(),
        map.id(),
        spec.keySize(),
        spec.valueSize(),
        spec.maxEntries(),
        spec.flags(),
        spec.mapExtra(),
        name.substring(0, Math.min(name.length(), MapLayout.NAME_SIZE - 1)),
        spec.btfKeyTypeId(),
        spec.btfValueTypeId(),
        map.isFrozen());
  }

  /// Bytes of a value as user space gives and gets it: for per-CPU maps, one slot of the value size
  /// rounded up to 8 for each CPU.
  public int valueSize() {
    return map.sysValueSize();
  }

  /// The value for `key`, or null where there is none. For an outer map: the inner map's id.
  public byte @Nullable [] lookup(byte[] key) {
    return lookup(key, 0);
  }

  /// Like [#lookup(byte[])], with flags of `BPF_MAP_LOOKUP_ELEM`.
  public byte @Nullable [] lookup(byte[] key, long flags) {
    open();
    if ((flags & ~UpdateFlag.BPF_F_LOCK) != 0) {
      throw map.refused(Errno.EINVAL, "lookup flags 0x%x".formatted(flags));
    }
    mayRead();
    lockNeedsSpinLock(flags);
    keyFits(key);
    return map.sysLookup(key, flags);
  }

  /// Whether `value` may have been pushed into this bloom filter; false is certain. It is what a
  /// lookup is for this type.
  public boolean mayContain(byte[] value) {
    open();
    mayRead();
    valueFits(value);
    if (map instanceof BloomFilterMap bloom) {
      return bloom.mayContain(value);
    }
    throw map.refused(Errno.EINVAL, "is no bloom filter");
  }

  /// Sets the value for `key`.
  public void update(byte[] key, byte[] value, UpdateFlag flag) {
    update(key, value, flag.bits());
  }

  /// Sets the value for `key`, whatever was there.
  public void update(byte[] key, byte[] value) {
    update(key, value, UpdateFlag.BPF_ANY);
  }

  /// Sets the value for `key`, with flags of `BPF_MAP_UPDATE_ELEM`.
  public void update(byte[] key, byte[] value, long flags) {
    open();
    mayWrite();
    lockNeedsSpinLock(flags);
    keyFits(key);
    valueFits(value);
    map.sysUpdateThrough(this, key, value, flags);
    waitForRuns();
  }

  private void waitForRuns() {
    if (map.waitsForRuns()) {
      map.table.rcu().synchronize();
    }
  }

  /// Puts an object of the virtual kernel into a map that holds references: an inner map into an
  /// outer map, a program into a program array, a socket into a sockmap …
  public void update(byte[] key, KernelObject object, UpdateFlag flag) {
    open();
    if (object instanceof MapFd inner && inner.map.table != map.table) {
      throw map.refused(Errno.EBADF, inner.map + " belongs to another collection");
    }
    int size = Math.max(valueSize(), 4);
    map.table
        .fds()
        .during(
            object,
            n -> {
              byte[] value = new byte[size];
              System.arraycopy(GuestBytes.u32(n), 0, value, 0, 4);
              update(key, value, flag.bits());
            });
  }

  /// Removes the element; false where there is none.
  public boolean delete(byte[] key) {
    open();
    mayWrite();
    keyFits(key);
    boolean removed = map.sysDelete(key);
    if (removed) {
      waitForRuns();
    }
    return removed;
  }

  /// Takes the element out: its value, or null where there is none.
  public byte @Nullable [] lookupAndDelete(byte[] key) {
    return lookupAndDelete(key, 0);
  }

  /// Like [#lookupAndDelete(byte[])], with flags.
  public byte @Nullable [] lookupAndDelete(byte[] key, long flags) {
    open();
    if ((flags & ~UpdateFlag.BPF_F_LOCK) != 0) {
      throw map.refused(Errno.EINVAL, "lookup flags 0x%x".formatted(flags));
    }
    mayRead();
    mayWrite();
    boolean queue = type() == MapType.QUEUE || type() == MapType.STACK;
    if (flags != 0 && queue) {
      throw map.refused(Errno.EINVAL, "a queue or stack takes no flags here");
    }
    lockNeedsSpinLock(flags);
    keyFits(key);
    return map.sysLookupAndDelete(key, flags);
  }

  /// The key behind `key`; the first one for null or a key that is not there. Null at the end.
  public byte @Nullable [] nextKey(byte @Nullable [] key) {
    open();
    mayRead();
    if (key != null) {
      keyFits(key);
    }
    return map.sysNextKey(key);
  }

  /// Up to `count` elements from `cursor` on (null: from the start), keys and values. Its errno is
  /// ENOENT when the end was reached, ENOSPC when not even one bucket fits into `count`.
  public BatchResult lookupBatch(byte @Nullable [] cursor, int count, long flags) {
    open();
    mayRead();
    return supported(map.sysLookupBatch(cursor, count, flags, false), "lookup_batch");
  }

  /// Like [#lookupBatch], and takes the elements out.
  public BatchResult lookupAndDeleteBatch(byte @Nullable [] cursor, int count, long flags) {
    open();
    mayRead();
    mayWrite();
    BatchResult result = map.sysLookupBatch(cursor, count, flags, true);
    waitForRuns();
    return supported(result, "lookup_and_delete_batch");
  }

  /// Sets `values[i]` for `keys[i]`, one after the other; stops at the first that is refused.
  public BatchResult updateBatch(List<byte[]> keys, List<byte[]> values, long flags) {
    open();
    mayWrite();
    if (!MapBatch.hasUpdate(type())) {
      throw map.unsupported("update_batch");
    }
    if (keys.size() != values.size()) {
      throw map.refused(Errno.EINVAL, "as many keys as values, please");
    }
    keys.forEach(this::keyFits);
    values.forEach(this::valueFits);
    BatchResult result = MapBatch.update(map, this, keys, values, flags);
    waitForRuns();
    return result;
  }

  /// Removes `keys`, one after the other; stops at the first that is not there.
  public BatchResult deleteBatch(List<byte[]> keys, long flags) {
    open();
    mayWrite();
    if (!MapBatch.hasDelete(type())) {
      throw map.unsupported("delete_batch");
    }
    keys.forEach(this::keyFits);
    BatchResult result = MapBatch.delete(map, keys, flags);
    waitForRuns();
    return result;
  }

  private BatchResult supported(@Nullable BatchResult result, String operation) {
    if (result == null) {
      throw map.unsupported(operation);
    }
    return result;
  }

  /// From now on user space cannot change the map. Throws EPERM when it is frozen already, EBUSY
  /// while it is mapped writable.
  public void freeze() {
    open();
    if (type() == MapType.STRUCT_OPS || !map.specialFields().fields().isEmpty()) {
      throw map.refused(Errno.ENOTSUPP, "a map with " + map.specialFields() + " cannot be frozen");
    }
    mayWrite();
    map.freeze();
  }

  private BpfMap open() {
    if (closed) {
      throw map.refused(Errno.EBADF, "the handle is closed");
    }
    return map;
  }

  private void mayRead() {
    if (!canRead) {
      throw map.refused(Errno.EPERM, "the handle is write-only (BPF_F_WRONLY)");
    }
  }

  private void mayWrite() {
    if (!canWrite) {
      throw map.refused(Errno.EPERM, "the handle is read-only (BPF_F_RDONLY)");
    }
    if (map.isFrozen()) {
      throw map.refused(Errno.EPERM, "the map is frozen");
    }
  }

  private void lockNeedsSpinLock(long flags) {
    if ((flags & UpdateFlag.BPF_F_LOCK) != 0 && !map.hasSpinLock()) {
      throw map.refused(Errno.EINVAL, "BPF_F_LOCK, but the value has no bpf_spin_lock");
    }
  }

  private void keyFits(byte[] key) {
    if (key.length != map.spec().keySize()) {
      throw map.refused(
          Errno.EINVAL, "the key has %d bytes, not %d".formatted(key.length, map.spec().keySize()));
    }
  }

  private void valueFits(byte[] value) {
    if (value.length != valueSize()) {
      throw map.refused(
          Errno.EINVAL, "the value has %d bytes, not %d".formatted(value.length, valueSize()));
    }
  }

  /// The map's values as one piece of memory, as `mmap` gives them; valid until the collection is
  /// closed. Throws EINVAL unless the map has `BPF_F_MMAPABLE`.
  public MemorySegment view() {
    open();
    return map.mmap(canWrite);
  }

  /// Gives the handle back. The map lives on as long as another handle, a program or a slot of an
  /// outer map holds it.
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    map.table.fds().close(fd);
    map.handleClosed(this);
    map.refs.putUser();
  }

  @Override
  public String toString() {
    return map.toString();
  }
}
