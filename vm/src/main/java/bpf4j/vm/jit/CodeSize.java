package bpf4j.vm.jit;

import bpf4j.model.isa.Instruction;
import bpf4j.vm.jit.FlowGraph.Block;

/// How many bytes of bytecode instructions become, at most.
final class CodeSize {
  /// HotSpot never compiles a method of 8,000 bytes or more (`HugeMethodLimit`).
  static final int HUGE_METHOD = 8000;

  private CodeSize() {}

  static int of(FlowGraph graph, Block block) {
    if (block.dead) {
      return 12;
    }
    int bytes = 8;
    for (int slotIdx = block.startSlot; slotIdx < block.endSlot; ) {
      Instruction insn = graph.insn(slotIdx);
      bytes += of(insn);
      slotIdx += insn.slots();
    }
    return bytes;
  }

  private static int of(Instruction insn) {
    return switch (insn) {
      case Instruction.Alu _ -> 34;
      case Instruction.Mov _, Instruction.LoadWide _ -> 34;
      case Instruction.MovSx _,
          Instruction.Neg _,
          Instruction.EndianSwap _,
          Instruction.Bswap _,
          Instruction.AddrSpaceCast _ ->
          16;
      case Instruction.StoreImm _ -> 50;
      case Instruction.MemoryAccess _ -> 44;
      case Instruction.Jump _ -> 38;
      case Instruction.MayGoto _ -> 44;
      // A lookup in line, the key put together from eight pieces.
      case Instruction.CallHelper(int id) -> id <= 3 ? 260 : 64;
      case Instruction.CallKfunc _, Instruction.CallSubprog _ -> 48;
      case Instruction.Goto _, Instruction.Exit _, Instruction.Unknown _ -> 12;
    };
  }
}
