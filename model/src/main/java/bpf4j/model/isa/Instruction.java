package bpf4j.model.isa;

/// One decoded instruction.
///
/// Registers are 0 to 10, jump distances are in slots relative to the slot behind the instruction
/// (behind both halves of a 16-byte one), memory offsets are in bytes. An instruction that is not
/// valid on Linux 6.18, or that uses reserved fields, is an [Unknown] that keeps its raw word, so
/// decoding never loses anything.
///
/// Source: RFC 9669, and `check_and_resolve_insns()` with the checks it calls of Linux 6.18.
public sealed interface Instruction {
  /// Number of 8-byte slots that the instruction takes, 1 or 2.
  default int slots() {
    return 1;
  }

  /// `dst op= src`, 64 bits wide or 32 bits wide with the upper half of `dst` cleared.
  record Alu(boolean is64, AluOp op, int dst, Operand src) implements Instruction {
    public Alu {
      checkReg(dst);
    }
  }

  /// `dst = src`; a 32-bit move clears the upper half.
  record Mov(boolean is64, int dst, Operand src) implements Instruction {
    public Mov {
      checkReg(dst);
    }
  }

  /// `dst = (sN) src`: the low `size` of `src` sign-extended to 64 bits, or to 32 bits with the
  /// upper half cleared. The 32-bit form knows sizes B and H only.
  record MovSx(boolean is64, Size size, int dst, int src) implements Instruction {
    public MovSx {
      checkReg(dst);
      checkReg(src);
      check(size != Size.DW && (is64 || size != Size.W), "no sign-extending move of this size");
    }
  }

  /// `dst = addr_space_cast(src, dstSpace, srcSpace)`; spaces are 0 (kernel) and 1 (arena).
  record AddrSpaceCast(int dst, int src, int dstSpace, int srcSpace) implements Instruction {
    public AddrSpaceCast {
      checkReg(dst);
      checkReg(src);
      check(
          (dstSpace == 0 && srcSpace == 1) || (dstSpace == 1 && srcSpace == 0),
          "address spaces are 0 and 1");
    }
  }

  /// `dst = -dst`.
  record Neg(boolean is64, int dst) implements Instruction {
    public Neg {
      checkReg(dst);
    }
  }

  /// `dst = beN dst` or `dst = leN dst`: converts from the machine's byte order and truncates to N
  /// bits (16, 32 or 64).
  record EndianSwap(boolean toBig, int bits, int dst) implements Instruction {
    public EndianSwap {
      checkReg(dst);
      checkSwap(bits);
    }
  }

  /// `dst = bswapN dst`: reverses the low N bits' bytes and truncates (16, 32 or 64).
  record Bswap(int bits, int dst) implements Instruction {
    public Bswap {
      checkReg(dst);
      checkSwap(bits);
    }
  }

  /// Any instruction of two slots that loads a 64-bit constant.
  sealed interface LoadWide extends Instruction {
    int dst();

    @Override
    default int slots() {
      return 2;
    }
  }

  /// `dst = imm64`.
  record LoadImm64(int dst, long imm) implements LoadWide {
    public LoadImm64 {
      checkReg(dst);
    }
  }

  /// `dst = ` the map with file descriptor (in a `ProgramSpec`: index in its maps) `fd`.
  record LoadMapFd(int dst, int fd) implements LoadWide {
    public LoadMapFd {
      checkReg(dst);
    }
  }

  /// `dst = ` the address of byte `off` of the first value of map `fd`.
  record LoadMapValue(int dst, int fd, int off) implements LoadWide {
    public LoadMapValue {
      checkReg(dst);
    }
  }

  /// `dst = ` the map at `idx` of the load call's `fd_array`.
  record LoadMapIdx(int dst, int idx) implements LoadWide {
    public LoadMapIdx {
      checkReg(dst);
    }
  }

  /// `dst = ` the address of byte `off` of the first value of the map at `idx` of `fd_array`.
  record LoadMapIdxValue(int dst, int idx, int off) implements LoadWide {
    public LoadMapIdxValue {
      checkReg(dst);
    }
  }

  /// `dst = ` the address of the kernel variable with BTF id `btfId` in the BTF object `btfFd` (0:
  /// vmlinux).
  record LoadBtfId(int dst, int btfId, int btfFd) implements LoadWide {
    public LoadBtfId {
      checkReg(dst);
    }
  }

  /// `dst = ` the address of the subprogram that starts `off` slots behind the instruction's first
  /// slot's successor; `high` is the second immediate, which Linux ignores.
  record LoadFunc(int dst, int off, int high) implements LoadWide {
    public LoadFunc {
      checkReg(dst);
    }
  }

  /// Any instruction that reads or writes memory of `size`.
  sealed interface MemoryAccess extends Instruction {
    Size size();
  }

  /// `dst = *(size *)(base + off)`, zero-extended or (not for DW) sign-extended.
  record Load(Size size, boolean signExtend, int dst, int base, int off) implements MemoryAccess {
    public Load {
      checkReg(dst);
      checkReg(base);
      checkOff(off);
      check(!signExtend || size != Size.DW, "no sign-extending load of 8 bytes");
    }
  }

  /// `*(size *)(base + off) = src`.
  record StoreReg(Size size, int base, int off, int src) implements MemoryAccess {
    public StoreReg {
      checkReg(base);
      checkReg(src);
      checkOff(off);
    }
  }

  /// `*(size *)(base + off) = imm`.
  record StoreImm(Size size, int base, int off, int imm) implements MemoryAccess {
    public StoreImm {
      checkReg(base);
      checkOff(off);
    }
  }

  /// Atomic read-modify-write of the word at `base + off` with `src`; sizes W and DW. With `fetch`
  /// the old value goes to `src` (to R0 for compare-and-exchange, which compares with R0).
  record Atomic(Size size, AtomicOp op, boolean fetch, int base, int off, int src)
      implements MemoryAccess {
    public Atomic {
      checkReg(base);
      checkReg(src);
      checkOff(off);
      check(size == Size.W || size == Size.DW, "atomics are 4 or 8 bytes wide");
      check(fetch || !op.alwaysFetches(), "exchange always fetches");
    }
  }

  /// `dst = load_acquire((size *)(base + off))`, zero-extended.
  record LoadAcquire(Size size, int dst, int base, int off) implements MemoryAccess {
    public LoadAcquire {
      checkReg(dst);
      checkReg(base);
      checkOff(off);
    }
  }

  /// `store_release((size *)(base + off), src)`.
  record StoreRelease(Size size, int base, int off, int src) implements MemoryAccess {
    public StoreRelease {
      checkReg(base);
      checkReg(src);
      checkOff(off);
    }
  }

  /// `r0 = *(size *)skb[imm]`: legacy packet load in network byte order; sizes B, H and W.
  record LoadAbs(Size size, int imm) implements MemoryAccess {
    public LoadAbs {
      check(size != Size.DW, "no packet load of 8 bytes");
    }
  }

  /// `r0 = *(size *)skb[src + imm]`: legacy packet load in network byte order; sizes B, H and W.
  record LoadInd(Size size, int src, int imm) implements MemoryAccess {
    public LoadInd {
      checkReg(src);
      check(size != Size.DW, "no packet load of 8 bytes");
    }
  }

  /// `if dst cond src goto off`, comparing 64 or the low 32 bits.
  record Jump(boolean is64, Cond cond, int dst, Operand src, int off) implements Instruction {
    public Jump {
      checkReg(dst);
      checkOff(off);
    }
  }

  /// `goto off`; the wide form (`gotol`) has a 32-bit distance.
  record Goto(boolean wide, int off) implements Instruction {
    public Goto {
      check(wide || off == (short) off, "jump distance does not fit into 16 bits");
    }
  }

  /// `may_goto off`: jumps when the program has looped for too long.
  record MayGoto(int off) implements Instruction {
    public MayGoto {
      checkOff(off);
    }
  }

  /// `call` of the helper with number `id`.
  record CallHelper(int id) implements Instruction {}

  /// `call` of the subprogram that starts `off` slots behind the next slot.
  record CallSubprog(int off) implements Instruction {}

  /// `call` of the kfunc with BTF id `btfId`; `fdIdx` is the index of the module's BTF in the load
  /// call's `fd_array`, 0 for vmlinux.
  record CallKfunc(int btfId, int fdIdx) implements Instruction {
    public CallKfunc {
      checkOff(fdIdx);
    }
  }

  /// `exit`.
  record Exit() implements Instruction {}

  /// A slot that is not a valid instruction of Linux 6.18: unknown opcode, reserved field in use,
  /// register above 10, half of a 16-byte instruction.
  record Unknown(long word) implements Instruction {}

  private static void checkReg(int reg) {
    check(reg >= 0 && reg <= 10, "registers are 0 to 10");
  }

  private static void checkOff(int off) {
    check(off == (short) off, "offset does not fit into 16 bits");
  }

  private static void checkSwap(int bits) {
    check(bits == 16 || bits == 32 || bits == 64, "byte swaps are 16, 32 or 64 bits wide");
  }

  private static void check(boolean ok, String message) {
    if (!ok) {
      throw new IllegalArgumentException(message);
    }
  }
}
