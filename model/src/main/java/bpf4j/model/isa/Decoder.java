package bpf4j.model.isa;

import static bpf4j.model.isa.Opcodes.X;

import bpf4j.model.isa.Instruction.AddrSpaceCast;
import bpf4j.model.isa.Instruction.Alu;
import bpf4j.model.isa.Instruction.Atomic;
import bpf4j.model.isa.Instruction.Bswap;
import bpf4j.model.isa.Instruction.CallHelper;
import bpf4j.model.isa.Instruction.CallKfunc;
import bpf4j.model.isa.Instruction.CallSubprog;
import bpf4j.model.isa.Instruction.EndianSwap;
import bpf4j.model.isa.Instruction.Exit;
import bpf4j.model.isa.Instruction.Goto;
import bpf4j.model.isa.Instruction.Jump;
import bpf4j.model.isa.Instruction.Load;
import bpf4j.model.isa.Instruction.LoadAbs;
import bpf4j.model.isa.Instruction.LoadAcquire;
import bpf4j.model.isa.Instruction.LoadBtfId;
import bpf4j.model.isa.Instruction.LoadFunc;
import bpf4j.model.isa.Instruction.LoadImm64;
import bpf4j.model.isa.Instruction.LoadInd;
import bpf4j.model.isa.Instruction.LoadMapFd;
import bpf4j.model.isa.Instruction.LoadMapIdx;
import bpf4j.model.isa.Instruction.LoadMapIdxValue;
import bpf4j.model.isa.Instruction.LoadMapValue;
import bpf4j.model.isa.Instruction.MayGoto;
import bpf4j.model.isa.Instruction.Mov;
import bpf4j.model.isa.Instruction.MovSx;
import bpf4j.model.isa.Instruction.Neg;
import bpf4j.model.isa.Instruction.StoreImm;
import bpf4j.model.isa.Instruction.StoreReg;
import bpf4j.model.isa.Instruction.StoreRelease;
import bpf4j.model.isa.Instruction.Unknown;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Turns raw words into instructions. Total: a word that is no valid instruction becomes an
/// [Instruction.Unknown], and [Encoder] gives back the very words.
public final class Decoder {
  private static final AluOp[] ALU = new AluOp[16];
  private static final AluOp[] SIGNED_ALU = new AluOp[16];
  private static final Cond[] CONDS = new Cond[16];
  private static final AtomicOp[] ATOMICS = new AtomicOp[16];

  static {
    for (AluOp op : AluOp.values()) {
      (op.off() == 0 ? ALU : SIGNED_ALU)[op.code() >> 4] = op;
    }
    for (Cond cond : Cond.values()) {
      CONDS[cond.code() >> 4] = cond;
    }
    for (AtomicOp op : AtomicOp.values()) {
      ATOMICS[op.code() >> 4] = op;
    }
  }

  private Decoder() {}

  /// The instruction whose first slot is `words[slotIdx]`. A `ld_imm64` without its second half is
  /// [Instruction.Unknown]; so is the second half when asked for by itself.
  public static Instruction decode(long[] words, int slotIdx) {
    long w = words[slotIdx];
    if (RawInsn.isLdImm64(w)) {
      return slotIdx + 1 < words.length ? wide(w, words[slotIdx + 1]) : new Unknown(w);
    }
    return decode(w);
  }

  /// The instruction of one slot; a `ld_imm64` gives [Instruction.Unknown].
  public static Instruction decode(long w) {
    if (RawInsn.dst(w) > 10 || RawInsn.src(w) > 10) {
      return new Unknown(w);
    }
    return switch (RawInsn.insnClass(w)) {
      case Opcodes.LD -> packetLoad(w);
      case Opcodes.LDX -> load(w);
      case Opcodes.ST -> storeImm(w);
      case Opcodes.STX -> storeReg(w);
      case Opcodes.ALU, Opcodes.ALU64 -> alu(w);
      default -> jump(w);
    };
  }

  /// All instructions of a program in order; the slot of the next one is this one's plus its
  /// [Instruction#slots()].
  public static List<Instruction> decodeAll(long[] words) {
    List<Instruction> insns = new ArrayList<>(words.length);
    for (int slotIdx = 0; slotIdx < words.length; ) {
      Instruction insn = decode(words, slotIdx);
      insns.add(insn);
      slotIdx += insn.slots();
    }
    return insns;
  }

  private static Instruction wide(long w, long next) {
    int dst = RawInsn.dst(w);
    int lo = RawInsn.imm(w);
    int hi = RawInsn.imm(next);
    if (dst > 10 || RawInsn.off(w) != 0 || (int) next != 0) {
      return new Unknown(w);
    }
    return switch (RawInsn.src(w)) {
      case 0 -> new LoadImm64(dst, (long) hi << 32 | Integer.toUnsignedLong(lo));
      case Opcodes.PSEUDO_MAP_FD -> hi == 0 ? new LoadMapFd(dst, lo) : new Unknown(w);
      case Opcodes.PSEUDO_MAP_VALUE -> new LoadMapValue(dst, lo, hi);
      case Opcodes.PSEUDO_BTF_ID -> new LoadBtfId(dst, lo, hi);
      case Opcodes.PSEUDO_FUNC -> new LoadFunc(dst, lo, hi);
      case Opcodes.PSEUDO_MAP_IDX -> hi == 0 ? new LoadMapIdx(dst, lo) : new Unknown(w);
      case Opcodes.PSEUDO_MAP_IDX_VALUE -> new LoadMapIdxValue(dst, lo, hi);
      default -> new Unknown(w);
    };
  }

  private static Instruction packetLoad(long w) {
    int opcode = RawInsn.opcode(w);
    Size size = Size.ofOpcode(opcode);
    if (size == Size.DW || RawInsn.dst(w) != 0 || RawInsn.off(w) != 0) {
      return new Unknown(w);
    }
    return switch (opcode & 0xe0) {
      case Opcodes.ABS -> RawInsn.src(w) == 0 ? new LoadAbs(size, RawInsn.imm(w)) : new Unknown(w);
      case Opcodes.IND -> new LoadInd(size, RawInsn.src(w), RawInsn.imm(w));
      default -> new Unknown(w);
    };
  }

  private static Instruction load(long w) {
    int opcode = RawInsn.opcode(w);
    int mode = opcode & 0xe0;
    Size size = Size.ofOpcode(opcode);
    boolean signed = mode == Opcodes.MEMSX;
    if (RawInsn.imm(w) != 0 || (mode != Opcodes.MEM && !signed) || (signed && size == Size.DW)) {
      return new Unknown(w);
    }
    return new Load(size, signed, RawInsn.dst(w), RawInsn.src(w), RawInsn.off(w));
  }

  private static Instruction storeImm(long w) {
    int opcode = RawInsn.opcode(w);
    if ((opcode & 0xe0) != Opcodes.MEM || RawInsn.src(w) != 0) {
      return new Unknown(w);
    }
    return new StoreImm(Size.ofOpcode(opcode), RawInsn.dst(w), RawInsn.off(w), RawInsn.imm(w));
  }

  private static Instruction storeReg(long w) {
    int opcode = RawInsn.opcode(w);
    int imm = RawInsn.imm(w);
    int dst = RawInsn.dst(w);
    int src = RawInsn.src(w);
    int off = RawInsn.off(w);
    Size size = Size.ofOpcode(opcode);
    int mode = opcode & 0xe0;
    if (mode == Opcodes.MEM) {
      return imm == 0 ? new StoreReg(size, dst, off, src) : new Unknown(w);
    }
    if (mode != Opcodes.ATOMIC) {
      return new Unknown(w);
    }
    if (imm == Opcodes.LOAD_ACQ) {
      return new LoadAcquire(size, dst, src, off);
    }
    if (imm == Opcodes.STORE_REL) {
      return new StoreRelease(size, dst, off, src);
    }
    AtomicOp op = (imm & ~0xf1) == 0 ? ATOMICS[imm >> 4] : null;
    boolean fetch = (imm & Opcodes.FETCH) != 0;
    if (op == null || size == Size.B || size == Size.H || (op.alwaysFetches() && !fetch)) {
      return new Unknown(w);
    }
    return new Atomic(size, op, fetch, dst, off, src);
  }

  private static Instruction alu(long w) {
    int opcode = RawInsn.opcode(w);
    boolean is64 = RawInsn.insnClass(w) == Opcodes.ALU64;
    int dst = RawInsn.dst(w);
    int off = RawInsn.off(w);
    switch (opcode & 0xf0) {
      case Opcodes.NEG -> {
        // Everything but the class and dst is reserved.
        boolean plain = w == RawInsn.of(Opcodes.NEG | (opcode & 7), dst, 0, 0, 0);
        return plain ? new Neg(is64, dst) : new Unknown(w);
      }
      case Opcodes.END -> {
        return swap(w, is64);
      }
      case Opcodes.MOV -> {
        return mov(w, is64);
      }
      default -> {}
    }
    AluOp op = off == 0 || off == 1 ? (off == 0 ? ALU : SIGNED_ALU)[opcode >> 4] : null;
    Operand src = operand(w);
    return op == null || src == null ? new Unknown(w) : new Alu(is64, op, dst, src);
  }

  private static Instruction swap(long w, boolean is64) {
    boolean x = (RawInsn.opcode(w) & X) != 0;
    int bits = RawInsn.imm(w);
    if (RawInsn.src(w) != 0
        || RawInsn.off(w) != 0
        || (bits != 16 && bits != 32 && bits != 64)
        || (is64 && x)) {
      return new Unknown(w);
    }
    int dst = RawInsn.dst(w);
    return is64 ? new Bswap(bits, dst) : new EndianSwap(x, bits, dst);
  }

  private static Instruction mov(long w, boolean is64) {
    int dst = RawInsn.dst(w);
    int src = RawInsn.src(w);
    int imm = RawInsn.imm(w);
    int off = RawInsn.off(w);
    if (off == 0) {
      Operand operand = operand(w);
      return operand == null ? new Unknown(w) : new Mov(is64, dst, operand);
    }
    if ((RawInsn.opcode(w) & X) == 0) {
      return new Unknown(w);
    }
    if (is64 && off == Opcodes.ADDR_SPACE_CAST && (imm == 1 || imm == 1 << 16)) {
      return new AddrSpaceCast(dst, src, imm >>> 16, imm & 0xffff);
    }
    Size size =
        switch (off) {
          case 8 -> Size.B;
          case 16 -> Size.H;
          case 32 -> is64 ? Size.W : null;
          default -> null;
        };
    return size == null || imm != 0 ? new Unknown(w) : new MovSx(is64, size, dst, src);
  }

  private static Instruction jump(long w) {
    int opcode = RawInsn.opcode(w);
    boolean is64 = RawInsn.insnClass(w) == Opcodes.JMP;
    int off = RawInsn.off(w);
    int imm = RawInsn.imm(w);
    int src = RawInsn.src(w);
    Cond cond = CONDS[opcode >> 4];
    if (cond != null) {
      Operand operand = operand(w);
      return operand == null ? new Unknown(w) : new Jump(is64, cond, RawInsn.dst(w), operand, off);
    }
    if (RawInsn.dst(w) != 0) {
      return new Unknown(w);
    }
    Instruction insn =
        switch (opcode) {
          case Opcodes.JMP | Opcodes.JA -> new Goto(false, off);
          case Opcodes.JMP32 | Opcodes.JA -> new Goto(true, imm);
          case Opcodes.JMP | Opcodes.JCOND -> new MayGoto(off);
          case Opcodes.JMP | Opcodes.EXIT -> new Exit();
          case Opcodes.JMP | Opcodes.CALL ->
              switch (src) {
                case Opcodes.HELPER_CALL -> new CallHelper(imm);
                case Opcodes.PSEUDO_CALL -> new CallSubprog(imm);
                case Opcodes.PSEUDO_KFUNC_CALL -> new CallKfunc(imm, off);
                default -> new Unknown(w);
              };
          default -> new Unknown(w);
        };
    // Fields that the instruction does not use must be zero.
    return Encoder.encodeSlot(insn) == w ? insn : new Unknown(w);
  }

  /// The second operand, or null when a reserved field is in use.
  private static @Nullable Operand operand(long w) {
    int imm = RawInsn.imm(w);
    int src = RawInsn.src(w);
    if ((RawInsn.opcode(w) & X) != 0) {
      return imm == 0 ? new Operand.Reg(src) : null;
    }
    return src == 0 ? new Operand.Imm(imm) : null;
  }
}
