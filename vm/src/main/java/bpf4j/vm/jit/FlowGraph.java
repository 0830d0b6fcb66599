package bpf4j.vm.jit;

import bpf4j.model.isa.Decoder;
import bpf4j.model.isa.Instruction;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A program as functions of basic blocks. Only what can be reached is in it.
final class FlowGraph {
  /// `BPF_FUNC_tail_call`.
  static final int TAIL_CALL = 12;

  /// Longer blocks are cut, so that a region can end anywhere.
  private static final int MAX_BLOCK = 50;

  /// A run of instructions that is entered at its start and left at its end.
  static final class Block {
    final int startSlot;

    /// The slot behind the last instruction.
    int endSlot;

    /// Where control goes from here, the next block in line first.
    final List<Block> successors = new ArrayList<>(2);

    /// Whether the verifier found that no path leads here.
    boolean dead;

    /// Bit n: register n is read before it is written, from the start on.
    int liveIn;

    private int uses;
    private int defs;

    Block(int startSlot) {
      this.startSlot = startSlot;
    }

    @Override
    public String toString() {
      return startSlot + ".." + endSlot;
    }
  }

  /// One subprogram; `blocks` are in slot order and the first is the entry.
  static final class Function {
    final int entrySlot;
    final int endSlot;
    final List<Block> blocks = new ArrayList<>();
    final TreeSet<Integer> callees = new TreeSet<>();
    boolean callsOut;
    boolean mayGoto;

    /// Frames that a call needs, 0 until it is known.
    private int depth;

    Function(int entrySlot, int endSlot) {
      this.entrySlot = entrySlot;
      this.endSlot = endSlot;
    }
  }

  private final long[] words;
  private final @Nullable Instruction[] insns;
  private final TreeMap<Integer, Function> functions = new TreeMap<>();

  /// @param deadSlot whether the verifier found an instruction to be unreachable
  /// @param extraEntry a slot that starts a function though nothing refers to it, or -1
  /// @throws UnsupportedProgramException when jumps leave their function
  FlowGraph(long[] words, int extraEntry, IntPredicate deadSlot) {
    this.words = words;
    insns = new Instruction[words.length];
    TreeSet<Integer> entries = new TreeSet<>();
    entries.add(0);
    if (extraEntry >= 0) {
      entries.add(extraEntry);
    }
    for (int slotIdx = 0; slotIdx < words.length; ) {
      Instruction insn = Decoder.decode(words, slotIdx);
      insns[slotIdx] = insn;
      switch (insn) {
        case Instruction.CallSubprog call -> entries.add(slotIdx + 1 + call.off());
        case Instruction.LoadFunc func -> entries.add(slotIdx + 1 + func.off());
        default -> {}
      }
      slotIdx += insn.slots();
    }
    List<Integer> starts = new ArrayList<>(entries);
    for (int i = 0; i < starts.size(); i++) {
      int end = i + 1 < starts.size() ? starts.get(i + 1) : words.length;
      if (starts.get(i) < 0 || starts.get(i) >= words.length) {
        throw new UnsupportedProgramException("a call leaves the program");
      }
      functions.put(starts.get(i), build(starts.get(i), end, deadSlot));
    }
  }

  Collection<Function> functions() {
    return functions.values();
  }

  /// The function that starts at `slotIdx`.
  Function functionAt(int slotIdx) {
    Function f = functions.get(slotIdx);
    if (f != null) {
      return f;
    }
    throw new IllegalArgumentException("no function starts at " + slotIdx);
  }

  /// The instruction whose first slot is `slotIdx`.
  Instruction insn(int slotIdx) {
    Instruction insn = insns[slotIdx];
    if (insn == null) {
      throw new UnsupportedProgramException("a jump leads into a ld_imm64");
    }
    return insn;
  }

  /// Frames that a call of the function needs, with all that it calls; throws when calls recur.
  int depth(Function f) {
    return depth(f, new TreeSet<>());
  }

  private int depth(Function f, TreeSet<Integer> open) {
    if (f.depth > 0) {
      return f.depth;
    }
    if (!open.add(f.entrySlot)) {
      throw new UnsupportedProgramException("calls recur");
    }
    int deepest = 0;
    for (int callee : f.callees) {
      deepest = Math.max(deepest, depth(functionAt(callee), open));
    }
    open.remove(f.entrySlot);
    f.depth = deepest + 1;
    return f.depth;
  }

  private Function build(int entry, int end, IntPredicate deadSlot) {
    Function f = new Function(entry, end);
    BitSet leaders = new BitSet(end - entry);
    leaders.set(0);
    BitSet reached = new BitSet(end - entry);
    walk(f, leaders, reached, deadSlot);
    Block[] blockAt = new Block[end - entry];
    for (int i = reached.nextSetBit(0); i >= 0; i = reached.nextSetBit(i + 1)) {
      if (leaders.get(i)) {
        Block block = new Block(entry + i);
        block.dead = deadSlot.test(entry + i);
        blockAt[i] = block;
        f.blocks.add(block);
      }
    }
    for (Block block : f.blocks) {
      finish(f, block, leaders, blockAt, deadSlot);
    }
    liveness(f);
    return f;
  }

  /// Finds what is reachable, and where blocks start.
  private void walk(Function f, BitSet leaders, BitSet reached, IntPredicate deadSlot) {
    List<Integer> open = new ArrayList<>();
    open.add(f.entrySlot);
    while (!open.isEmpty()) {
      int slotIdx = open.removeLast();
      for (int run = 1; !reached.get(slotIdx - f.entrySlot); run++) {
        reached.set(slotIdx - f.entrySlot);
        if (run % MAX_BLOCK == 0) {
          leaders.set(slotIdx - f.entrySlot);
        }
        if (deadSlot.test(slotIdx)) {
          leaders.set(slotIdx - f.entrySlot);
          break;
        }
        Instruction insn = insn(slotIdx);
        int target = target(insn, slotIdx);
        note(f, insn, slotIdx);
        if (target >= 0) {
          check(f, target);
          leaders.set(target - f.entrySlot);
          open.add(target);
        }
        if (!fallsThrough(insn)) {
          break;
        }
        slotIdx += insn.slots();
        check(f, slotIdx);
        if (target >= 0) {
          leaders.set(slotIdx - f.entrySlot);
        }
      }
    }
  }

  private static void note(Function f, Instruction insn, int slotIdx) {
    switch (insn) {
      case Instruction.CallSubprog call -> f.callees.add(slotIdx + 1 + call.off());
      case Instruction.CallHelper _, Instruction.CallKfunc _ -> f.callsOut = true;
      case Instruction.MayGoto _ -> f.mayGoto = true;
      default -> {}
    }
  }

  private static void check(Function f, int slotIdx) {
    if (slotIdx < f.entrySlot || slotIdx >= f.endSlot) {
      throw new UnsupportedProgramException("control leaves the function at " + f.entrySlot);
    }
  }

  private void finish(
      Function f, Block block, BitSet leaders, Block[] blockAt, IntPredicate deadSlot) {
    int slotIdx = block.startSlot;
    if (block.dead) {
      block.endSlot = slotIdx + 1;
      return;
    }
    while (true) {
      Instruction insn = insn(slotIdx);
      int next = slotIdx + insn.slots();
      Effects effects = Effects.of(insn);
      block.uses |= effects.uses() & ~block.defs;
      block.defs |= effects.defs();
      boolean ends = next >= f.endSlot || leaders.get(next - f.entrySlot) || deadSlot.test(next);
      int target = target(insn, slotIdx);
      if (target >= 0 || ends || !fallsThrough(insn)) {
        block.endSlot = next;
        if (fallsThrough(insn)) {
          block.successors.add(blockAt[next - f.entrySlot]);
        }
        if (target >= 0) {
          block.successors.add(blockAt[target - f.entrySlot]);
        }
        return;
      }
      slotIdx = next;
    }
  }

  /// Registers live at each block's start, by iteration from the end.
  private static void liveness(Function f) {
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Block block : f.blocks.reversed()) {
        int out = 0;
        for (Block successor : block.successors) {
          out |= successor.liveIn;
        }
        int in = block.uses | (out & ~block.defs);
        changed |= in != block.liveIn;
        block.liveIn = in;
      }
    }
  }

  /// Where a jump leads, or -1 for what is no jump.
  static int target(Instruction insn, int slotIdx) {
    return switch (insn) {
      case Instruction.Jump jump -> slotIdx + 1 + jump.off();
      case Instruction.Goto jump -> slotIdx + 1 + jump.off();
      case Instruction.MayGoto jump -> slotIdx + 1 + jump.off();
      default -> -1;
    };
  }

  static boolean fallsThrough(Instruction insn) {
    return !(insn instanceof Instruction.Goto
        || insn instanceof Instruction.Exit
        || insn instanceof Instruction.Unknown);
  }

  int slots() {
    return words.length;
  }
}
