package bpf4j.vm.jit;

import bpf4j.maps.GuestMemory;
import bpf4j.model.isa.AluOp;
import bpf4j.model.isa.Decoder;
import bpf4j.model.isa.Encoder;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Operand;
import bpf4j.model.isa.Size;
import bpf4j.vm.engine.CodeSpace;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import bpf4j.vm.jit.StackPlan.Piece;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// Checks the translation of a program block by block: each basic block, made a program of its own,
/// runs compiled and interpreted from the same random registers and memory, and must leave the same
/// registers, memory and branch decision.
///
/// Calls are replaced by a function of their arguments. It works in an address space of its own,
/// where wild pointers do no harm.
public final class BlockValidator {
  private static final long MEMORY = 1 << 20;
  private static final int STATES = 4;
  private static final int MIX = 0x1000_01b3;
  private static final int HELPER = 1;

  /// A random pointer can hit the block's own stack frame, which compiled code may keep elsewhere:
  /// a difference counts when it shows again from other states.
  private static final int CONFIRMATIONS = 3;

  private final LinkedProgram program;
  private final GuestMemory memory;
  private final Random random;
  private final RunCtx rc;
  private final long stack;
  private final long state;
  private final byte[] content = new byte[(int) MEMORY];

  private BlockValidator(LinkedProgram program, GuestMemory memory, long seed) {
    this.program = program;
    this.memory = memory;
    this.random = new Random(seed);
    this.stack = memory.allocate(RunCtx.STACK_BYTES, "stack");
    this.state = memory.allocate(80, "registers");
    this.rc = new RunCtx(memory, CodeSpace.EMPTY, stack, 0);
    rc.setLegacyLoads((_, off, size) -> (off & 7) == 7 ? -1 : off * 31L + size & 0xffff);
  }

  /// What differs, one line a block; empty when the translation is right. A program that the JIT
  /// leaves to the interpreter has nothing to check.
  public static List<String> validate(LinkedProgram program, long seed) {
    List<String> wrong = new ArrayList<>();
    FlowGraph graph;
    try {
      graph = new FlowGraph(program.insns(), program.exceptionCallbackSlot(), _ -> false);
    } catch (UnsupportedProgramException _) {
      return wrong;
    }
    try (GuestMemory memory = GuestMemory.reserve(MEMORY)) {
      BlockValidator validator = new BlockValidator(program, memory, seed);
      for (Function function : graph.functions()) {
        for (Block block : function.blocks) {
          validator.check(graph, block, wrong);
        }
      }
    }
    return wrong;
  }

  private void check(FlowGraph graph, Block block, List<String> wrong) {
    LinkedProgram alone = alone(graph, block);
    Executable interpreted = new FastInterpreter(alone);
    Executable compiled = JitCompiler.compile(alone, memory, _ -> false);
    int differences = 0;
    String last = "";
    for (int i = 0; i < STATES + (differences == 0 ? 0 : CONFIRMATIONS); i++) {
      String difference = compare(interpreted, compiled);
      if (!difference.isEmpty()) {
        differences++;
        last = difference;
      }
    }
    if (differences > 1) {
      wrong.add("%s, instructions %s: %s".formatted(program.name(), block, last));
    }
  }

  private String compare(Executable interpreted, Executable compiled) {
    random.nextBytes(content);
    long[] registers = random.longs(10).toArray();
    for (int reg = 0; reg < 10; reg++) {
      if (random.nextInt(3) != 0) {
        registers[reg] = random.nextInt(4) == 0 ? random.nextInt(64) : random.nextInt(1 << 18);
      }
    }
    long expected = run(interpreted, registers);
    byte[] memoryAfter = memory.getBytes(0, (int) stack);
    long actual = run(compiled, registers);
    if (expected != actual) {
      return "registers or branch differ";
    }
    boolean same =
        MemorySegment.mismatch(
                memory.segment(), 0, stack, MemorySegment.ofArray(memoryAfter), 0, stack)
            < 0;
    return same ? "" : "memory differs";
  }

  private long run(Executable engine, long[] registers) {
    memory.putBytes(0, content);
    for (int reg = 0; reg < 10; reg++) {
      memory.putU64(state + 8 * reg, registers[reg]);
    }
    return rc.run(engine, 0);
  }

  /// The block between loading all registers and a digest of them and of the stack pieces it used.
  private LinkedProgram alone(FlowGraph graph, Block block) {
    LinkedProgram bare = alone(graph, block, Set.of());
    FlowGraph bareGraph = new FlowGraph(bare.insns(), -1, _ -> false);
    Function main = bareGraph.functionAt(0);
    ValueAnalysis values = new ValueAnalysis(bareGraph, bare, main);
    Set<Piece> pieces = new LinkedHashSet<>();
    for (Block b : main.blocks) {
      values.forEach(b, (_, insn, r) -> addPiece(pieces, insn, r));
    }
    return alone(graph, block, pieces);
  }

  private static void addPiece(Set<Piece> pieces, Instruction insn, Value[] r) {
    switch (insn) {
      case Instruction.Load i -> addPiece(pieces, r[i.base()], i.off(), i.size());
      case Instruction.StoreReg i -> addPiece(pieces, r[i.base()], i.off(), i.size());
      case Instruction.StoreImm i -> addPiece(pieces, r[i.base()], i.off(), i.size());
      default -> {}
    }
  }

  private static void addPiece(Set<Piece> pieces, Value base, int off, Size size) {
    if (base instanceof Value.Frame(int at) && at + off >= -512 && at + off < 0) {
      pieces.add(new Piece(at + off, size));
    }
  }

  /// @param pieces what the block uses of its stack frame, filled beforehand: memory that was never
  ///   written may differ
  private LinkedProgram alone(FlowGraph graph, Block block, Set<Piece> pieces) {
    List<Instruction> out = new ArrayList<>();
    out.add(new Instruction.LoadImm64(0, state));
    for (int reg = 9; reg > 0; reg--) {
      out.add(new Instruction.Load(Size.DW, false, reg, 0, 8 * reg));
    }
    int filler = 1;
    for (Piece piece : pieces) {
      out.add(new Instruction.StoreReg(piece.size(), 10, piece.off(), filler));
      filler = filler % 9 + 1;
    }
    out.add(new Instruction.Load(Size.DW, false, 0, 0, 0));
    for (int slotIdx = block.startSlot; slotIdx < block.endSlot; ) {
      Instruction insn = graph.insn(slotIdx);
      out.addAll(standIn(insn, slotIdx));
      slotIdx += insn.slots();
    }
    for (int reg = 1; reg < 10; reg++) {
      digest(out, reg);
    }
    for (Piece piece : pieces) {
      out.add(new Instruction.Load(piece.size(), false, 1, 10, piece.off()));
      digest(out, 1);
    }
    out.add(new Instruction.Exit());
    return link(Encoder.encodeAll(out));
  }

  private static void digest(List<Instruction> out, int reg) {
    out.add(new Instruction.Alu(true, AluOp.MUL, 0, Operand.imm(MIX)));
    out.add(new Instruction.Alu(true, AluOp.XOR, 0, Operand.reg(reg)));
  }

  /// What takes the place of an instruction that is not to run by itself.
  private List<Instruction> standIn(Instruction insn, int slotIdx) {
    return switch (insn) {
      case Instruction.LoadWide wide ->
          List.of(new Instruction.LoadImm64(wide.dst(), program.imm64()[slotIdx]));
      case Instruction.CallHelper _, Instruction.CallKfunc _, Instruction.CallSubprog _ ->
          List.of(new Instruction.CallHelper(HELPER));
      case Instruction.Goto _, Instruction.MayGoto _, Instruction.Exit _, Instruction.Unknown _ ->
          List.of();
      case Instruction.Jump jump ->
          List.of(
              new Instruction.Jump(jump.is64(), jump.cond(), jump.dst(), jump.src(), 1),
              new Instruction.Alu(true, AluOp.XOR, 0, Operand.imm(MIX)));
      default -> List.of(insn);
    };
  }

  private LinkedProgram link(long[] words) {
    long[] imm64 = new long[words.length];
    HelperBody[] bodies = new HelperBody[words.length];
    for (int slotIdx = 0; slotIdx < words.length; ) {
      Instruction insn = Decoder.decode(words, slotIdx);
      if (insn instanceof Instruction.LoadImm64 load) {
        imm64[slotIdx] = load.imm();
      } else if (insn instanceof Instruction.CallHelper) {
        bodies[slotIdx] = (_, r1, r2, r3, r4, r5) -> (((r1 * 31 + r2) * 31 + r3) * 31 + r4) ^ r5;
      }
      slotIdx += insn.slots();
    }
    return new LinkedProgram(
        0,
        program.name(),
        program.type(),
        words,
        imm64,
        bodies,
        List.of(),
        -1,
        program.arenaUserBase());
  }
}
