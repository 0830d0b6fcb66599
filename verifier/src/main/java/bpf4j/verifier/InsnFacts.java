package bpf4j.verifier;

/// What symbolic execution proved about each instruction slot, on all paths together.
public final class InsnFacts {
  /// No map, or different maps on different paths.
  public static final int NO_MAP = -1;

  private final boolean[] reached;
  private final int[] mapIdx;

  InsnFacts(int slots) {
    reached = new boolean[slots];
    mapIdx = new int[slots];
    java.util.Arrays.fill(mapIdx, NO_MAP);
  }

  /// Whether any path reaches the slot; an unreached one is dead code.
  public boolean reached(int slotIdx) {
    return reached[slotIdx];
  }

  /// For a helper call with a map argument: the index in the program's maps of the one map that
  /// every path passes, or [#NO_MAP].
  public int mapIdx(int slotIdx) {
    return mapIdx[slotIdx];
  }

  void markReached(int slotIdx) {
    reached[slotIdx] = true;
  }

  void setMapIdx(int slotIdx, int map) {
    mapIdx[slotIdx] = map;
  }
}
