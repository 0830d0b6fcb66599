package bpf4j.vm.jit;

import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Cuts a function that is too large for one JVM method into regions, runs of blocks in slot order.
///
/// A cut costs what crosses it: loops that it runs through, because every turn then leaves a method
/// and enters another, and registers that are live there.
final class RegionPlan {
  /// Blocks that become one method. `entries` are those that control reaches from outside, in the
  /// order of their numbers.
  record Region(int index, List<Block> blocks, List<Block> entries) {}

  /// Bits of an entry's number inside its region.
  static final int ENTRY_BITS = 12;

  private static final int LOOP_COST = 1000;
  private static final int EDGE_COST = 4;

  private final List<Region> regions = new ArrayList<>();
  private final Map<Block, Integer> entryNumber = new HashMap<>();
  private final Map<Block, Region> regionOf = new HashMap<>();

  /// @param budget most bytes of bytecode in a region
  RegionPlan(FlowGraph graph, Function function, int budget) {
    List<Block> blocks = function.blocks;
    int[] cost = cutCosts(blocks);
    int start = 0;
    while (start < blocks.size()) {
      int end = cut(graph, blocks, start, budget, cost);
      Region region =
          new Region(regions.size(), List.copyOf(blocks.subList(start, end)), new ArrayList<>());
      regions.add(region);
      region.blocks.forEach(b -> regionOf.put(b, region));
      start = end;
    }
    enter(blocks.getFirst());
    for (Block block : blocks) {
      for (Block successor : block.successors) {
        if (regionOf(block).index != regionOf(successor).index) {
          enter(successor);
        }
      }
    }
  }

  private void enter(Block block) {
    Region region = regionOf(block);
    if (entryNumber.putIfAbsent(block, region.index << ENTRY_BITS | region.entries.size())
        == null) {
      region.entries.add(block);
    }
  }

  /// The blocks from `start` that fit, up to the cheapest cut in the second half of the budget.
  private static int cut(FlowGraph graph, List<Block> blocks, int start, int budget, int[] cost) {
    int bytes = 0;
    int best = start + 1;
    int bestCost = Integer.MAX_VALUE;
    for (int i = start; i < blocks.size(); i++) {
      bytes += CodeSize.of(graph, blocks.get(i));
      if (bytes > budget && i > start) {
        return best;
      }
      if (bytes > budget / 2 && cost[i + 1] <= bestCost) {
        best = i + 1;
        bestCost = cost[i + 1];
      } else if (bestCost == Integer.MAX_VALUE) {
        best = i + 1;
      }
    }
    return blocks.size();
  }

  /// What a cut in front of each block costs.
  private static int[] cutCosts(List<Block> blocks) {
    Map<Block, Integer> position = new HashMap<>();
    for (int i = 0; i < blocks.size(); i++) {
      position.put(blocks.get(i), i);
    }
    int[] change = new int[blocks.size() + 2];
    for (int i = 0; i < blocks.size(); i++) {
      for (Block successor : blocks.get(i).successors) {
        int to = Objects.requireNonNull(position.get(successor));
        int weight = to <= i ? LOOP_COST : EDGE_COST;
        change[Math.min(i, to) + 1] += weight;
        change[Math.max(i, to) + 1] -= weight;
      }
    }
    int[] cost = new int[blocks.size() + 1];
    int open = 0;
    for (int i = 1; i <= blocks.size(); i++) {
      open += change[i];
      int live = i < blocks.size() ? Integer.bitCount(blocks.get(i).liveIn) : 0;
      cost[i] = open + live;
    }
    return cost;
  }

  List<Region> regions() {
    return regions;
  }

  Region regionOf(Block block) {
    return Objects.requireNonNull(regionOf.get(block));
  }

  /// Number of a block that control can enter from another region: the region's index above
  /// [#ENTRY_BITS], the index in its entries below.
  int entryNumber(Block block) {
    return Objects.requireNonNull(entryNumber.get(block));
  }
}
