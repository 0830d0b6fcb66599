package bpf4j.maps;

import static bpf4j.model.spec.Errno.E2BIG;
import static bpf4j.model.spec.Errno.EINVAL;
import static bpf4j.model.spec.Errno.ENOTSUPP;
import static bpf4j.model.spec.MapFlags.CLONE;
import static bpf4j.model.spec.MapFlags.INNER_MAP;
import static bpf4j.model.spec.MapFlags.LINK;
import static bpf4j.model.spec.MapFlags.MMAPABLE;
import static bpf4j.model.spec.MapFlags.NO_COMMON_LRU;
import static bpf4j.model.spec.MapFlags.NO_PREALLOC;
import static bpf4j.model.spec.MapFlags.NO_USER_CONV;
import static bpf4j.model.spec.MapFlags.NUMA_NODE;
import static bpf4j.model.spec.MapFlags.PRESERVE_ELEMS;
import static bpf4j.model.spec.MapFlags.RDONLY;
import static bpf4j.model.spec.MapFlags.RDONLY_PROG;
import static bpf4j.model.spec.MapFlags.SEGV_ON_FAULT;
import static bpf4j.model.spec.MapFlags.STACK_BUILD_ID;
import static bpf4j.model.spec.MapFlags.TOKEN_FD;
import static bpf4j.model.spec.MapFlags.VTYPE_BTF_OBJ_FD;
import static bpf4j.model.spec.MapFlags.WRONLY;
import static bpf4j.model.spec.MapFlags.WRONLY_PROG;
import static bpf4j.model.spec.MapFlags.ZERO_SEED;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;

/// The checks of `BPF_MAP_CREATE` that need only the attributes, in the kernel's order.
///
/// Source: linux-6.18 `map_create()` and each type's `map_alloc_check` and `map_alloc`.
final class MapCreateCheck {
  private static final int ACCESS = RDONLY | WRONLY | RDONLY_PROG | WRONLY_PROG;
  private static final int ARRAY_FLAGS = NUMA_NODE | MMAPABLE | ACCESS | PRESERVE_ELEMS | INNER_MAP;
  private static final int HASH_FLAGS =
      NO_PREALLOC | NO_COMMON_LRU | NUMA_NODE | ACCESS | ZERO_SEED;
  private static final int FD_FLAGS = NUMA_NODE | RDONLY | WRONLY;

  private final MapSpec spec;
  private final MapType type;
  private final int flags;
  private final int keySize;
  private final int valueSize;
  private final int maxEntries;

  private MapCreateCheck(MapSpec spec) {
    this.spec = spec;
    this.type = spec.type();
    this.flags = spec.flags() & ~TOKEN_FD;
    this.keySize = spec.keySize();
    this.valueSize = spec.valueSize();
    this.maxEntries = spec.maxEntries();
  }

  /// Throws [MapException] when the kernel would refuse `spec` before it allocates anything.
  static void check(MapSpec spec) {
    new MapCreateCheck(spec).check();
  }

  /// The flags that a created map keeps: how user space opens it is no property of the map, and
  /// device maps are read-only to programs. Source: `bpf_map_flags_retain_permanent`,
  /// `dev_map_init_map`.
  static int storedFlags(MapSpec spec) {
    int kept = spec.flags() & ~(RDONLY | WRONLY | TOKEN_FD);
    boolean devmap = spec.type() == MapType.DEVMAP || spec.type() == MapType.DEVMAP_HASH;
    return devmap ? kept | RDONLY_PROG : kept;
  }

  private void check() {
    refuse(
        spec.btfKeyTypeId() != 0 && spec.btfValueTypeId() == 0 && type != MapType.STRUCT_OPS,
        EINVAL,
        "a BTF key type without a BTF value type");
    refuse(
        type != MapType.BLOOM_FILTER && type != MapType.ARENA && spec.mapExtra() != 0,
        EINVAL,
        "map_extra 0x%x: only bloom filters and arenas take one",
        spec.mapExtra());
    refuse(
        (flags & RDONLY) != 0 && (flags & WRONLY) != 0,
        EINVAL,
        "BPF_F_RDONLY and BPF_F_WRONLY exclude each other");
    refuse(
        hasNumaNode() && spec.numaNode() != 0,
        EINVAL,
        "numa_node %d: there is only node 0",
        spec.numaNode());
    refuse(type == MapType.UNSPEC, EINVAL, "no map type given");
    checkType();
    refuse((spec.flags() & TOKEN_FD) != 0, EINVAL, "BPF_F_TOKEN_FD, but there is no BPF token");
  }

  private boolean hasNumaNode() {
    // numa_node -1 asks for no node in particular.
    return (flags & NUMA_NODE) != 0 && spec.numaNode() != -1;
  }

  private void checkType() {
    switch (type) {
      case ARRAY, PERCPU_ARRAY -> array();
      case PROG_ARRAY, PERF_EVENT_ARRAY, CGROUP_ARRAY, ARRAY_OF_MAPS -> fdArray();
      case REUSEPORT_SOCKARRAY -> {
        valueSizeIs4Or8();
        array();
      }
      case HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH -> hash();
      case HASH_OF_MAPS -> {
        refuse(valueSize != 4, EINVAL, "value_size " + valueSize + ": an outer map's is 4");
        hash();
      }
      case LPM_TRIE -> lpmTrie();
      case STACK_TRACE -> stackTrace();
      case DEVMAP, DEVMAP_HASH, SOCKMAP -> devOrSock();
      case SOCKHASH -> sockHash();
      case CPUMAP -> cpumap();
      case XSKMAP -> {
        entriesAndKey4();
        refuse(valueSize != 4, EINVAL, "value_size " + valueSize + ": must be 4");
        onlyFlags(FD_FLAGS);
      }
      case CGROUP_STORAGE, PERCPU_CGROUP_STORAGE -> cgroupStorage();
      case QUEUE, STACK -> queue();
      case BLOOM_FILTER -> bloom();
      case RINGBUF, USER_RINGBUF -> ringbuf();
      case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE -> localStorage();
      case STRUCT_OPS -> {
        refuse(
            spec.kind() != MapSpec.Kind.STRUCT_OPS,
            EINVAL,
            "a struct_ops map needs a kernel value type");
        refuse(
            keySize != 4 || maxEntries != 1,
            EINVAL,
            "key_size %d, max_entries %d: must be 4 and 1",
            keySize,
            maxEntries);
        onlyFlags(LINK | VTYPE_BTF_OBJ_FD);
      }
      case ARENA -> arena();
      case UNSPEC -> throw refusal(EINVAL, "no map type given");
    }
  }

  private void array() {
    boolean percpu = type == MapType.PERCPU_ARRAY;
    entriesAndKey4();
    refuse(valueSize == 0, EINVAL, "value_size is 0");
    onlyFlags(ARRAY_FLAGS);
    accessOk();
    refuse(percpu && hasNumaNode(), EINVAL, "per-CPU values have no NUMA node");
    if (type != MapType.ARRAY) {
      noFlags(MMAPABLE | INNER_MAP, "only a plain array takes it");
    }
    if (type != MapType.PERF_EVENT_ARRAY) {
      noFlags(PRESERVE_ELEMS, "only a perf event array takes it");
    }
    refuse(valueSize < 0, E2BIG, "value_size %d is too large", unsigned(valueSize));
    if (percpu) {
      percpuValueFits();
    }
  }

  private void fdArray() {
    refuse(valueSize != 4, EINVAL, "value_size " + unsigned(valueSize) + ": must be 4");
    noFlags(RDONLY_PROG | WRONLY_PROG, "not for maps that hold references");
    array();
  }

  private void hash() {
    boolean percpu = type == MapType.PERCPU_HASH || type == MapType.LRU_PERCPU_HASH;
    boolean lru = type == MapType.LRU_HASH || type == MapType.LRU_PERCPU_HASH;
    onlyFlags(HASH_FLAGS);
    accessOk();
    if (!lru) {
      noFlags(NO_COMMON_LRU, "only LRU maps take it");
    }
    refuse(lru && (flags & NO_PREALLOC) != 0, ENOTSUPP, "LRU maps are always preallocated");
    refuse(
        hasNumaNode() && (percpu || (flags & NO_COMMON_LRU) != 0),
        EINVAL,
        "per-CPU values and lists have no NUMA node");
    refuse(
        maxEntries == 0 || keySize == 0 || valueSize == 0,
        EINVAL,
        "key_size %d, value_size %d, max_entries %d: none may be 0",
        keySize,
        valueSize,
        maxEntries);
    long elem = unsigned(keySize) + unsigned(valueSize);
    refuse(
        elem >= MapLimits.KMALLOC_MAX_SIZE - MapLimits.HTAB_ELEM_HEADER,
        E2BIG,
        "key_size and value_size make %d bytes; the limit is %d",
        elem,
        MapLimits.KMALLOC_MAX_SIZE - MapLimits.HTAB_ELEM_HEADER - 1);
    if (percpu) {
      percpuValueFits();
    }
    long buckets = roundUpPow2(unsigned(maxEntries));
    refuse(
        buckets > 0xffff_ffffL / MapLimits.HTAB_BUCKET,
        E2BIG,
        "max_entries %d is too large for a hash",
        unsigned(maxEntries));
  }

  private void lpmTrie() {
    refuse(maxEntries == 0, EINVAL, "max_entries is 0");
    refuse((flags & NO_PREALLOC) == 0, EINVAL, "an LPM trie must have BPF_F_NO_PREALLOC");
    onlyFlags(NO_PREALLOC | NUMA_NODE | ACCESS);
    accessOk();
    refuse(
        keySize < 5 || keySize > 4 + 256, EINVAL, "key_size %d: from 5 to 260", unsigned(keySize));
    long max = MapLimits.KMALLOC_MAX_SIZE - 256 - 40;
    refuse(
        valueSize == 0 || unsigned(valueSize) > max,
        EINVAL,
        "value_size %d: from 1 to %d",
        unsigned(valueSize),
        max);
  }

  private void stackTrace() {
    onlyFlags(NUMA_NODE | RDONLY | WRONLY | STACK_BUILD_ID);
    entriesAndKey4();
    long value = unsigned(valueSize);
    refuse(value < 8 || value % 8 != 0, EINVAL, "value_size %d: a multiple of 8", value);
    int entry = (flags & STACK_BUILD_ID) != 0 ? MapLimits.BUILD_ID_ENTRY : 8;
    refuse(
        value % entry != 0 || value / entry > MapLimits.PERF_MAX_STACK,
        EINVAL,
        "value_size %d: at most %d entries of %d bytes",
        value,
        MapLimits.PERF_MAX_STACK,
        entry);
    refuse(unsigned(maxEntries) > 1L << 31, E2BIG, "max_entries is too large");
  }

  private void devOrSock() {
    entriesAndKey4();
    valueSizeIs4Or8();
    onlyFlags(FD_FLAGS);
    refuse(
        type == MapType.DEVMAP_HASH && unsigned(maxEntries) > 1L << 31,
        EINVAL,
        "max_entries is too large");
  }

  private void sockHash() {
    refuse(maxEntries == 0 || keySize == 0, EINVAL, "max_entries or key_size is 0");
    valueSizeIs4Or8();
    onlyFlags(FD_FLAGS);
    refuse(unsigned(keySize) > MapLimits.MAX_BPF_STACK, E2BIG, "key_size: at most 512");
    refuse(
        roundUpPow2(unsigned(maxEntries)) > 0xffff_ffffL / MapLimits.HTAB_BUCKET,
        EINVAL,
        "max_entries is too large");
  }

  private void cpumap() {
    entriesAndKey4();
    valueSizeIs4Or8();
    onlyFlags(NUMA_NODE);
    refuse(
        unsigned(maxEntries) > MapLimits.NR_CPUS,
        E2BIG,
        "max_entries %d: at most %d",
        unsigned(maxEntries),
        MapLimits.NR_CPUS);
  }

  private void cgroupStorage() {
    refuse(keySize != 16 && keySize != 8, EINVAL, "key_size %d: 8 or 16", keySize);
    refuse(valueSize == 0, EINVAL, "value_size is 0");
    int max =
        type == MapType.PERCPU_CGROUP_STORAGE
            ? MapLimits.PCPU_MIN_UNIT_SIZE
            : MapLimits.LOCAL_STORAGE_MAX_VALUE;
    refuse(unsigned(valueSize) > max, E2BIG, "value_size: at most " + max);
    onlyFlags(NUMA_NODE | ACCESS);
    accessOk();
    refuse(maxEntries != 0, EINVAL, "max_entries must be 0");
  }

  private void queue() {
    refuse(
        maxEntries == 0 || keySize != 0 || valueSize == 0,
        EINVAL,
        "key_size %d, value_size %d, max_entries %d: a queue or stack has no key, but values",
        keySize,
        valueSize,
        maxEntries);
    onlyFlags(NUMA_NODE | ACCESS);
    accessOk();
    refuse(
        unsigned(valueSize) > MapLimits.KMALLOC_MAX_SIZE,
        E2BIG,
        "value_size: at most " + MapLimits.KMALLOC_MAX_SIZE);
  }

  private void bloom() {
    refuse(
        unsigned(valueSize) > MapLimits.KMALLOC_MAX_SIZE,
        E2BIG,
        "value_size: at most " + MapLimits.KMALLOC_MAX_SIZE);
    refuse(
        keySize != 0 || valueSize == 0 || maxEntries == 0,
        EINVAL,
        "key_size %d, value_size %d, max_entries %d: a bloom filter has no key, but values",
        keySize,
        valueSize,
        maxEntries);
    onlyFlags(NUMA_NODE | ZERO_SEED | ACCESS);
    accessOk();
    refuse(
        (spec.mapExtra() & ~0xfL) != 0,
        EINVAL,
        "map_extra 0x%x: only its low 4 bits, the number of hashes",
        spec.mapExtra());
  }

  private void ringbuf() {
    onlyFlags(NUMA_NODE);
    refuse(keySize != 0 || valueSize != 0, EINVAL, "a ring buffer has neither key nor value size");
    refuse(
        Integer.bitCount(maxEntries) != 1 || maxEntries % MapLimits.PAGE_SIZE != 0,
        EINVAL,
        "max_entries %d: a power of two and a multiple of the page size",
        unsigned(maxEntries));
  }

  private void localStorage() {
    onlyFlags(NO_PREALLOC | CLONE);
    refuse((flags & NO_PREALLOC) == 0, EINVAL, "local storage must have BPF_F_NO_PREALLOC");
    refuse(
        maxEntries != 0 || keySize != 4 || valueSize == 0,
        EINVAL,
        "key_size %d, value_size %d, max_entries %d: the key is 4 bytes, max_entries 0",
        keySize,
        valueSize,
        maxEntries);
    refuse(
        spec.btfKeyTypeId() == 0 || spec.btfValueTypeId() == 0,
        EINVAL,
        "local storage needs BTF types for key and value");
    refuse(
        unsigned(valueSize) > MapLimits.LOCAL_STORAGE_MAX_VALUE,
        E2BIG,
        "value_size: at most " + MapLimits.LOCAL_STORAGE_MAX_VALUE);
  }

  private void arena() {
    refuse(
        keySize != 0 || valueSize != 0 || maxEntries == 0,
        EINVAL,
        "an arena has neither key nor value size, but pages in max_entries");
    refuse((flags & MMAPABLE) == 0, EINVAL, "an arena must have BPF_F_MMAPABLE");
    onlyFlags(SEGV_ON_FAULT | MMAPABLE | NO_USER_CONV);
    refuse(
        (spec.mapExtra() & (MapLimits.PAGE_SIZE - 1)) != 0,
        EINVAL,
        "map_extra 0x%x: not at a page",
        spec.mapExtra());
    long range = unsigned(maxEntries) * MapLimits.PAGE_SIZE;
    refuse(range > 1L << 32, E2BIG, "max_entries: at most 4 GiB in pages");
    refuse(
        spec.mapExtra() >>> 32 != (spec.mapExtra() + range - 1) >>> 32,
        Errno.ERANGE,
        "map_extra 0x%x: the arena would cross a 4 GiB boundary",
        spec.mapExtra());
  }

  private void entriesAndKey4() {
    refuse(maxEntries == 0, EINVAL, "max_entries is 0");
    refuse(keySize != 4, EINVAL, "key_size " + unsigned(keySize) + ": must be 4");
  }

  private void valueSizeIs4Or8() {
    refuse(
        valueSize != 4 && valueSize != 8,
        EINVAL,
        "value_size " + unsigned(valueSize) + ": must be 4 or 8");
  }

  private void percpuValueFits() {
    refuse(
        ((unsigned(valueSize) + 7) & -8) > MapLimits.PCPU_MIN_UNIT_SIZE,
        E2BIG,
        "value_size %d: a per-CPU value has at most %d bytes",
        unsigned(valueSize),
        MapLimits.PCPU_MIN_UNIT_SIZE);
  }

  private void accessOk() {
    refuse(
        (flags & RDONLY_PROG) != 0 && (flags & WRONLY_PROG) != 0,
        EINVAL,
        "BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
  }

  private void onlyFlags(int allowed) {
    noFlags(~allowed, "the type does not take it");
  }

  private void noFlags(int forbidden, String why) {
    int bad = flags & forbidden;
    refuse(bad != 0, EINVAL, "map_flags 0x%x: %s", bad, why);
  }

  private void refuse(boolean bad, Errno errno, String why, Object... args) {
    if (bad) {
      throw refusal(errno, args.length == 0 ? why : why.formatted(args));
    }
  }

  private MapException refusal(Errno errno, String why) {
    return new MapException(errno, MapTable.describe(spec) + ": " + why);
  }

  static long unsigned(int n) {
    return Integer.toUnsignedLong(n);
  }

  static long roundUpPow2(long n) {
    return n <= 1 ? 1 : Long.highestOneBit(n - 1) << 1;
  }
}
