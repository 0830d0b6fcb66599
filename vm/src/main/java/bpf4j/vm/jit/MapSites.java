package bpf4j.vm.jit;

import bpf4j.maps.BpfMap;
import bpf4j.model.isa.Instruction;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The calls of map helpers whose map is known when the program is compiled: the map itself, or the
/// outer map it comes from and so its template.
final class MapSites {
  private static final int MAP_UPDATE = 2;
  private static final int MAP_DELETE = 3;

  /// One call.
  ///
  /// @param map the map, or with `inner` the outer map
  record Site(int helper, BpfMap map, boolean inner) {
    /// Type and sizes of the map that the helper works on.
    MapSpec spec() {
      return inner ? Objects.requireNonNull(map.innerTemplate()) : map.spec();
    }

    /// Whether the lookup is compiled in line.
    boolean inlined() {
      if (helper != ValueAnalysis.MAP_LOOKUP) {
        return false;
      }
      return switch (spec().type()) {
        case ARRAY, PERCPU_ARRAY -> true;
        case HASH, LRU_HASH, PERCPU_HASH, LRU_PERCPU_HASH -> isShortKey();
        case ARRAY_OF_MAPS -> !inner;
        case HASH_OF_MAPS -> !inner && isShortKey();
        default -> false;
      };
    }

    private boolean isShortKey() {
      int size = spec().keySize();
      return size == 4 || size == 8 || size == 16;
    }

    boolean isPercpu() {
      MapType type = spec().type();
      return type == MapType.PERCPU_HASH
          || type == MapType.LRU_PERCPU_HASH
          || type == MapType.PERCPU_ARRAY;
    }

    boolean isLru() {
      return spec().type() == MapType.LRU_HASH || spec().type() == MapType.LRU_PERCPU_HASH;
    }
  }

  private final Map<Integer, Site> sites = new HashMap<>();

  MapSites(Function function, ValueAnalysis values) {
    for (Block block : function.blocks) {
      values.forEach(
          block,
          (slotIdx, insn, r) -> {
            if (insn instanceof Instruction.CallHelper(int id) && id >= 1 && id <= MAP_DELETE) {
              add(slotIdx, id, r[1], values);
            }
          });
    }
  }

  private void add(int slotIdx, int helper, Value value, ValueAnalysis values) {
    BpfMap map = values.mapOf(value);
    if (map != null) {
      sites.put(slotIdx, new Site(helper, map, false));
    } else if (value instanceof Value.Inner(BpfMap outer)) {
      sites.put(slotIdx, new Site(helper, outer, true));
    }
  }

  /// What is known about the call at `slotIdx`, or null.
  @Nullable Site at(int slotIdx) {
    return sites.get(slotIdx);
  }

  /// Bytes of the key that the call takes by value, or 0.
  int keyByValue(int slotIdx) {
    Site site = sites.get(slotIdx);
    return site != null && site.inlined() ? site.spec().keySize() : 0;
  }

  /// Bytes that the call touches behind its argument `reg`, or 0 where that is not known.
  int argBytes(int slotIdx, int reg) {
    Site site = sites.get(slotIdx);
    if (site == null) {
      return 0;
    }
    if (reg == 2) {
      return site.spec().keySize();
    }
    return reg == 3 && site.helper == MAP_UPDATE ? site.spec().valueSize() : 0;
  }
}
