package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.FieldRecord.Field;
import bpf4j.verifier.state.FieldRecord.Kind;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The special fields of map values, with the checks that map creation makes. Source of the rules:
/// `map_check_btf` of Linux 6.18.
public final class MapRecords {
  private static final Set<Kind> IN_MAPS =
      EnumSet.complementOf(EnumSet.of(Kind.LIST_NODE, Kind.RB_NODE));

  private static final Set<MapType> LOCKS =
      EnumSet.of(
          MapType.HASH,
          MapType.ARRAY,
          MapType.CGROUP_STORAGE,
          MapType.SK_STORAGE,
          MapType.INODE_STORAGE,
          MapType.TASK_STORAGE,
          MapType.CGRP_STORAGE);

  private static final Set<MapType> TIMERS =
      EnumSet.of(MapType.HASH, MapType.LRU_HASH, MapType.ARRAY);

  private static final Set<MapType> KPTRS =
      EnumSet.of(
          MapType.HASH,
          MapType.PERCPU_HASH,
          MapType.LRU_HASH,
          MapType.LRU_PERCPU_HASH,
          MapType.ARRAY,
          MapType.PERCPU_ARRAY,
          MapType.SK_STORAGE,
          MapType.INODE_STORAGE,
          MapType.TASK_STORAGE,
          MapType.CGRP_STORAGE);

  private static final int PAGE_SIZE = 4096;

  private MapRecords() {}

  /// The special fields of the map's value. Throws [BtfRefusal] where `BPF_MAP_CREATE` would fail
  /// because of them.
  ///
  /// @param structs records of the same BTF as the map's
  public static FieldRecord of(MapSpec map, @Nullable Btf kernel, StructRecords structs)
      throws BtfRefusal {
    Btf btf = map.btf();
    if (btf == null || map.btfValueTypeId() == 0 || !btf.isValidId(map.btfValueTypeId())) {
      return FieldRecord.EMPTY;
    }
    int type = btf.skipModsAndTypedefs(map.btfValueTypeId());
    FieldRecord rec;
    try {
      rec = SpecialFieldScan.scan(btf, kernel, type, IN_MAPS, map.valueSize());
    } catch (BtfRefusal e) {
      // The kernel creates the map all the same and treats its value as plain data.
      return FieldRecord.EMPTY;
    }
    if (rec.fields().isEmpty()) {
      return rec;
    }
    if ((map.flags() & (MapFlags.RDONLY_PROG | MapFlags.WRONLY_PROG)) != 0) {
      throw new BtfRefusal(Errno.EACCES, "special fields in a restricted map");
    }
    for (Field f : rec.fields()) {
      if (!allowed(f.kind(), map.type())) {
        throw new BtfRefusal(Errno.EOPNOTSUPP, f.kind().text() + " in " + map.type());
      }
      if (f.kind() == Kind.UPTR) {
        checkUptr(f, kernel);
      }
    }
    structs.checkOwnership(rec);
    return rec;
  }

  private static void checkUptr(Field f, @Nullable Btf kernel) throws BtfRefusal {
    Btf target = f.btf();
    if (target == null || target == kernel || target.size(f.typeId()) == 0) {
      throw new BtfRefusal(Errno.EINVAL, "a uptr to a kernel or empty struct");
    }
    if (Integer.compareUnsigned(target.size(f.typeId()), PAGE_SIZE) > 0) {
      throw new BtfRefusal(Errno.E2BIG, "a uptr to more than a page");
    }
  }

  private static boolean allowed(Kind kind, MapType map) {
    return switch (kind) {
      case SPIN_LOCK, RES_SPIN_LOCK -> LOCKS.contains(map);
      case TIMER, WORKQUEUE, TASK_WORK, LIST_HEAD, RB_ROOT -> TIMERS.contains(map);
      case KPTR_UNREF, KPTR_REF, KPTR_PERCPU, REFCOUNT -> KPTRS.contains(map);
      case UPTR -> map == MapType.TASK_STORAGE;
      case LIST_NODE, RB_NODE -> false;
    };
  }
}
