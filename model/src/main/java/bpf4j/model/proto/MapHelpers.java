package bpf4j.model.proto;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Which map types and helpers go together, and which maps a program type may use. Source:
/// `check_map_func_compatibility` and `check_map_prog_compatibility` of Linux 6.18; the rows are in
/// `map-helpers.tsv`.
public final class MapHelpers {
  /// The verdict about one map passed to one helper.
  public enum Fit {
    OK,
    /// `cannot pass map_type T into func bpf_F#N`.
    REFUSED,
    /// The same after the line `cannot update sockmap in this context`.
    REFUSED_SOCKMAP_UPDATE
  }

  private static final Map<MapType, Set<Integer>> BY_MAP = new EnumMap<>(MapType.class);
  private static final Map<Integer, Set<MapType>> BY_HELPER = new HashMap<>();
  private static final Set<MapType> UPDATABLE_SOCKMAPS = EnumSet.noneOf(MapType.class);
  private static final Set<Integer> UPDATES =
      Set.of(HelperTable.id("map_update_elem"), HelperTable.id("map_delete_elem"));
  private static final int DELETE = HelperTable.id("map_delete_elem");

  private static final Set<ProgType> UPDATE_SOCKMAP =
      EnumSet.of(
          ProgType.SOCKET_FILTER,
          ProgType.SCHED_CLS,
          ProgType.SCHED_ACT,
          ProgType.XDP,
          ProgType.SK_REUSEPORT,
          ProgType.FLOW_DISSECTOR,
          ProgType.SK_LOOKUP);

  private static final Set<MapType> SLEEPABLE =
      EnumSet.of(
          MapType.HASH,
          MapType.LRU_HASH,
          MapType.ARRAY,
          MapType.PERCPU_HASH,
          MapType.PERCPU_ARRAY,
          MapType.LRU_PERCPU_HASH,
          MapType.ARRAY_OF_MAPS,
          MapType.HASH_OF_MAPS,
          MapType.RINGBUF,
          MapType.USER_RINGBUF,
          MapType.INODE_STORAGE,
          MapType.SK_STORAGE,
          MapType.TASK_STORAGE,
          MapType.CGRP_STORAGE,
          MapType.QUEUE,
          MapType.STACK,
          MapType.ARENA);

  static {
    for (String[] row : ProtoText.rows("map-helpers.tsv")) {
      String[] names = row[2].split(" ", -1);
      if (row[0].equals("map")) {
        MapType type = MapType.valueOf(row[1]);
        Set<Integer> helpers = BY_MAP.computeIfAbsent(type, t -> new HashSet<>());
        for (String name : names) {
          helpers.add(HelperTable.id(name));
        }
        if (row.length > 3) {
          UPDATABLE_SOCKMAPS.add(type);
        }
      } else {
        Set<MapType> types =
            BY_HELPER.computeIfAbsent(HelperTable.id(row[1]), id -> EnumSet.noneOf(MapType.class));
        for (String name : names) {
          types.add(MapType.valueOf(name));
        }
      }
    }
  }

  private MapHelpers() {}

  /// Whether a map of this type may be passed to helper `id` by a program of this kind.
  public static Fit fit(MapType map, int id, ProgType prog, AttachType attach) {
    Set<Integer> helpers = BY_MAP.get(map);
    if (helpers != null && !helpers.contains(id)) {
      if (!UPDATABLE_SOCKMAPS.contains(map) || !UPDATES.contains(id)) {
        return Fit.REFUSED;
      }
      if (!mayUpdateSockmap(id, prog, attach)) {
        return Fit.REFUSED_SOCKMAP_UPDATE;
      }
    }
    Set<MapType> types = BY_HELPER.get(id);
    return types == null || types.contains(map) ? Fit.OK : Fit.REFUSED;
  }

  private static boolean mayUpdateSockmap(int id, ProgType prog, AttachType attach) {
    return switch (prog) {
      case TRACING -> attach == AttachType.TRACE_ITER;
      case SOCK_OPS -> id == DELETE;
      default -> UPDATE_SOCKMAP.contains(prog);
    };
  }

  /// Whether a sleepable program may use a map of this type.
  public static boolean sleepable(MapType map) {
    return SLEEPABLE.contains(map);
  }
}
