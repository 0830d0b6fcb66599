package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A live map, as the kernel's `struct bpf_map`: what programs work on. User space works on a
/// [MapFd].
///
/// Program-side operations take guest addresses and give what the kernel's `bpf_map_ops` give: an
/// address or 0, or 0 or a negated [Errno]. Each type overrides those it has; the rest refuse as
/// the kernel's missing operations do. Verified programs never reach one the type does not have.
public abstract class BpfMap {
  static final int NOT_SUPPORTED = -524;

  protected final MapTable table;
  protected final GuestMemory memory;
  private final int id;
  private final MapSpec spec;
  private final long descriptorAddr;
  final MapRefs refs = new MapRefs(this);
  private final SpecialFields specialFields;
  private int writableViews;

  /// Makes the descriptor, followed by `dataSize` bytes for elements; throws [MapException] with
  /// ENOMEM when there is no room. `spec` has passed the creation checks.
  protected BpfMap(MapTable table, MapSpec spec, long dataSize) {
    this.table = table;
    this.memory = table.memory();
    this.specialFields = SpecialFields.of(spec);
    this.spec = spec;
    this.descriptorAddr =
        memory.allocate(MapLayout.SIZE + dataSize, "map " + MapTable.describe(spec));
    this.id = table.nextMapId();
    writeDescriptor();
  }

  private void writeDescriptor() {
    long d = descriptorAddr;
    memory.putU32(d + MapLayout.MAP_TYPE, spec.type().id());
    memory.putU32(d + MapLayout.KEY_SIZE, spec.keySize());
    memory.putU32(d + MapLayout.VALUE_SIZE, spec.valueSize());
    memory.putU32(d + MapLayout.MAX_ENTRIES, spec.maxEntries());
    memory.putU64(d + MapLayout.MAP_EXTRA, spec.mapExtra());
    memory.putU32(d + MapLayout.MAP_FLAGS, spec.flags());
    memory.putU32(d + MapLayout.ID, id);
    boolean numa = (spec.flags() & MapFlags.NUMA_NODE) != 0;
    memory.putU32(d + MapLayout.NUMA_NODE, numa ? spec.numaNode() : -1);
    memory.putU32(d + MapLayout.BTF_KEY_TYPE_ID, spec.btfKeyTypeId());
    memory.putU32(d + MapLayout.BTF_VALUE_TYPE_ID, spec.btfValueTypeId());
    byte[] name = spec.name().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    memory.putBytes(d + MapLayout.NAME, name, 0, Math.min(name.length, MapLayout.NAME_SIZE - 1));
  }

  /// The map's id, unique in its collection, counted from 1.
  public final int id() {
    return id;
  }

  /// What the map was created from; its flags are those the kernel stores.
  public final MapSpec spec() {
    return spec;
  }

  public final MapType type() {
    return spec.type();
  }

  /// Guest address of the map's descriptor: what a `ld_imm64` of the map loads into a register.
  public final long descriptorAddr() {
    return descriptorAddr;
  }

  /// For an outer map the inner maps' common properties, else null. Source:
  /// `bpf_map.inner_map_meta`.
  public @Nullable MapSpec innerTemplate() {
    return null;
  }

  /// Address of the first value, where user space may map the values into memory and for global
  /// data (`BPF_PSEUDO_MAP_VALUE`); 0 where the type has no such thing. Source:
  /// `bpf_map_ops.map_direct_value_addr`.
  public long directValueAddr() {
    return 0;
  }

  /// Guest address of the value for the key at `keyAddr`, as seen by CPU `cpu`, or 0. For an outer
  /// map: the inner map's descriptor address. Source: `bpf_map_ops.map_lookup_elem`.
  public long lookupElem(long keyAddr, int cpu) {
    return 0;
  }

  /// The value of CPU `ofCpu`, or 0. Source: `bpf_map_ops.map_lookup_percpu_elem`.
  public long lookupPercpuElem(long keyAddr, int ofCpu) {
    return 0;
  }

  /// 0 or a negated errno. Source: `bpf_map_ops.map_update_elem`.
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    return NOT_SUPPORTED;
  }

  /// 0 or a negated errno. Source: `bpf_map_ops.map_delete_elem`.
  public int deleteElem(long keyAddr, int cpu) {
    return NOT_SUPPORTED;
  }

  /// 0 or a negated errno. Source: `bpf_map_ops.map_push_elem`.
  public int pushElem(long valueAddr, long flags) {
    return NOT_SUPPORTED;
  }

  /// 0 or a negated errno; the value is copied to `valueAddr`. Source: `bpf_map_ops.map_pop_elem`.
  public int popElem(long valueAddr) {
    return NOT_SUPPORTED;
  }

  /// 0 or a negated errno; the value is copied to `valueAddr`. Source: `bpf_map_ops.map_peek_elem`.
  public int peekElem(long valueAddr) {
    return NOT_SUPPORTED;
  }

  /// Calls `callback` for every element until it gives 1; the number of elements it was called for,
  /// or a negated errno. Source: `bpf_map_ops.map_for_each_callback`.
  public long forEachElem(ElemCallback callback, long flags, int cpu) {
    return Errno.EINVAL.negated();
  }

  /// What `bpf_for_each_map_elem` calls for each element.
  @FunctionalInterface
  public interface ElemCallback {
    /// 0 to go on, 1 to stop.
    long call(long keyAddr, long valueAddr);
  }

  // ---- user space ----

  /// The value as user space sees it, or null where there is none (ENOENT).
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    throw unsupported("lookup");
  }

  void sysUpdate(byte[] key, byte[] value, long flags) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      long valueAddr = addr + stagedValueOff();
      memory.putBytes(valueAddr, value);
      check(updateElem(addr, valueAddr, flags, 0), "update", key, flags);
    } finally {
      giveStaging(addr);
    }
  }

  /// Like [#sysUpdate], for types that remember which handle stored an element.
  void sysUpdateThrough(MapFd handle, byte[] key, byte[] value, long flags) {
    sysUpdate(key, value, flags);
  }

  /// A handle is closed. Source: `bpf_map_ops.map_release`.
  void handleClosed(MapFd handle) {}

  /// False where there is no such element (ENOENT).
  boolean sysDelete(byte[] key) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      int ret = deleteElem(addr, 0);
      if (ret == Errno.ENOENT.negated()) {
        return false;
      }
      check(ret, "delete", key, 0);
      return true;
    } finally {
      giveStaging(addr);
    }
  }

  final long takeStaging() {
    return table.staging().take(stagedBytes());
  }

  final void giveStaging(long addr) {
    table.staging().give(addr, stagedBytes());
  }

  private long stagedBytes() {
    return stagedValueOff() + sysValueSize() + 16;
  }

  /// Bytes from a staged key to the staged value.
  final long stagedValueOff() {
    return PageHeap.alignUp(spec.keySize(), 8) + 8;
  }

  /// Throws what a negated errno of a program-side operation means to user space.
  final void check(int ret, String operation, byte[] key, long flags) {
    if (ret < 0) {
      Errno errno = Errno.ofCode(-ret);
      throw refused(errno, operation + ": " + why(errno, key, flags));
    }
  }

  /// In words, why an operation on `key` was refused with `errno`.
  String why(Errno errno, byte[] key, long flags) {
    return switch (errno) {
      case EEXIST -> "the key exists already (BPF_NOEXIST)";
      case ENOENT -> "no such key";
      case E2BIG ->
          "the map is full: max_entries is " + Integer.toUnsignedString(spec.maxEntries());
      case EINVAL -> "flags 0x%x or the operation are not valid here".formatted(flags);
      case ENOTSUPP, EOPNOTSUPP -> "this map type does not have it";
      case ENOMEM -> "no room in guest memory";
      case EBUSY -> "busy";
      default -> errno.toString();
    };
  }

  /// The key behind `key`, the first one for null or an unknown key; null at the end (ENOENT).
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    throw unsupported("get_next_key");
  }

  byte @Nullable [] sysLookupAndDelete(byte[] key, long flags) {
    throw unsupported("lookup_and_delete");
  }

  /// Up to `count` elements from `cursor` on, taken out with `take`; null where the type has no
  /// such operation.
  @Nullable BatchResult sysLookupBatch(
      byte @Nullable [] cursor, int count, long flags, boolean take) {
    return switch (spec.type()) {
      case ARRAY, PERCPU_ARRAY, ARRAY_OF_MAPS, LPM_TRIE ->
          take ? null : MapBatch.lookup(this, cursor, count, flags);
      default -> null;
    };
  }

  /// Bytes of a value as user space gives and gets it. Source: `bpf_map_value_size`.
  int sysValueSize() {
    return spec.valueSize();
  }

  /// Copies a value over another that programs may use: the fields that the kernel manages stay.
  /// With `locked` under the value's spin lock.
  final void copyValue(long dst, long src, boolean locked) {
    if (specialFields.fields().isEmpty()) {
      memory.copy(dst, src, spec.valueSize());
      return;
    }
    if (locked) {
      specialFields.lock(memory, dst);
    }
    try {
      specialFields.copyAround(memory, dst, src, spec.valueSize());
    } finally {
      if (locked) {
        specialFields.unlock(memory, dst);
      }
    }
  }

  /// Copies the first value into an element: the fields that the kernel manages begin as zero.
  final void initValue(long dst, long src) {
    memory.copy(dst, src, spec.valueSize());
    specialFields.clear(memory, dst);
  }

  /// A value as user space gets it: the fields that the kernel manages read as zero.
  final byte[] valueOut(long valueAddr, int size, boolean locked) {
    if (locked) {
      specialFields.lock(memory, valueAddr);
    }
    byte[] bytes = memory.getBytes(valueAddr, size);
    if (locked) {
      specialFields.unlock(memory, valueAddr);
    }
    specialFields.clear(bytes);
    return bytes;
  }

  /// Whether values hold a `bpf_spin_lock`.
  final boolean hasSpinLock() {
    return specialFields.has(SpecialFields.Kind.SPIN_LOCK)
        || specialFields.has(SpecialFields.Kind.RES_SPIN_LOCK);
  }

  /// The fields of a value that the kernel manages.
  public final SpecialFields specialFields() {
    return specialFields;
  }

  /// Whether a user-space change returns only when no run sees the old state any more.
  boolean waitsForRuns() {
    return false;
  }

  synchronized void freeze() {
    if (writableViews > 0) {
      throw refused(Errno.EBUSY, "freeze: the map is mapped writable");
    }
    memory.putU8(descriptorAddr + MapLayout.FROZEN, 1);
  }

  /// Bytes that user space can map.
  long mmapSize() {
    return MapCreateCheck.unsigned(spec.maxEntries()) * ArrayLayout.elemSize(spec.valueSize());
  }

  synchronized MemorySegment mmap(boolean writable) {
    if ((spec.flags() & MapFlags.MMAPABLE) == 0) {
      throw refused(Errno.EINVAL, "cannot be mapped: not created with BPF_F_MMAPABLE");
    }
    MemorySegment view = memory.view(directValueAddr(), mmapSize());
    if (!writable || isFrozen()) {
      return view.asReadOnly();
    }
    writableViews++;
    return view;
  }

  /// The last user-space handle is gone. Source: `bpf_map_ops.map_release_uref`.
  void releaseUref() {}

  /// Frees everything but the descriptor; nobody can see the map any more.
  void destroy() {}

  /// One more program or slot keeps the map; false when it is on its way out already.
  public final boolean inc() {
    return refs.inc();
  }

  /// Undoes one [#inc]; the last reference frees the map once no run can see it.
  public final void put() {
    refs.put();
  }

  /// Whether user space has frozen the map.
  public final boolean isFrozen() {
    return memory.getU8(descriptorAddr + MapLayout.FROZEN) != 0;
  }

  /// Marks in `shadow` what no program may touch.
  protected void markShadow(ShadowMemory shadow) {
    shadow.mark(descriptorAddr, 64, ShadowMemory.METADATA);
    shadow.mark(descriptorAddr + MapLayout.DATA, 32, ShadowMemory.METADATA);
  }

  final MapException unsupported(String operation) {
    return new MapException(
        Errno.ENOTSUPP, "%s does not support %s".formatted(MapTable.describe(spec), operation));
  }

  final MapException refused(Errno errno, String why) {
    return new MapException(errno, "%s: %s".formatted(MapTable.describe(spec), why));
  }

  @Override
  public String toString() {
    return "%s (id %d)".formatted(MapTable.describe(spec), id);
  }
}
