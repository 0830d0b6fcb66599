package bpf4j.cli;

import bpf4j.model.isa.Decoder;
import bpf4j.model.isa.Instruction;
import bpf4j.model.spec.ProgType;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.LinkedProgram;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes raw instructions ready for the engines, after checking what those rely on: every slot
/// holds an instruction, every jump and call leads to the start of one, control does not run off
/// the end, and nothing refers to maps, helpers or a kernel.
final class RawProgram {
  private final long[] insns;
  private final boolean[] starts;
  private final long[] imm64;

  private RawProgram(long[] insns) {
    this.insns = insns;
    this.starts = new boolean[insns.length];
    this.imm64 = new long[insns.length];
  }

  /// The program; throws [InputProblem] naming the first slot that cannot be.
  static LinkedProgram link(long[] insns) {
    RawProgram raw = new RawProgram(insns);
    List<Instruction> decoded = Decoder.decodeAll(insns);
    int slotIdx = 0;
    for (Instruction insn : decoded) {
      raw.starts[slotIdx] = true;
      slotIdx += insn.slots();
    }
    slotIdx = 0;
    for (Instruction insn : decoded) {
      raw.check(slotIdx, insn);
      slotIdx += insn.slots();
    }
    if (!endsControl(decoded.getLast())) {
      throw new InputProblem("the last instruction is no exit or jump");
    }
    return new LinkedProgram(
        0,
        "exec",
        ProgType.UNSPEC,
        insns,
        raw.imm64,
        new @Nullable HelperBody[insns.length],
        List.of(),
        -1,
        0);
  }

  private static boolean endsControl(Instruction insn) {
    return insn instanceof Instruction.Exit || insn instanceof Instruction.Goto;
  }

  private void check(int slotIdx, Instruction insn) {
    switch (insn) {
      case Instruction.Jump i -> target(slotIdx, i.off());
      case Instruction.Goto i -> target(slotIdx, i.off());
      case Instruction.MayGoto i -> target(slotIdx, i.off());
      case Instruction.CallSubprog i -> target(slotIdx, i.off());
      case Instruction.LoadImm64 i -> imm64[slotIdx] = i.imm();
      case Instruction.LoadFunc i -> {
        target(slotIdx, i.off());
        imm64[slotIdx] = LinkedProgram.functionPointer(0, slotIdx + 1 + i.off());
      }
      case Instruction.LoadWide _ -> throw refused(slotIdx, "refers to a map or the kernel");
      case Instruction.CallHelper i -> throw refused(slotIdx, "calls helper #" + i.id());
      case Instruction.CallKfunc i -> throw refused(slotIdx, "calls kernel function #" + i.btfId());
      case Instruction.LoadAbs _, Instruction.LoadInd _ ->
          throw refused(slotIdx, "loads from a packet");
      case Instruction.AddrSpaceCast _ -> throw refused(slotIdx, "needs an arena");
      case Instruction.Unknown i ->
          throw refused(
              slotIdx, "is no instruction: " + String.format("%016x", Long.reverseBytes(i.word())));
      case Instruction.Alu _,
          Instruction.Mov _,
          Instruction.MovSx _,
          Instruction.Neg _,
          Instruction.EndianSwap _,
          Instruction.Bswap _,
          Instruction.MemoryAccess _,
          Instruction.Exit _ -> {}
    }
  }

  private void target(int slotIdx, int off) {
    long to = slotIdx + 1L + off;
    if (to < 0 || to >= insns.length || !starts[(int) to]) {
      throw refused(slotIdx, "leads to slot " + to + ", where no instruction starts");
    }
  }

  private static InputProblem refused(int slotIdx, String why) {
    return new InputProblem("slot " + slotIdx + " " + why);
  }
}
