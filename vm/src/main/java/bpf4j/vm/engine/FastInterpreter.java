package bpf4j.vm.engine;

import bpf4j.model.isa.Semantics;
import bpf4j.vm.GuestTrap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The fast interpreter: one flat switch over [FastCode], registers in a `long[]`, no allocation.
/// For verified programs only; a wrong one can spoil guest memory but not leave it.
///
/// [#loop] must stay below 8,000 bytes of bytecode, or HotSpot will not compile it
/// (`FastInterpreterTest` checks).
public final class FastInterpreter extends Executable {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt W32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong W64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final long U32 = 0xffff_ffffL;
  private static final long MIN = Long.MIN_VALUE;
  private static final int MIN32 = Integer.MIN_VALUE;

  private final long[] code;
  private final HelperBody[] bodies;
  private final long userSpaceHigh;

  public FastInterpreter(LinkedProgram program) {
    super(program);
    code = FastCode.pack(program);
    bodies = FastCode.bodies(program);
    userSpaceHigh = program.arenaUserBase() & ~U32;
  }

  @Override
  public long enter(
      RunCtx rc, int entrySlot, boolean chained, long r1, long r2, long r3, long r4, long r5) {
    long[] r = rc.openActivation(entrySlot);
    r[1] = r1;
    r[2] = r2;
    r[3] = r3;
    r[4] = r4;
    r[5] = r5;
    r[10] = rc.pushFrame(entrySlot);
    long r0 = loop(rc, r, entrySlot, chained);
    rc.popFrame();
    rc.closeActivation();
    return r0;
  }

  private long castUser(long pointer) {
    long low = pointer & U32;
    return low == 0 ? 0 : low | userSpaceHigh;
  }

  private long loop(RunCtx rc, long[] r, int entrySlot, boolean chained) {
    final long[] insns = code;
    final MemorySegment mem = rc.memory().segment();
    final long mask = rc.memory().mask();
    final int savedBase = rc.savedTop;
    long mayGoto = RunCtx.MAX_MAY_GOTO;
    int slice = 0;
    int pc = entrySlot - 1;
    while (true) {
      final long insn = insns[++pc];
      final int dst = (int) insn >>> 8 & 15;
      final int src = (int) insn >>> 12 & 15;
      switch ((int) insn & 0xff) {
        case 0x07 -> r[dst] += insn >> 32;
        case 0x0f -> r[dst] += r[src];
        case 0x04 -> r[dst] = (r[dst] + (insn >> 32)) & U32;
        case 0x0c -> r[dst] = (r[dst] + r[src]) & U32;
        case 0x17 -> r[dst] -= insn >> 32;
        case 0x1f -> r[dst] -= r[src];
        case 0x14 -> r[dst] = (r[dst] - (insn >> 32)) & U32;
        case 0x1c -> r[dst] = (r[dst] - r[src]) & U32;
        case 0x27 -> r[dst] *= insn >> 32;
        case 0x2f -> r[dst] *= r[src];
        case 0x24 -> r[dst] = (r[dst] * (insn >> 32)) & U32;
        case 0x2c -> r[dst] = (r[dst] * r[src]) & U32;
        case 0x47 -> r[dst] |= insn >> 32;
        case 0x4f -> r[dst] |= r[src];
        case 0x44 -> r[dst] = (r[dst] | (insn >> 32)) & U32;
        case 0x4c -> r[dst] = (r[dst] | r[src]) & U32;
        case 0x57 -> r[dst] &= insn >> 32;
        case 0x5f -> r[dst] &= r[src];
        case 0x54 -> r[dst] = (r[dst] & (insn >> 32)) & U32;
        case 0x5c -> r[dst] = (r[dst] & r[src]) & U32;
        case 0xa7 -> r[dst] ^= insn >> 32;
        case 0xaf -> r[dst] ^= r[src];
        case 0xa4 -> r[dst] = (r[dst] ^ (insn >> 32)) & U32;
        case 0xac -> r[dst] = (r[dst] ^ r[src]) & U32;
        case 0x67 -> r[dst] <<= (int) (insn >> 32);
        case 0x6f -> r[dst] <<= (int) r[src];
        case 0x64 -> r[dst] = (int) r[dst] << (int) (insn >> 32) & U32;
        case 0x6c -> r[dst] = (int) r[dst] << (int) r[src] & U32;
        case 0x77 -> r[dst] >>>= (int) (insn >> 32);
        case 0x7f -> r[dst] >>>= (int) r[src];
        case 0x74 -> r[dst] = (int) r[dst] >>> (int) (insn >> 32) & U32;
        case 0x7c -> r[dst] = (int) r[dst] >>> (int) r[src] & U32;
        case 0xc7 -> r[dst] >>= (int) (insn >> 32);
        case 0xcf -> r[dst] >>= (int) r[src];
        case 0xc4 -> r[dst] = (int) r[dst] >> (int) (insn >> 32) & U32;
        case 0xcc -> r[dst] = (int) r[dst] >> (int) r[src] & U32;
        case 0x37 -> r[dst] = Semantics.udiv64(r[dst], insn >> 32);
        case 0x3f -> r[dst] = Semantics.udiv64(r[dst], r[src]);
        case 0x34 -> r[dst] = Semantics.udiv32((int) r[dst], (int) (insn >> 32)) & U32;
        case 0x3c -> r[dst] = Semantics.udiv32((int) r[dst], (int) r[src]) & U32;
        case FastCode.SDIV64_K -> r[dst] = Semantics.sdiv64(r[dst], insn >> 32);
        case FastCode.SDIV64_X -> r[dst] = Semantics.sdiv64(r[dst], r[src]);
        case FastCode.SDIV32_K -> r[dst] = Semantics.sdiv32((int) r[dst], (int) (insn >> 32)) & U32;
        case FastCode.SDIV32_X -> r[dst] = Semantics.sdiv32((int) r[dst], (int) r[src]) & U32;
        case 0x97 -> r[dst] = Semantics.umod64(r[dst], insn >> 32);
        case 0x9f -> r[dst] = Semantics.umod64(r[dst], r[src]);
        case 0x94 -> r[dst] = Semantics.umod32((int) r[dst], (int) (insn >> 32)) & U32;
        case 0x9c -> r[dst] = Semantics.umod32((int) r[dst], (int) r[src]) & U32;
        case FastCode.SMOD64_K -> r[dst] = Semantics.smod64(r[dst], insn >> 32);
        case FastCode.SMOD64_X -> r[dst] = Semantics.smod64(r[dst], r[src]);
        case FastCode.SMOD32_K -> r[dst] = Semantics.smod32((int) r[dst], (int) (insn >> 32)) & U32;
        case FastCode.SMOD32_X -> r[dst] = Semantics.smod32((int) r[dst], (int) r[src]) & U32;
        case 0xb7 -> r[dst] = insn >> 32;
        case 0xbf -> r[dst] = r[src];
        case 0xb4 -> r[dst] = insn >>> 32;
        case 0xbc -> r[dst] = r[src] & U32;
        case 0x87 -> r[dst] = -r[dst];
        case 0x84 -> r[dst] = -r[dst] & U32;
        case 0xd4 -> r[dst] = Semantics.endian(false, (int) (insn >> 32), r[dst]);
        case 0xdc, 0xd7 -> r[dst] = Semantics.bswap((int) (insn >> 32), r[dst]);
        case FastCode.MOVSX64_8 -> r[dst] = (byte) r[src];
        case FastCode.MOVSX64_16 -> r[dst] = (short) r[src];
        case FastCode.MOVSX64_32 -> r[dst] = (int) r[src];
        case FastCode.MOVSX32_8 -> r[dst] = (byte) r[src] & U32;
        case FastCode.MOVSX32_16 -> r[dst] = (short) r[src] & U32;
        case FastCode.CAST_KERN -> r[dst] = r[src] & U32;
        case FastCode.CAST_USER -> r[dst] = castUser(r[src]);
        case 0x18 -> r[dst] = insns[++pc];
        case 0x71 ->
            r[dst] = mem.get(ValueLayout.JAVA_BYTE, r[src] + (short) (insn >> 16) & mask) & 0xffL;
        case 0x69 -> r[dst] = mem.get(U16, r[src] + (short) (insn >> 16) & mask) & 0xffffL;
        case 0x61 -> r[dst] = mem.get(W32, r[src] + (short) (insn >> 16) & mask) & U32;
        case 0x79 -> r[dst] = mem.get(W64, r[src] + (short) (insn >> 16) & mask);
        case 0x91 -> r[dst] = mem.get(ValueLayout.JAVA_BYTE, r[src] + (short) (insn >> 16) & mask);
        case 0x89 -> r[dst] = mem.get(U16, r[src] + (short) (insn >> 16) & mask);
        case 0x81 -> r[dst] = mem.get(W32, r[src] + (short) (insn >> 16) & mask);
        case 0x73 ->
            mem.set(ValueLayout.JAVA_BYTE, r[dst] + (short) (insn >> 16) & mask, (byte) r[src]);
        case 0x6b -> mem.set(U16, r[dst] + (short) (insn >> 16) & mask, (short) r[src]);
        case 0x63 -> mem.set(W32, r[dst] + (short) (insn >> 16) & mask, (int) r[src]);
        case 0x7b -> mem.set(W64, r[dst] + (short) (insn >> 16) & mask, r[src]);
        case 0x72 ->
            mem.set(
                ValueLayout.JAVA_BYTE, r[dst] + (short) (insn >> 16) & mask, (byte) (insn >> 32));
        case 0x6a -> mem.set(U16, r[dst] + (short) (insn >> 16) & mask, (short) (insn >> 32));
        case 0x62 -> mem.set(W32, r[dst] + (short) (insn >> 16) & mask, (int) (insn >> 32));
        case 0x7a -> mem.set(W64, r[dst] + (short) (insn >> 16) & mask, insn >> 32);
        case FastCode.ATOMIC64 -> atomic(rc, r, insn, true);
        case FastCode.ATOMIC32 -> atomic(rc, r, insn, false);
        case FastCode.LOAD_ACQUIRE ->
            r[dst] =
                Atomics.loadAcquire(rc.memory(), (int) (insn >> 32), r[src] + (short) (insn >> 16));
        case FastCode.STORE_RELEASE ->
            Atomics.storeRelease(
                rc.memory(), (int) (insn >> 32), r[dst] + (short) (insn >> 16), r[src]);
        case 0x85 -> {
          r[0] = bodies[(int) (insn >> 32)].call(rc, r[1], r[2], r[3], r[4], r[5]);
          if (--slice < 0) {
            slice = rc.nextSlice(pc);
          }
        }
        case FastCode.CALL_SUBPROG -> {
          int at = rc.pushSaved(pc);
          save(rc.saved, at, r, pc, mayGoto);
          rc.pushFrame(pc);
          r[10] -= RunCtx.FRAME_STRIDE;
          mayGoto = RunCtx.MAX_MAY_GOTO;
          pc += (int) (insn >> 32);
          if (--slice < 0) {
            slice = rc.nextSlice(pc);
          }
        }
        case 0x95 -> {
          if (rc.savedTop == savedBase) {
            return r[0];
          }
          int at = rc.popSaved();
          rc.popFrame();
          r[10] += RunCtx.FRAME_STRIDE;
          mayGoto = restore(rc.saved, at, r);
          pc = (int) rc.saved[at];
        }
        case FastCode.TAIL_CALL -> {
          Executable target = TailCalls.target(rc, r[2], r[3]);
          if (target == null) {
            continue;
          }
          if (rc.savedTop == savedBase) {
            if (chained) {
              rc.setTailTarget(target);
              return 0;
            }
            return rc.runChain(target, r[1]);
          }
          r[0] = rc.runChain(target, r[1]);
          int at = rc.popSaved();
          rc.popFrame();
          r[10] += RunCtx.FRAME_STRIDE;
          mayGoto = restore(rc.saved, at, r);
          pc = (int) rc.saved[at];
        }
        case FastCode.LEGACY_LOAD -> {
          long value = legacyLoad(rc, r, insn);
          if (value >= 0) {
            r[0] = value;
            continue;
          }
          r[0] = 0;
          if (rc.savedTop == savedBase) {
            return 0;
          }
          int at = rc.popSaved();
          rc.popFrame();
          r[10] += RunCtx.FRAME_STRIDE;
          mayGoto = restore(rc.saved, at, r);
          pc = (int) rc.saved[at];
        }
        case 0x05 -> {
          pc += (short) (insn >> 16);
          if ((short) (insn >> 16) < 0 && --slice < 0) {
            slice = rc.nextSlice(pc);
          }
        }
        case 0x06 -> {
          pc += (int) (insn >> 32);
          if ((int) (insn >> 32) < 0 && --slice < 0) {
            slice = rc.nextSlice(pc);
          }
        }
        case 0xe5 -> {
          if (--mayGoto < 0) {
            pc += (short) (insn >> 16);
          } else if (--slice < 0) {
            slice = rc.nextSlice(pc);
          }
        }
        case 0x15 -> pc += r[dst] == insn >> 32 ? (short) (insn >> 16) : 0;
        case 0x16 -> pc += (int) r[dst] == (int) (insn >> 32) ? (short) (insn >> 16) : 0;
        case 0x1d -> pc += r[dst] == r[src] ? (short) (insn >> 16) : 0;
        case 0x1e -> pc += (int) r[dst] == (int) r[src] ? (short) (insn >> 16) : 0;
        case 0x55 -> pc += r[dst] != insn >> 32 ? (short) (insn >> 16) : 0;
        case 0x56 -> pc += (int) r[dst] != (int) (insn >> 32) ? (short) (insn >> 16) : 0;
        case 0x5d -> pc += r[dst] != r[src] ? (short) (insn >> 16) : 0;
        case 0x5e -> pc += (int) r[dst] != (int) r[src] ? (short) (insn >> 16) : 0;
        case 0x25 -> pc += r[dst] + MIN > (insn >> 32) + MIN ? (short) (insn >> 16) : 0;
        case 0x26 ->
            pc += (int) r[dst] + MIN32 > (int) (insn >> 32) + MIN32 ? (short) (insn >> 16) : 0;
        case 0x2d -> pc += r[dst] + MIN > r[src] + MIN ? (short) (insn >> 16) : 0;
        case 0x2e -> pc += (int) r[dst] + MIN32 > (int) r[src] + MIN32 ? (short) (insn >> 16) : 0;
        case 0x35 -> pc += r[dst] + MIN >= (insn >> 32) + MIN ? (short) (insn >> 16) : 0;
        case 0x36 ->
            pc += (int) r[dst] + MIN32 >= (int) (insn >> 32) + MIN32 ? (short) (insn >> 16) : 0;
        case 0x3d -> pc += r[dst] + MIN >= r[src] + MIN ? (short) (insn >> 16) : 0;
        case 0x3e -> pc += (int) r[dst] + MIN32 >= (int) r[src] + MIN32 ? (short) (insn >> 16) : 0;
        case 0xa5 -> pc += r[dst] + MIN < (insn >> 32) + MIN ? (short) (insn >> 16) : 0;
        case 0xa6 ->
            pc += (int) r[dst] + MIN32 < (int) (insn >> 32) + MIN32 ? (short) (insn >> 16) : 0;
        case 0xad -> pc += r[dst] + MIN < r[src] + MIN ? (short) (insn >> 16) : 0;
        case 0xae -> pc += (int) r[dst] + MIN32 < (int) r[src] + MIN32 ? (short) (insn >> 16) : 0;
        case 0xb5 -> pc += r[dst] + MIN <= (insn >> 32) + MIN ? (short) (insn >> 16) : 0;
        case 0xb6 ->
            pc += (int) r[dst] + MIN32 <= (int) (insn >> 32) + MIN32 ? (short) (insn >> 16) : 0;
        case 0xbd -> pc += r[dst] + MIN <= r[src] + MIN ? (short) (insn >> 16) : 0;
        case 0xbe -> pc += (int) r[dst] + MIN32 <= (int) r[src] + MIN32 ? (short) (insn >> 16) : 0;
        case 0x45 -> pc += (r[dst] & (insn >> 32)) != 0 ? (short) (insn >> 16) : 0;
        case 0x46 -> pc += ((int) r[dst] & (int) (insn >> 32)) != 0 ? (short) (insn >> 16) : 0;
        case 0x4d -> pc += (r[dst] & r[src]) != 0 ? (short) (insn >> 16) : 0;
        case 0x4e -> pc += ((int) r[dst] & (int) r[src]) != 0 ? (short) (insn >> 16) : 0;
        case 0x65 -> pc += r[dst] > insn >> 32 ? (short) (insn >> 16) : 0;
        case 0x66 -> pc += (int) r[dst] > (int) (insn >> 32) ? (short) (insn >> 16) : 0;
        case 0x6d -> pc += r[dst] > r[src] ? (short) (insn >> 16) : 0;
        case 0x6e -> pc += (int) r[dst] > (int) r[src] ? (short) (insn >> 16) : 0;
        case 0x75 -> pc += r[dst] >= insn >> 32 ? (short) (insn >> 16) : 0;
        case 0x76 -> pc += (int) r[dst] >= (int) (insn >> 32) ? (short) (insn >> 16) : 0;
        case 0x7d -> pc += r[dst] >= r[src] ? (short) (insn >> 16) : 0;
        case 0x7e -> pc += (int) r[dst] >= (int) r[src] ? (short) (insn >> 16) : 0;
        case 0xc5 -> pc += r[dst] < insn >> 32 ? (short) (insn >> 16) : 0;
        case 0xc6 -> pc += (int) r[dst] < (int) (insn >> 32) ? (short) (insn >> 16) : 0;
        case 0xcd -> pc += r[dst] < r[src] ? (short) (insn >> 16) : 0;
        case 0xce -> pc += (int) r[dst] < (int) r[src] ? (short) (insn >> 16) : 0;
        case 0xd5 -> pc += r[dst] <= insn >> 32 ? (short) (insn >> 16) : 0;
        case 0xd6 -> pc += (int) r[dst] <= (int) (insn >> 32) ? (short) (insn >> 16) : 0;
        case 0xdd -> pc += r[dst] <= r[src] ? (short) (insn >> 16) : 0;
        case 0xde -> pc += (int) r[dst] <= (int) r[src] ? (short) (insn >> 16) : 0;
        default -> throw new GuestTrap(pc, "illegal instruction");
      }
    }
  }

  static void save(long[] saved, int at, long[] r, long pc, long mayGoto) {
    saved[at] = pc;
    saved[at + 1] = r[6];
    saved[at + 2] = r[7];
    saved[at + 3] = r[8];
    saved[at + 4] = r[9];
    saved[at + 5] = mayGoto;
  }

  static long restore(long[] saved, int at, long[] r) {
    r[6] = saved[at + 1];
    r[7] = saved[at + 2];
    r[8] = saved[at + 3];
    r[9] = saved[at + 4];
    return saved[at + 5];
  }

  private static void atomic(RunCtx rc, long[] r, long insn, boolean wide) {
    int dst = (int) insn >>> 8 & 15;
    int src = (int) insn >>> 12 & 15;
    int imm = (int) (insn >> 32);
    long addr = r[dst] + (short) (insn >> 16);
    long old =
        wide
            ? Atomics.rmw64(rc.memory(), imm, addr, r[src], r[0])
            : Atomics.rmw32(rc.memory(), imm, addr, r[src], r[0]);
    if (imm == Atomics.CMPXCHG) {
      r[0] = old;
    } else if ((imm & Atomics.FETCH) != 0) {
      r[src] = old;
    }
  }

  private static long legacyLoad(RunCtx rc, long[] r, long insn) {
    int opcode = (int) (insn >>> 16) & 0xff;
    long index = (opcode & 0x40) != 0 ? r[(int) insn >>> 12 & 15] : 0;
    return rc.legacyLoads().load(rc, (int) (index + (insn >> 32)), FastCode.sizeOf(opcode));
  }
}
