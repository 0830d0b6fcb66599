package bpf4j.maps;

import bpf4j.maps.SpecialFields.Field;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;

/// The checks of `BPF_MAP_CREATE` that need the BTF types of key and value, in the kernel's order.
///
/// Source: linux-6.18 `map_check_btf()` and each type's `map_check_btf`.
final class MapBtfCheck {
  private final MapSpec spec;
  private final Btf btf;

  private MapBtfCheck(MapSpec spec, Btf btf) {
    this.spec = spec;
    this.btf = btf;
  }

  /// Throws [MapException] when the types do not fit `stored`, whose flags are those the map keeps.
  static void check(MapSpec stored) {
    Btf btf = stored.btf();
    if (btf != null && stored.btfValueTypeId() != 0) {
      new MapBtfCheck(stored, btf).check();
    }
  }

  private void check() {
    int key = spec.btfKeyTypeId();
    if (key != 0) {
      sizeFits("key", key, spec.keySize());
    } else if (!mayLackKey()) {
      throw refused(Errno.EINVAL, "a BTF value type without a BTF key type");
    }
    sizeFits("value", spec.btfValueTypeId(), spec.valueSize());
    SpecialFields fields = SpecialFields.of(spec);
    if (!fields.fields().isEmpty()
        && (spec.flags() & (MapFlags.RDONLY_PROG | MapFlags.WRONLY_PROG)) != 0) {
      throw refused(Errno.EACCES, "a value with " + fields + " must be writable by programs");
    }
    for (Field f : fields.fields()) {
      if (!mayHold(f.kind())) {
        throw refused(Errno.EOPNOTSUPP, "this map type cannot hold " + f);
      }
    }
    checkType(key);
  }

  private void sizeFits(String what, int id, int size) {
    long is = btf.isValidId(id) ? btf.resolveSize(id) : -1;
    if (is < 0 || is != MapCreateCheck.unsigned(size)) {
      throw refused(
          Errno.EINVAL,
          "the BTF %s type %d has %s bytes, not %d"
              .formatted(what, id, is < 0 ? "no" : is, MapCreateCheck.unsigned(size)));
    }
  }

  /// Whether the type looks at the BTF key type itself.
  private boolean mayLackKey() {
    return switch (spec.type()) {
      case HASH,
          PERCPU_HASH,
          LRU_HASH,
          LRU_PERCPU_HASH,
          PROG_ARRAY,
          REUSEPORT_SOCKARRAY,
          QUEUE,
          STACK,
          RINGBUF,
          USER_RINGBUF,
          STRUCT_OPS ->
          false;
      default -> true;
    };
  }

  private boolean mayHold(SpecialFields.Kind kind) {
    MapType type = spec.type();
    boolean storage =
        switch (type) {
          case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE -> true;
          default -> false;
        };
    boolean hashOrArray = type == MapType.HASH || type == MapType.ARRAY;
    return switch (kind) {
      case SPIN_LOCK, RES_SPIN_LOCK -> hashOrArray || storage || type == MapType.CGROUP_STORAGE;
      case TIMER, WORKQUEUE, TASK_WORK, LIST_HEAD, RB_ROOT ->
          hashOrArray || type == MapType.LRU_HASH;
      case KPTR_UNREF, KPTR_REF, KPTR_PERCPU, REFCOUNT ->
          hashOrArray
              || storage
              || type == MapType.LRU_HASH
              || type == MapType.PERCPU_HASH
              || type == MapType.LRU_PERCPU_HASH
              || type == MapType.PERCPU_ARRAY;
      case UPTR -> type == MapType.TASK_STORAGE;
      case LIST_NODE, RB_NODE -> false;
    };
  }

  private void checkType(int key) {
    switch (spec.type()) {
      case ARRAY, PERCPU_ARRAY -> {
        if (key == 0) {
          boolean data =
              btf.kind(btf.skipModsAndTypedefs(spec.btfValueTypeId())) == BtfKind.DATASEC;
          refuse(
              spec.type() != MapType.ARRAY || spec.maxEntries() != 1 || !data,
              "only global data has no BTF key type");
        } else {
          refuse(!isInt(key, 4), "the BTF key type is no 32-bit integer");
        }
      }
      case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE ->
          refuse(key == 0 || !isInt(key, 4), "the BTF key type is no 32-bit integer");
      case LPM_TRIE ->
          refuse(
              key == 0 || btf.kind(btf.skipModsAndTypedefs(key)) != BtfKind.STRUCT,
              "the BTF key type is no struct");
      case BLOOM_FILTER -> refuse(key != 0, "a bloom filter has no key");
      case CGROUP_STORAGE, PERCPU_CGROUP_STORAGE ->
          refuse(!isCgroupKey(key), "the BTF key type is no cgroup storage key");
      case CGROUP_ARRAY,
          CPUMAP,
          DEVMAP,
          DEVMAP_HASH,
          PERF_EVENT_ARRAY,
          SOCKMAP,
          SOCKHASH,
          STACK_TRACE,
          XSKMAP,
          ARENA,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS ->
          throw refused(Errno.ENOTSUPP, "this map type takes no BTF types");
      default -> {}
    }
  }

  /// The types that libbpf gives no BTF.
  static boolean takesNoBtf(MapType type) {
    return switch (type) {
      case PERF_EVENT_ARRAY,
          CGROUP_ARRAY,
          STACK_TRACE,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS,
          DEVMAP,
          DEVMAP_HASH,
          CPUMAP,
          XSKMAP,
          SOCKMAP,
          SOCKHASH,
          QUEUE,
          STACK,
          ARENA ->
          true;
      default -> false;
    };
  }

  private boolean isInt(int id, int size) {
    int type = btf.skipModsAndTypedefs(id);
    return btf.kind(type) == BtfKind.INT
        && btf.size(type) == size
        && btf.intBits(type) == size * 8
        && btf.intBitOffset(type) == 0;
  }

  private boolean isCgroupKey(int key) {
    if (key == 0) {
      return false;
    }
    if (spec.keySize() == 8) {
      return isInt(key, 8);
    }
    int type = btf.skipModsAndTypedefs(key);
    return btf.kind(type) == BtfKind.STRUCT
        && btf.vlen(type) == 2
        && btf.memberBitOffset(type, 0) == 0
        && isInt(btf.memberType(type, 0), 8)
        && btf.memberBitOffset(type, 1) == 64
        && isInt(btf.memberType(type, 1), 4);
  }

  private void refuse(boolean bad, String why) {
    if (bad) {
      throw refused(Errno.EINVAL, why);
    }
  }

  private MapException refused(Errno errno, String why) {
    return new MapException(errno, MapTable.describe(spec) + ": " + why);
  }
}
