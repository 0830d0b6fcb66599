package bpf4j.vm.jit;

import bpf4j.maps.BpfMap;
import bpf4j.model.isa.AluOp;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Operand;
import bpf4j.model.isa.Semantics;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds, for one function, which registers hold constants, maps and places in its stack frame.
///
/// It assumes nothing about the program but the meaning of its instructions: a wrong fact of the
/// verifier cannot make it wrong.
final class ValueAnalysis {
  /// `BPF_FUNC_map_lookup_elem`.
  static final int MAP_LOOKUP = 1;

  private final FlowGraph graph;
  private final LinkedProgram program;
  private final Map<Long, BpfMap> mapAt = new HashMap<>();
  private final Map<Block, Value[]> atStart = new HashMap<>();

  ValueAnalysis(FlowGraph graph, LinkedProgram program, Function function) {
    this.graph = graph;
    this.program = program;
    for (BpfMap map : program.maps()) {
      mapAt.put(map.descriptorAddr(), map);
    }
    Value[] entry = new Value[11];
    Arrays.fill(entry, Value.UNKNOWN);
    entry[10] = new Value.Frame(0);
    Block first = function.blocks.getFirst();
    atStart.put(first, entry);
    Deque<Block> open = new ArrayDeque<>();
    Set<Block> queued = new HashSet<>();
    open.add(first);
    while (!open.isEmpty()) {
      Block block = open.removeFirst();
      queued.remove(block);
      Value[] state = atStart(block).clone();
      if (!block.dead) {
        walk(block, state, (_, _, _) -> {});
      }
      for (Block successor : block.successors) {
        if (merge(successor, state) && queued.add(successor)) {
          open.add(successor);
        }
      }
    }
  }

  /// Sees an instruction and the registers in front of it.
  interface Visitor {
    void visit(int slotIdx, Instruction insn, Value[] registers);
  }

  /// Goes over a block's instructions; `visitor` must not keep the array.
  void forEach(Block block, Visitor visitor) {
    if (!block.dead) {
      walk(block, atStart(block).clone(), visitor);
    }
  }

  private Value[] atStart(Block block) {
    Value[] state = atStart.get(block);
    if (state == null) {
      throw new IllegalStateException("block " + block + " was not reached");
    }
    return state;
  }

  private boolean merge(Block block, Value[] state) {
    Value[] old = atStart.get(block);
    if (old == null) {
      atStart.put(block, state.clone());
      return true;
    }
    boolean changed = false;
    for (int reg = 0; reg < 11; reg++) {
      Value joined = old[reg].join(state[reg]);
      changed |= !joined.equals(old[reg]);
      old[reg] = joined;
    }
    return changed;
  }

  private void walk(Block block, Value[] state, Visitor visitor) {
    for (int slotIdx = block.startSlot; slotIdx < block.endSlot; ) {
      Instruction insn = graph.insn(slotIdx);
      visitor.visit(slotIdx, insn, state);
      step(insn, slotIdx, state);
      slotIdx += insn.slots();
    }
  }

  private void step(Instruction insn, int slotIdx, Value[] r) {
    switch (insn) {
      case Instruction.Mov i when i.is64() -> r[i.dst()] = operand(i.src(), r);
      case Instruction.Mov i ->
          r[i.dst()] =
              operand(i.src(), r) instanceof Value.Const(long number)
                  ? new Value.Const(number & 0xffff_ffffL)
                  : weaken(operand(i.src(), r));
      case Instruction.Alu i -> r[i.dst()] = alu(i, r);
      case Instruction.LoadWide i -> r[i.dst()] = new Value.Const(program.imm64()[slotIdx]);
      case Instruction.CallHelper i -> {
        Value result = i.id() == MAP_LOOKUP ? inner(mapOf(r[1])) : Value.UNKNOWN;
        call(r, result);
      }
      case Instruction.CallKfunc _, Instruction.CallSubprog _ -> call(r, Value.UNKNOWN);
      case Instruction.Neg i -> r[i.dst()] = weaken(r[i.dst()]);
      case Instruction.Bswap i -> r[i.dst()] = weaken(r[i.dst()]);
      case Instruction.EndianSwap i -> r[i.dst()] = weaken(r[i.dst()]);
      case Instruction.MovSx i -> r[i.dst()] = weaken(r[i.src()]);
      case Instruction.AddrSpaceCast i -> r[i.dst()] = weaken(r[i.src()]);
      default -> {
        int defs = Effects.of(insn).defs();
        for (int reg = 0; reg <= 10; reg++) {
          if ((defs & 1 << reg) != 0) {
            r[reg] = Value.UNKNOWN;
          }
        }
      }
    }
  }

  /// Argument registers keep what they held: no verified program reads them.
  private static void call(Value[] r, Value result) {
    for (int reg = 1; reg <= 5; reg++) {
      r[reg] = weaken(r[reg]);
    }
    r[0] = result;
  }

  private static Value weaken(Value value) {
    return value.mayBeFrame() ? Value.FRAME_ANY : Value.UNKNOWN;
  }

  private static Value operand(Operand operand, Value[] r) {
    return switch (operand) {
      case Operand.Reg(int reg) -> r[reg];
      case Operand.Imm(int imm) -> new Value.Const(imm);
    };
  }

  private static Value alu(Instruction.Alu insn, Value[] r) {
    Value a = r[insn.dst()];
    Value b = operand(insn.src(), r);
    if (a instanceof Value.Const(long x) && b instanceof Value.Const(long y)) {
      return new Value.Const(
          insn.is64()
              ? Semantics.alu64(insn.op(), x, y)
              : Semantics.zext(Semantics.alu32(insn.op(), (int) x, (int) y)));
    }
    if (insn.is64()
        && a instanceof Value.Frame(int off)
        && b instanceof Value.Const(long by)
        && Math.abs(by) < 1 << 20) {
      if (insn.op() == AluOp.ADD) {
        return frame(off + (int) by);
      }
      if (insn.op() == AluOp.SUB) {
        return frame(off - (int) by);
      }
    }
    return a.mayBeFrame() || b.mayBeFrame() ? Value.FRAME_ANY : Value.UNKNOWN;
  }

  /// Places far outside the frame only arise in loops; they must not keep the analysis going.
  private static Value frame(int off) {
    return off < -4096 || off > 4096 ? Value.FRAME_ANY : new Value.Frame(off);
  }

  private static Value inner(@Nullable BpfMap outer) {
    return outer != null && outer.innerTemplate() != null ? new Value.Inner(outer) : Value.UNKNOWN;
  }

  /// The map whose descriptor a value is, or null.
  @Nullable BpfMap mapOf(Value value) {
    return value instanceof Value.Const(long number) ? mapAt.get(number) : null;
  }
}
