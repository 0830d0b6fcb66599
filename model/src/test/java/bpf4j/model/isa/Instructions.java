package bpf4j.model.isa;

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
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/// Generators of valid instructions.
public final class Instructions {
  private Instructions() {}

  /// Any instruction that is valid by itself, of every kind.
  public static Arbitrary<Instruction> any() {
    Arbitrary<Integer> regs = Arbitraries.integers().between(0, 10);
    Arbitrary<Integer> offs = Arbitraries.integers().between(Short.MIN_VALUE, Short.MAX_VALUE);
    Arbitrary<Integer> imms = Arbitraries.integers();
    Arbitrary<Boolean> flags = Arbitraries.of(true, false);
    Arbitrary<Size> sizes = Arbitraries.of(Size.class);
    Arbitrary<Size> narrow = Arbitraries.of(Size.B, Size.H, Size.W);
    Arbitrary<Integer> swaps = Arbitraries.of(16, 32, 64);
    Arbitrary<Operand> operands = Arbitraries.oneOf(regs.map(Operand::reg), imms.map(Operand::imm));
    List<Arbitrary<? extends Instruction>> kinds =
        List.of(
            Combinators.combine(flags, Arbitraries.of(AluOp.class), regs, operands).as(Alu::new),
            Combinators.combine(flags, regs, operands).as(Mov::new),
            Combinators.combine(narrow, regs, regs).as((s, d, r) -> new MovSx(true, s, d, r)),
            Combinators.combine(Arbitraries.of(Size.B, Size.H), regs, regs)
                .as((s, d, r) -> new MovSx(false, s, d, r)),
            Combinators.combine(regs, regs, flags)
                .as((d, s, up) -> new AddrSpaceCast(d, s, up ? 1 : 0, up ? 0 : 1)),
            Combinators.combine(flags, regs).as(Neg::new),
            Combinators.combine(flags, swaps, regs).as(EndianSwap::new),
            Combinators.combine(swaps, regs).as(Bswap::new),
            Combinators.combine(regs, Arbitraries.longs()).as(LoadImm64::new),
            Combinators.combine(regs, imms).as(LoadMapFd::new),
            Combinators.combine(regs, imms, imms).as(LoadMapValue::new),
            Combinators.combine(regs, imms).as(LoadMapIdx::new),
            Combinators.combine(regs, imms, imms).as(LoadMapIdxValue::new),
            Combinators.combine(regs, imms, imms).as(LoadBtfId::new),
            Combinators.combine(regs, imms, imms).as(LoadFunc::new),
            Combinators.combine(sizes, regs, regs, offs)
                .as((s, d, b, o) -> new Load(s, false, d, b, o)),
            Combinators.combine(narrow, regs, regs, offs)
                .as((s, d, b, o) -> new Load(s, true, d, b, o)),
            Combinators.combine(sizes, regs, offs, regs).as(StoreReg::new),
            Combinators.combine(sizes, regs, offs, imms).as(StoreImm::new),
            Combinators.combine(
                    Arbitraries.of(Size.W, Size.DW),
                    Arbitraries.of(AtomicOp.class),
                    flags,
                    regs,
                    offs,
                    regs)
                .as((s, op, f, b, o, r) -> new Atomic(s, op, f || op.alwaysFetches(), b, o, r)),
            Combinators.combine(sizes, regs, regs, offs).as(LoadAcquire::new),
            Combinators.combine(sizes, regs, offs, regs).as(StoreRelease::new),
            Combinators.combine(narrow, imms).as(LoadAbs::new),
            Combinators.combine(narrow, regs, imms).as(LoadInd::new),
            Combinators.combine(flags, Arbitraries.of(Cond.class), regs, operands, offs)
                .as(Jump::new),
            offs.map(off -> new Goto(false, off)),
            imms.map(off -> new Goto(true, off)),
            offs.map(MayGoto::new),
            imms.map(CallHelper::new),
            imms.map(CallSubprog::new),
            Combinators.combine(imms, offs).as(CallKfunc::new),
            Arbitraries.just(new Exit()));
    return Arbitraries.of(kinds).flatMap(kind -> kind.map(Instruction.class::cast));
  }

  /// Words whose fields are mostly small, so that most of them are valid or nearly so.
  public static Arbitrary<Long> words() {
    Arbitrary<Integer> imms =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.just(0)),
            Tuple.of(
                3, Arbitraries.of(1, 16, 32, 64, 0x10000, 0x100, 0x110, 0xf1, 0xe1, 0x41, 0x40)),
            Tuple.of(1, Arbitraries.integers()));
    Arbitrary<Integer> offs =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.just(0)),
            Tuple.of(3, Arbitraries.of(1, 8, 16, 32, -1)),
            Tuple.of(1, Arbitraries.integers().between(-32768, 32767)));
    Arbitrary<Integer> regs =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(0)), Tuple.of(3, Arbitraries.integers().between(0, 15)));
    return Combinators.combine(Arbitraries.integers().between(0, 255), regs, regs, offs, imms)
        .as(RawInsn::of);
  }
}
