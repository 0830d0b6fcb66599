package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Makes a map of the class that its type has. Source: each type's `map_alloc`.
final class MapFactory {
  private MapFactory() {}

  static BpfMap allocate(MapTable table, MapSpec stored, @Nullable InnerTemplate template) {
    return switch (stored.type()) {
      case ARRAY -> new ArrayMap(table, stored);
      case PERCPU_ARRAY -> new PercpuArrayMap(table, stored);
      case HASH -> new HtabMap(table, stored, false);
      case PERCPU_HASH -> new HtabMap(table, stored, true);
      case LRU_HASH -> new LruHtabMap(table, stored, false);
      case LRU_PERCPU_HASH -> new LruHtabMap(table, stored, true);
      case ARRAY_OF_MAPS -> new OuterArrayMap(table, stored, Objects.requireNonNull(template));
      case HASH_OF_MAPS -> new OuterHashMap(table, stored, Objects.requireNonNull(template));
      case PROG_ARRAY -> new ProgArrayMap(table, stored);
      case PERF_EVENT_ARRAY -> new PerfEventArrayMap(table, stored);
      case CGROUP_ARRAY -> new CgroupArrayMap(table, stored);
      case RINGBUF -> new RingbufMap(table, stored);
      case USER_RINGBUF -> new UserRingbufMap(table, stored);
      case QUEUE -> new QueueStackMap(table, stored, true);
      case STACK -> new QueueStackMap(table, stored, false);
      case BLOOM_FILTER -> new BloomFilterMap(table, stored);
      case LPM_TRIE -> new LpmTrieMap(table, stored);
      case STACK_TRACE -> new StackTraceMap(table, stored);
      case DEVMAP -> new DevmapMap(table, stored);
      case DEVMAP_HASH -> new DevmapHashMap(table, stored);
      case CPUMAP -> new CpumapMap(table, stored);
      case SOCKMAP -> new SocketArrayMap(table, stored, SocketKind.SOCKMAP);
      case XSKMAP -> new SocketArrayMap(table, stored, SocketKind.XSK);
      case REUSEPORT_SOCKARRAY -> new SocketArrayMap(table, stored, SocketKind.REUSEPORT);
      case SOCKHASH -> new SockhashMap(table, stored);
      case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE ->
          new LocalStorageMap(table, stored);
      case CGROUP_STORAGE -> new CgroupStorageMap(table, stored, false);
      case PERCPU_CGROUP_STORAGE -> new CgroupStorageMap(table, stored, true);
      case ARENA -> new ArenaMap(table, stored);
      case STRUCT_OPS -> new StructOpsMap(table, stored);
      case UNSPEC -> throw new MapException(Errno.EINVAL, "no map type given");
    };
  }
}
