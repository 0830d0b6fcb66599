package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The batch operations that go element by element. Source: linux-6.18 `generic_map_lookup_batch()`
/// and its neighbours.
final class MapBatch {
  private MapBatch() {}

  static boolean hasDelete(MapType type) {
    return switch (type) {
      case HASH, LRU_HASH, PERCPU_HASH, LRU_PERCPU_HASH, HASH_OF_MAPS, LPM_TRIE -> true;
      default -> false;
    };
  }

  static boolean hasUpdate(MapType type) {
    return hasDelete(type)
        || type == MapType.ARRAY
        || type == MapType.PERCPU_ARRAY
        || type == MapType.ARRAY_OF_MAPS;
  }

  static void checkFlags(BpfMap map, long flags) {
    boolean lock = (flags & UpdateFlag.BPF_F_LOCK) != 0;
    if ((flags & ~UpdateFlag.BPF_F_LOCK) != 0 || (lock && !map.hasSpinLock())) {
      throw map.refused(Errno.EINVAL, "element flags 0x%x".formatted(flags));
    }
  }

  static BatchResult lookup(BpfMap map, byte @Nullable [] cursor, int count, long flags) {
    checkFlags(map, flags);
    List<byte[]> keys = new ArrayList<>();
    List<byte[]> values = new ArrayList<>();
    byte[] key = cursor;
    Errno end = null;
    while (keys.size() < count) {
      byte[] next = map.sysNextKey(key);
      if (next == null) {
        end = Errno.ENOENT;
        break;
      }
      key = next;
      byte[] value = map.sysLookup(next, flags);
      if (value != null) {
        keys.add(next);
        values.add(value);
      }
    }
    return new BatchResult(end, keys.size(), key, keys, values);
  }

  static BatchResult update(
      BpfMap map, MapFd through, List<byte[]> keys, List<byte[]> values, long flags) {
    checkFlags(map, flags);
    for (int i = 0; i < keys.size(); i++) {
      try {
        map.sysUpdateThrough(through, keys.get(i), values.get(i), flags);
      } catch (MapException e) {
        return BatchResult.done(e.errno(), i);
      }
    }
    return BatchResult.done(null, keys.size());
  }

  static BatchResult delete(BpfMap map, List<byte[]> keys, long flags) {
    checkFlags(map, flags);
    for (int i = 0; i < keys.size(); i++) {
      try {
        if (!map.sysDelete(keys.get(i))) {
          return BatchResult.done(Errno.ENOENT, i);
        }
      } catch (MapException e) {
        return BatchResult.done(e.errno(), i);
      }
    }
    return BatchResult.done(null, keys.size());
  }
}
