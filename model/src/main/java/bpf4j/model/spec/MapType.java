package bpf4j.model.spec;

/// The type of a map.
///
/// Constants stand in the order of the kernel's enum, so [#ordinal()] is the kernel's number.
/// Source: uapi `enum bpf_map_type` of Linux 6.18.
public enum MapType {
  UNSPEC,
  HASH,
  ARRAY,
  PROG_ARRAY,
  PERF_EVENT_ARRAY,
  PERCPU_HASH,
  PERCPU_ARRAY,
  STACK_TRACE,
  CGROUP_ARRAY,
  LRU_HASH,
  LRU_PERCPU_HASH,
  LPM_TRIE,
  ARRAY_OF_MAPS,
  HASH_OF_MAPS,
  DEVMAP,
  SOCKMAP,
  CPUMAP,
  XSKMAP,
  SOCKHASH,
  CGROUP_STORAGE,
  REUSEPORT_SOCKARRAY,
  PERCPU_CGROUP_STORAGE,
  QUEUE,
  STACK,
  SK_STORAGE,
  DEVMAP_HASH,
  STRUCT_OPS,
  RINGBUF,
  INODE_STORAGE,
  TASK_STORAGE,
  BLOOM_FILTER,
  USER_RINGBUF,
  CGRP_STORAGE,
  ARENA;

  private static final MapType[] VALUES = values();

  /// The constant with the kernel's number `id`; throws [IllegalArgumentException] when 6.18 has
  /// none.
  public static MapType ofId(int id) {
    if (id < 0 || id >= VALUES.length) {
      throw new IllegalArgumentException("no bpf_map_type with number " + id);
    }
    return VALUES[id];
  }

  /// The kernel's number.
  public int id() {
    return ordinal();
  }

  /// The kernel's full name, such as `BPF_MAP_TYPE_HASH`.
  public String kernelName() {
    return "BPF_MAP_TYPE_" + name();
  }
}
