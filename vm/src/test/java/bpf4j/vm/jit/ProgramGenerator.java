package bpf4j.vm.jit;

import bpf4j.model.isa.AluOp;
import bpf4j.model.isa.AtomicOp;
import bpf4j.model.isa.Cond;
import bpf4j.model.isa.Decoder;
import bpf4j.model.isa.Encoder;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Operand;
import bpf4j.model.isa.Size;
import bpf4j.model.spec.ProgType;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Random programs that always end and read nothing that was not written, over the whole
/// instruction set: any control flow (irreducible too), subprograms, callbacks, tail calls,
/// atomics, ordered accesses, legacy loads, address-space casts.
///
/// In every function r8 points at [#CTX_BYTES] bytes of memory and r9 counts blocks down.
final class ProgramGenerator {
  static final int CTX_BYTES = 256;

  /// Helper numbers of the test: 1 mixes its arguments, 2 calls a callback, 12 is the tail call.
  static final int MIX = 1;

  static final int CALL_BACK = 2;
  static final int TAIL_CALL = 12;

  private static final int STACK = 64;

  private final Random random;
  private final int functions;
  private final int blocks;
  private final int blockLength;
  private final int programs;
  private final List<Instruction> out = new ArrayList<>();
  private final List<Integer> slots = new ArrayList<>();
  private final int[] functionSlot;
  private final List<int[]> calls = new ArrayList<>();
  private int slotIdx;
  private boolean forward;

  /// Whether the stack is always accessed in the same pieces.
  private final boolean tidy;

  private final List<Piece> pieces = new ArrayList<>();

  private ProgramGenerator(
      Random random, int functions, int blocks, int blockLength, int programs) {
    this.random = random;
    this.functions = functions;
    this.blocks = blocks;
    this.blockLength = blockLength;
    this.programs = programs;
    this.functionSlot = new int[functions];
    this.tidy = random.nextBoolean();
  }

  /// @param programs how many programs tail calls can lead to
  static LinkedProgram generate(
      Random random, int index, int functions, int blocks, int blockLength, int programs) {
    return new ProgramGenerator(random, functions, blocks, blockLength, programs).program(index);
  }

  /// A long program without loops or calls: every block falls through or jumps a little ahead.
  static LinkedProgram generateForward(Random random, int blocks, int blockLength) {
    ProgramGenerator g = new ProgramGenerator(random, 1, blocks, blockLength, 0);
    g.forward = true;
    return g.program(0);
  }

  private LinkedProgram program(int index) {
    for (int f = 0; f < functions; f++) {
      functionSlot[f] = slotIdx;
      function(f);
    }
    for (int[] call : calls) {
      int at = call[0];
      int off = functionSlot[call[1]] - slots.get(at) - 1;
      out.set(
          at,
          out.get(at) instanceof Instruction.LoadFunc load
              ? new Instruction.LoadFunc(load.dst(), off, 0)
              : new Instruction.CallSubprog(off));
    }
    long[] words = Encoder.encodeAll(out);
    return link(index, words);
  }

  static LinkedProgram link(int index, long[] words) {
    long[] imm64 = new long[words.length];
    HelperBody[] bodies = new HelperBody[words.length];
    for (int i = 0; i < words.length; ) {
      Instruction insn = Decoder.decode(words, i);
      switch (insn) {
        case Instruction.LoadImm64 load -> imm64[i] = load.imm();
        case Instruction.LoadFunc load ->
            imm64[i] = LinkedProgram.functionPointer(index, i + 1 + load.off());
        case Instruction.CallHelper call -> {
          if (call.id() != TAIL_CALL) {
            bodies[i] = call.id() == MIX ? ProgramGenerator::mix : ProgramGenerator::callBack;
          }
        }
        default -> {}
      }
      i += insn.slots();
    }
    return new LinkedProgram(
        index,
        "generated",
        ProgType.SCHED_CLS,
        words,
        imm64,
        bodies,
        List.of(),
        -1,
        0x7f00_0000_0000L);
  }

  private static long mix(RunCtx rc, long r1, long r2, long r3, long r4, long r5) {
    return ((((r1 * 31 + r2) * 31 + r3) * 31 + r4) * 31 + r5) ^ rc.cpu();
  }

  private static long callBack(RunCtx rc, long r1, long r2, long r3, long r4, long r5) {
    long sum = 0;
    for (int i = 0; i < (r3 & 3); i++) {
      sum = sum * 7 + rc.callBack(r1, r2, i, r4, 0, 0);
    }
    return sum;
  }

  private void add(Instruction insn) {
    out.add(insn);
    slots.add(slotIdx);
    slotIdx += insn.slots();
  }

  private void function(int f) {
    // r8 = memory, r9 = fuel.
    add(new Instruction.Mov(true, 8, Operand.reg(1)));
    add(new Instruction.Mov(true, 9, Operand.imm(f == 0 ? 60 : 12)));
    add(new Instruction.Mov(true, 0, Operand.reg(f == 0 ? 8 : 2)));
    add(new Instruction.LoadImm64(6, random.nextLong()));
    add(new Instruction.Load(Size.DW, false, 7, 8, 16));
    arguments();
    pieces.clear();
    for (int off = -STACK; off < 0; off += 8) {
      cut(off);
    }
    for (Piece piece : pieces) {
      add(new Instruction.StoreReg(piece.size, 10, piece.off, random.nextInt(8)));
    }
    int[] start = new int[blocks];
    List<int[]> jumps = new ArrayList<>();
    for (int b = 0; b < blocks; b++) {
      start[b] = out.size();
      if (!forward) {
        add(new Instruction.Alu(true, AluOp.SUB, 9, Operand.imm(1)));
        jumps.add(new int[] {out.size(), blocks});
        add(new Instruction.Jump(true, Cond.SLT, 9, Operand.imm(0), 0));
      }
      for (int i = random.nextInt(blockLength + 1); i > 0; i--) {
        instruction(f);
      }
      jump(b, jumps);
    }
    int end = out.size();
    digest();
    for (int[] jump : jumps) {
      int target = slots.get(jump[1] == blocks ? end : start[jump[1]]);
      int off = target - slots.get(jump[0]) - 1;
      out.set(
          jump[0],
          switch (out.get(jump[0])) {
            case Instruction.Jump j ->
                new Instruction.Jump(j.is64(), j.cond(), j.dst(), j.src(), off);
            case Instruction.MayGoto _ -> new Instruction.MayGoto(off);
            case Instruction.Goto g -> new Instruction.Goto(g.wide(), off);
            case Instruction other -> other;
          });
    }
  }

  /// A piece of the stack frame.
  private record Piece(int off, Size size) {}

  private void cut(int off) {
    Size size = any(Size.values());
    for (int at = 0; at < 8; at += size.bytes()) {
      pieces.add(new Piece(off + at, size));
    }
  }

  private void jump(int from, List<int[]> jumps) {
    int target =
        forward ? Math.min(blocks, from + 1 + random.nextInt(2)) : random.nextInt(blocks + 1);
    switch (forward ? 2 + random.nextInt(4) : random.nextInt(8)) {
      case 0 -> {
        jumps.add(new int[] {out.size(), target});
        add(new Instruction.Goto(random.nextBoolean(), 0));
      }
      case 1 -> {
        jumps.add(new int[] {out.size(), target});
        add(new Instruction.MayGoto(0));
      }
      case 2 -> {}
      default -> {
        jumps.add(new int[] {out.size(), target});
        boolean is64 = random.nextBoolean();
        add(new Instruction.Jump(is64, any(Cond.values()), reg(), operand(), 0));
      }
    }
  }

  private void digest() {
    for (int reg = 1; reg < 8; reg++) {
      add(new Instruction.Alu(true, AluOp.MUL, 0, Operand.imm(0x1000_01b3)));
      add(new Instruction.Alu(true, AluOp.XOR, 0, Operand.reg(reg)));
    }
    for (Piece piece : pieces) {
      add(new Instruction.Load(piece.size, false, 1, 10, piece.off));
      add(new Instruction.Alu(true, AluOp.MUL, 0, Operand.imm(0x1000_01b3)));
      add(new Instruction.Alu(true, AluOp.XOR, 0, Operand.reg(1)));
    }
    add(new Instruction.Exit());
  }

  private void instruction(int f) {
    switch (random.nextInt(forward ? 16 : 26)) {
      case 0, 1, 2, 3, 4, 5, 6 ->
          add(new Instruction.Alu(random.nextBoolean(), any(AluOp.values()), reg(), operand()));
      case 7, 8 -> add(new Instruction.Mov(random.nextBoolean(), reg(), operand()));
      case 9 -> {
        boolean is64 = random.nextBoolean();
        Size size = is64 ? any(Size.B, Size.H, Size.W) : any(Size.B, Size.H);
        add(new Instruction.MovSx(is64, size, reg(), reg()));
      }
      case 10 -> add(new Instruction.Neg(random.nextBoolean(), reg()));
      case 11 ->
          add(new Instruction.EndianSwap(random.nextBoolean(), 16 << random.nextInt(3), reg()));
      case 12 -> add(new Instruction.Bswap(16 << random.nextInt(3), reg()));
      case 13 -> add(new Instruction.LoadImm64(reg(), random.nextLong()));
      case 14, 15 -> load();
      case 16, 17 -> store();
      case 18 -> atomic();
      case 19 -> ordered();
      case 20 -> {
        boolean up = random.nextBoolean();
        add(new Instruction.AddrSpaceCast(reg(), reg(), up ? 1 : 0, up ? 0 : 1));
      }
      case 21 -> {
        add(new Instruction.CallHelper(MIX));
        arguments();
      }
      case 22 -> packetLoad();
      case 23 -> callSubprog(f);
      case 24 -> callBack(f);
      default -> tailCall();
    }
  }

  private void packetLoad() {
    Size size = any(Size.B, Size.H, Size.W);
    if (random.nextBoolean()) {
      add(new Instruction.LoadAbs(size, random.nextInt(34)));
    } else {
      int reg = reg();
      add(new Instruction.Alu(true, AluOp.AND, reg, Operand.imm(15)));
      add(new Instruction.LoadInd(size, reg, random.nextInt(18)));
    }
  }

  private void callSubprog(int f) {
    if (f + 1 < functions) {
      add(new Instruction.Mov(true, 1, Operand.reg(8)));
      calls.add(new int[] {out.size(), f + 1 + random.nextInt(functions - f - 1)});
      add(new Instruction.CallSubprog(0));
      arguments();
    }
  }

  /// Not beside tail calls: the two together nest deeper than a run allows.
  private void callBack(int f) {
    if (f + 1 < functions && programs == 0) {
      calls.add(new int[] {out.size(), f + 1 + random.nextInt(functions - f - 1)});
      add(new Instruction.LoadFunc(1, 0, 0));
      add(new Instruction.Mov(true, 2, Operand.reg(8)));
      add(new Instruction.CallHelper(CALL_BACK));
      arguments();
    }
  }

  private void tailCall() {
    if (programs > 0 && random.nextInt(4) == 0) {
      add(new Instruction.Mov(true, 1, Operand.reg(8)));
      add(new Instruction.Mov(true, 2, Operand.imm(1)));
      add(new Instruction.Mov(true, 3, Operand.imm(random.nextInt(programs + 1))));
      add(new Instruction.CallHelper(TAIL_CALL));
      arguments();
    }
  }

  private void arguments() {
    for (int reg = 1; reg <= 5; reg++) {
      add(new Instruction.Load(Size.DW, false, reg, 8, 8 * random.nextInt(CTX_BYTES / 8)));
    }
  }

  private void load() {
    if (tidy && random.nextBoolean()) {
      Piece piece = pieces.get(random.nextInt(pieces.size()));
      boolean signed = piece.size != Size.DW && random.nextBoolean();
      add(new Instruction.Load(piece.size, signed, reg(), 10, piece.off));
      return;
    }
    Size size = any(Size.values());
    boolean signed = size != Size.DW && random.nextBoolean();
    boolean stack = !tidy && random.nextBoolean();
    add(new Instruction.Load(size, signed, reg(), stack ? 10 : 8, offset(stack, size, 1)));
  }

  private void store() {
    if (tidy && random.nextBoolean()) {
      Piece piece = pieces.get(random.nextInt(pieces.size()));
      add(
          random.nextBoolean()
              ? new Instruction.StoreReg(piece.size, 10, piece.off, reg())
              : new Instruction.StoreImm(piece.size, 10, piece.off, number()));
      return;
    }
    Size size = any(Size.values());
    boolean stack = !tidy && random.nextBoolean();
    int off = offset(stack, size, 1);
    add(
        random.nextBoolean()
            ? new Instruction.StoreReg(size, stack ? 10 : 8, off, reg())
            : new Instruction.StoreImm(size, stack ? 10 : 8, off, number()));
  }

  private void atomic() {
    Size size = any(Size.W, Size.DW);
    AtomicOp op = any(AtomicOp.values());
    boolean stack = !tidy && random.nextBoolean();
    boolean fetch = op.alwaysFetches() || random.nextBoolean();
    int off = offset(stack, size, random.nextInt(8) == 0 ? 1 : size.bytes());
    add(new Instruction.Atomic(size, op, fetch, stack ? 10 : 8, off, reg()));
  }

  private void ordered() {
    Size size = any(Size.values());
    boolean stack = !tidy && random.nextBoolean();
    int off = offset(stack, size, size.bytes());
    add(
        random.nextBoolean()
            ? new Instruction.LoadAcquire(size, reg(), stack ? 10 : 8, off)
            : new Instruction.StoreRelease(size, stack ? 10 : 8, off, reg()));
  }

  private int offset(boolean stack, Size size, int align) {
    int room = (stack ? STACK : CTX_BYTES) - size.bytes();
    int off = random.nextInt(room / align + 1) * align;
    return stack ? off - STACK : off;
  }

  private int reg() {
    return random.nextInt(8);
  }

  private Operand operand() {
    return random.nextBoolean() ? Operand.reg(reg()) : Operand.imm(number());
  }

  private int number() {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(16) - 8;
      case 1 -> 1 << random.nextInt(32);
      case 2 -> (1 << random.nextInt(32)) - 1;
      case 3 -> Integer.MIN_VALUE;
      case 4 -> -1;
      default -> random.nextInt();
    };
  }

  @SafeVarargs
  private <T> T any(T... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
