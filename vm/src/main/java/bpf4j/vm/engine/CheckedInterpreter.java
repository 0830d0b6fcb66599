package bpf4j.vm.engine;

import bpf4j.maps.GuestMemory;
import bpf4j.maps.ShadowMemory;
import bpf4j.maps.ShadowMemory.Access;
import bpf4j.model.isa.AtomicOp;
import bpf4j.model.isa.Decoder;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.Operand;
import bpf4j.model.isa.Semantics;
import bpf4j.model.isa.Size;
import bpf4j.vm.GuestTrap;
import org.jspecify.annotations.Nullable;

/// The checked interpreter: slow, for unverified programs too. Whatever a program does ends in a
/// result or a [GuestTrap] that names the instruction and what was hit: unreadable registers, jumps
/// outside the program, memory that is not the program's, instructions that do not exist.
///
/// Reading stack memory that was never written is allowed, as the kernel allows it to privileged
/// programs.
public final class CheckedInterpreter extends Executable {
  private static final int ARGUMENTS = 0b111110;
  private static final int R10 = 1 << 10;

  private final @Nullable Instruction[] insns;
  private final ShadowMemory shadow;

  /// @param shadow the shadow state of the memory that the program will run in
  public CheckedInterpreter(LinkedProgram program, ShadowMemory shadow) {
    super(program);
    this.shadow = shadow;
    long[] raw = program.insns();
    insns = new Instruction[raw.length];
    for (int slot = 0; slot < raw.length; ) {
      Instruction insn = Decoder.decode(raw, slot);
      insns[slot] = insn;
      slot += insn.slots();
    }
  }

  @Override
  public long enter(
      RunCtx rc, int entrySlot, boolean chained, long r1, long r2, long r3, long r4, long r5) {
    rc.fence(shadow);
    long[] r = rc.openActivation(entrySlot);
    r[1] = r1;
    r[2] = r2;
    r[3] = r3;
    r[4] = r4;
    r[5] = r5;
    Activation a = new Activation(rc, r, chained);
    a.readable = R10 | (chained ? rc.entryArguments() : ARGUMENTS);
    try {
      r[10] = a.openFrame(entrySlot);
      return a.run(entrySlot);
    } finally {
      while (a.frames > 0) {
        a.closeFrame();
      }
      rc.closeActivation();
    }
  }

  /// One entry into the interpreter: the program, or a callback.
  private final class Activation {
    private final RunCtx rc;
    private final GuestMemory memory;
    private final long[] r;
    private final boolean chained;
    private final int savedBase;

    /// Bit n: register n may be read.
    private int readable;

    private int frames;
    private int pc;
    private int slice;
    private long mayGoto = RunCtx.MAX_MAY_GOTO;
    private boolean done;

    Activation(RunCtx rc, long[] r, boolean chained) {
      this.rc = rc;
      this.memory = rc.memory();
      this.r = r;
      this.chained = chained;
      this.savedBase = rc.savedTop;
    }

    long openFrame(int slotIdx) {
      long top = rc.pushFrame(slotIdx);
      frames++;
      shadow.addressable(top - RunCtx.FRAME_SIZE, RunCtx.FRAME_SIZE);
      return top;
    }

    void closeFrame() {
      rc.popFrame();
      frames--;
      shadow.mark(rc.stackTop() - RunCtx.FRAME_SIZE, RunCtx.FRAME_SIZE, ShadowMemory.FREED);
    }

    long run(int entrySlot) {
      int next = entrySlot;
      while (true) {
        pc = next;
        if (--slice < 0) {
          slice = rc.nextSlice(pc);
        }
        Instruction insn = fetch(next);
        next = execute(insn, next + insn.slots());
        if (done) {
          return r[0];
        }
      }
    }

    private Instruction fetch(int slot) {
      if (slot < 0 || slot >= insns.length) {
        throw trap("jump out of range to " + slot);
      }
      Instruction insn = insns[slot];
      if (insn == null) {
        throw trap("jump into the middle of ld_imm64");
      }
      return insn;
    }

    /// Does one instruction and gives the slot of the next.
    private int execute(Instruction insn, int next) {
      switch (insn) {
        case Instruction.Alu alu -> alu(alu);
        case Instruction.Mov mov -> {
          long value = operand(mov.src());
          set(mov.dst(), mov.is64() ? value : Semantics.zext((int) value));
        }
        case Instruction.MovSx mov -> {
          long value = Semantics.sext(mov.size(), get(mov.src()));
          set(mov.dst(), mov.is64() ? value : Semantics.zext((int) value));
        }
        case Instruction.AddrSpaceCast cast -> cast(cast);
        case Instruction.Neg neg -> {
          long value = -get(neg.dst());
          set(neg.dst(), neg.is64() ? value : Semantics.zext((int) value));
        }
        case Instruction.EndianSwap swap ->
            set(swap.dst(), Semantics.endian(swap.toBig(), swap.bits(), get(swap.dst())));
        case Instruction.Bswap swap ->
            set(swap.dst(), Semantics.bswap(swap.bits(), get(swap.dst())));
        case Instruction.LoadWide wide -> set(wide.dst(), program().imm64()[pc]);
        case Instruction.MemoryAccess access -> {
          return memoryAccess(access, next);
        }
        case Instruction.Jump jump -> {
          return taken(jump) ? next + jump.off() : next;
        }
        case Instruction.Goto jump -> {
          return next + jump.off();
        }
        case Instruction.MayGoto jump -> {
          return --mayGoto < 0 ? next + jump.off() : next;
        }
        case Instruction.CallHelper call -> {
          return callHelper(call, next);
        }
        case Instruction.CallKfunc _ -> callBody();
        case Instruction.CallSubprog call -> {
          return callSubprog(next, next + call.off());
        }
        case Instruction.Exit _ -> {
          return leave();
        }
        case Instruction.Unknown unknown -> throw trap(describe(unknown.word()));
      }
      return next;
    }

    private int memoryAccess(Instruction.MemoryAccess access, int next) {
      switch (access) {
        case Instruction.Load load -> {
          Size size = load.size();
          long addr = address(load.base(), load.off(), size, false);
          long value = Atomics.load(memory, size.bytes(), addr);
          set(load.dst(), load.signExtend() ? Semantics.sext(size, value) : value);
        }
        case Instruction.StoreReg store -> {
          long value = get(store.src());
          long addr = address(store.base(), store.off(), store.size(), true);
          Atomics.store(memory, store.size().bytes(), addr, value);
        }
        case Instruction.StoreImm store -> {
          long addr = address(store.base(), store.off(), store.size(), true);
          Atomics.store(memory, store.size().bytes(), addr, store.imm());
        }
        case Instruction.Atomic atomic -> atomic(atomic);
        case Instruction.LoadAcquire load -> {
          long addr = address(load.base(), load.off(), load.size(), false);
          set(load.dst(), Atomics.loadAcquire(memory, load.size().bytes(), addr));
        }
        case Instruction.StoreRelease store -> {
          long value = get(store.src());
          long addr = address(store.base(), store.off(), store.size(), true);
          Atomics.storeRelease(memory, store.size().bytes(), addr, value);
        }
        case Instruction.LoadAbs load -> {
          return packetLoad(load.imm(), load.size(), next);
        }
        case Instruction.LoadInd load -> {
          return packetLoad((int) (get(load.src()) + load.imm()), load.size(), next);
        }
      }
      return next;
    }

    private int packetLoad(int off, Size size, int next) {
      long value = rc.legacyLoads().load(rc, off, size.bytes());
      clobberArguments();
      if (value < 0) {
        set(0, 0);
        return leave();
      }
      set(0, value);
      return next;
    }

    private void alu(Instruction.Alu alu) {
      long b = operand(alu.src());
      long a = get(alu.dst());
      set(
          alu.dst(),
          alu.is64()
              ? Semantics.alu64(alu.op(), a, b)
              : Semantics.zext(Semantics.alu32(alu.op(), (int) a, (int) b)));
    }

    private boolean taken(Instruction.Jump jump) {
      long a = get(jump.dst());
      long b = operand(jump.src());
      return jump.is64()
          ? Semantics.cond64(jump.cond(), a, b)
          : Semantics.cond32(jump.cond(), (int) a, (int) b);
    }

    private void cast(Instruction.AddrSpaceCast cast) {
      long low = get(cast.src()) & 0xffff_ffffL;
      boolean toUser = cast.dstSpace() == 1;
      long high = program().arenaUserBase() & ~0xffff_ffffL;
      set(cast.dst(), toUser && low != 0 ? high | low : low);
    }

    private void atomic(Instruction.Atomic atomic) {
      boolean wide = atomic.size() == Size.DW;
      long operand = get(atomic.src());
      boolean compares = atomic.op() == AtomicOp.CMPXCHG;
      long expected = compares ? get(0) : 0;
      long addr = address(atomic.base(), atomic.off(), atomic.size(), true);
      int imm = atomic.op().code();
      long old =
          wide
              ? Atomics.rmw64(memory, imm, addr, operand, expected)
              : Atomics.rmw32(memory, imm, addr, operand, expected);
      if (compares) {
        set(0, old);
      } else if (atomic.fetch()) {
        set(atomic.src(), old);
      }
    }

    private int callHelper(Instruction.CallHelper call, int next) {
      if (call.id() != FastCode.TAIL_CALL_ID) {
        callBody();
        return next;
      }
      Executable target = TailCalls.target(rc, get(2), get(3));
      long ctx = get(1);
      clobberArguments();
      if (target == null) {
        set(0, 0);
        return next;
      }
      if (rc.savedTop == savedBase && chained) {
        rc.setTailTarget(target);
        done = true;
        r[0] = 0;
        return next;
      }
      set(0, rc.runChain(target, ctx));
      return leave();
    }

    private void callBody() {
      HelperBody body = program().calls()[pc];
      if (body == null) {
        throw trap("call of a function that does not exist");
      }
      for (int reg = 1; reg <= 5; reg++) {
        if ((readable & 1 << reg) == 0) {
          r[reg] = 0;
        }
      }
      long r0 = body.call(rc, r[1], r[2], r[3], r[4], r[5]);
      clobberArguments();
      set(0, r0);
    }

    private int callSubprog(int returnSlot, int entrySlot) {
      int at = rc.pushSaved(pc);
      FastInterpreter.save(rc.saved, at, r, returnSlot | (long) (readable & 0x3c0) << 25, mayGoto);
      r[10] = openFrame(pc);
      mayGoto = RunCtx.MAX_MAY_GOTO;
      readable &= ARGUMENTS | R10;
      return entrySlot;
    }

    private int leave() {
      if (rc.savedTop == savedBase) {
        r[0] = get(0);
        done = true;
        return pc;
      }
      int at = rc.popSaved();
      closeFrame();
      r[10] = rc.stackTop() + RunCtx.FRAME_STRIDE;
      mayGoto = FastInterpreter.restore(rc.saved, at, r);
      long packed = rc.saved[at];
      readable = (readable & 1) | R10 | ((int) (packed >>> 25) & 0x3c0);
      return (int) packed & 0x1ff_ffff;
    }

    private void clobberArguments() {
      readable &= ~ARGUMENTS;
    }

    private long operand(Operand operand) {
      return switch (operand) {
        case Operand.Reg reg -> get(reg.reg());
        case Operand.Imm imm -> imm.imm();
      };
    }

    private long get(int reg) {
      if ((readable & 1 << reg) == 0) {
        throw trap("R" + reg + " !read_ok");
      }
      return r[reg];
    }

    private void set(int reg, long value) {
      if (reg == 10) {
        throw trap("frame pointer is read only");
      }
      r[reg] = value;
      readable |= 1 << reg;
    }

    private long address(int base, int off, Size size, boolean write) {
      long addr = get(base) + off;
      int bytes = size.bytes();
      if ((addr & ~memory.mask()) != 0) {
        throw trap(
            "%s of %d bytes at 0x%x: outside guest memory"
                .formatted(write ? "write" : "read", bytes, addr));
      }
      Access access = write ? shadow.checkWrite(addr, bytes) : shadow.checkRead(addr, bytes);
      // Programs may read what the kernel keeps of a map, such as its max_entries.
      boolean readable = access == Access.UNINITIALISED || (!write && access == Access.METADATA);
      if (access != Access.OK && !readable) {
        throw trap((write ? "write of " : "read of ") + memory.describe(access, addr, bytes));
      }
      return addr;
    }

    private GuestTrap trap(String message) {
      return new GuestTrap(pc, message);
    }
  }

  private static String describe(long word) {
    int opcode = (int) word & 0xff;
    return Opcodes.isKnown(opcode)
        ? "opcode %02x uses reserved fields: %016x".formatted(opcode, word)
        : "unknown opcode %02x".formatted(opcode);
  }
}
