package bpf4j.vm.jit;

import static bpf4j.vm.jit.Descriptors.I;
import static bpf4j.vm.jit.Descriptors.J;
import static bpf4j.vm.jit.Registers.RC;

import bpf4j.model.isa.Instruction;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import org.jspecify.annotations.Nullable;

/// Bytecode for the instructions of basic blocks, and for how control leaves them.
final class BlockEmitter {
  /// Where control can go, which depends on how a function is laid out over methods.
  interface Exits {
    /// The label of code that goes on with `block`.
    Label to(Block block);

    /// Leaves the function with `r0`, which is on the stack.
    void leave();
  }

  private final JitUnit unit;
  private final Function function;
  private final CodeBuilder code;
  private final InsnEmitter insns;
  private final MemoryEmitter memory;
  private final Exits exits;
  private final FunctionFacts facts;
  private final MapEmitter maps;

  BlockEmitter(
      JitUnit unit, Function function, FunctionFacts facts, CodeBuilder code, Exits exits) {
    this.unit = unit;
    this.facts = facts;
    this.function = function;
    this.code = code;
    this.exits = exits;
    this.insns = new InsnEmitter(code, unit.constants());
    this.memory = new MemoryEmitter(code, insns, unit, facts.stack());
    this.maps = new MapEmitter(code, insns, memory, unit);
  }

  /// Emits `block`; control that falls through goes to `next`, the block that is emitted next, or
  /// is sent where it belongs.
  void emit(Block block, @Nullable Block next) {
    if (block.dead) {
      fail("dead", block.startSlot);
      return;
    }
    facts
        .values()
        .forEach(
            block,
            (slotIdx, insn, r) -> {
              if (slotIdx + insn.slots() == block.endSlot) {
                last(insn, slotIdx, block, next, r);
              } else {
                plain(insn, slotIdx, r);
              }
            });
  }

  private void last(Instruction insn, int slotIdx, Block block, @Nullable Block next, Value[] r) {
    switch (insn) {
      case Instruction.Jump jump -> {
        Block target = block.successors.getLast();
        Block through = block.successors.getFirst();
        branch(jump, target, block);
        goTo(through, next);
      }
      case Instruction.MayGoto _ -> {
        mayGoto(slotIdx, block.successors.getLast());
        goTo(block.successors.getFirst(), next);
      }
      case Instruction.Goto _ -> goTo(block.successors.getFirst(), next);
      case Instruction.Exit _ -> {
        insns.get(0);
        exits.leave();
      }
      case Instruction.Unknown _ -> fail("illegal", slotIdx);
      default -> {
        plain(insn, slotIdx, r);
        goTo(block.successors.getFirst(), next);
      }
    }
  }

  private void goTo(Block target, @Nullable Block next) {
    if (target != next) {
      code.goto_(exits.to(target));
    }
  }

  /// A branch backwards is the inverted branch over a `goto`, or C2 keeps the result of a 64-bit
  /// comparison alive over the loop's safepoint.
  private void branch(Instruction.Jump jump, Block target, Block from) {
    if (target.startSlot > from.startSlot) {
      jump(insns.compare(jump, false), exits.to(target));
      return;
    }
    Label over = code.newLabel();
    jump(insns.compare(jump, true), over);
    code.goto_(exits.to(target));
    code.labelBinding(over);
  }

  private void jump(Opcode opcode, Label target) {
    code.branch(opcode, target);
  }

  private void mayGoto(int slotIdx, Block target) {
    Label over = code.newLabel();
    Label fresh = code.newLabel();
    code.iinc(Registers.MAY_GOTO, -1)
        .iload(Registers.MAY_GOTO)
        .ifge(over)
        .goto_(exits.to(target))
        .labelBinding(over)
        .iload(Registers.MAY_GOTO)
        .loadConstant(0xffff)
        .iand()
        .ifne(fresh)
        .aload(RC)
        .loadConstant(slotIdx)
        .invokevirtual(Descriptors.RUN_CTX, "nextSlice", MethodTypeDesc.of(I, I))
        .pop()
        .labelBinding(fresh);
  }

  private void fail(String how, int slotIdx) {
    code.loadConstant(slotIdx)
        .invokestatic(Descriptors.RUNTIME, how, MethodTypeDesc.of(Descriptors.GUEST_TRAP, I))
        .athrow();
  }

  private void plain(Instruction insn, int slotIdx, Value[] r) {
    switch (insn) {
      case Instruction.Alu i -> insns.alu(i);
      case Instruction.Mov i -> insns.mov(i);
      case Instruction.MovSx i -> insns.movSx(i);
      case Instruction.Neg i -> insns.neg(i);
      case Instruction.EndianSwap i -> insns.swap(i.dst(), i.bits(), i.toBig());
      case Instruction.Bswap i -> insns.swap(i.dst(), i.bits(), true);
      case Instruction.AddrSpaceCast i -> cast(i);
      case Instruction.LoadWide i -> {
        unit.constants().load(code, unit.program().imm64()[slotIdx]);
        insns.set(i.dst());
      }
      case Instruction.Load i -> memory.load(i, r[i.base()]);
      case Instruction.StoreReg i -> memory.store(i, r[i.base()]);
      case Instruction.StoreImm i -> memory.store(i, r[i.base()]);
      case Instruction.Atomic i -> memory.atomic(i);
      case Instruction.LoadAcquire i -> memory.loadAcquire(i);
      case Instruction.StoreRelease i -> memory.storeRelease(i);
      case Instruction.LoadAbs i -> {
        code.aload(RC);
        unit.constants().load(code, i.imm());
        packetLoad(i.size().bytes());
      }
      case Instruction.LoadInd i -> {
        code.aload(RC);
        insns.get(i.src());
        code.l2i();
        unit.constants().load(code, i.imm());
        code.iadd();
        packetLoad(i.size().bytes());
      }
      case Instruction.CallHelper i -> {
        if (i.id() == FlowGraph.TAIL_CALL) {
          tailCall();
        } else {
          MapSites.Site site = facts.maps().at(slotIdx);
          if (site == null || !maps.emit(site, r[2])) {
            callBody(slotIdx);
          }
        }
      }
      case Instruction.CallKfunc _ -> callBody(slotIdx);
      case Instruction.CallSubprog i -> callSubprog(slotIdx + 1 + i.off());
      case Instruction.Jump _,
          Instruction.Goto _,
          Instruction.MayGoto _,
          Instruction.Exit _,
          Instruction.Unknown _ ->
          throw new IllegalStateException("control flow inside a block at " + slotIdx);
    }
  }

  private void cast(Instruction.AddrSpaceCast insn) {
    insns.get(insn.src());
    if (insn.dstSpace() == 1) {
      code.loadConstant(unit.program().arenaUserBase() & ~0xffff_ffffL);
      code.invokestatic(Descriptors.RUNTIME, "castUser", Descriptors.longs(2));
    } else {
      code.loadConstant(0xffff_ffffL).land();
    }
    insns.set(insn.dst());
  }

  /// Outside the packet the function ends with 0.
  private void packetLoad(int bytes) {
    code.loadConstant(bytes)
        .invokestatic(
            Descriptors.RUNTIME, "legacyLoad", MethodTypeDesc.of(J, Descriptors.RUN_CTX, I, I))
        .lstore(Registers.R0);
    Label inside = code.newLabel();
    code.lload(Registers.R0).lconst_0().lcmp().ifge(inside).lconst_0();
    exits.leave();
    code.labelBinding(inside);
  }

  private void callBody(int slotIdx) {
    HelperBody body = unit.program().calls()[slotIdx];
    if (body == null) {
      throw new IllegalArgumentException(
          unit.program().name() + ": the call at instruction " + slotIdx + " has no body");
    }
    code.loadConstant(unit.data().constant(body, Descriptors.HELPER_BODY)).aload(RC);
    arguments();
    code.invokeinterface(
        Descriptors.HELPER_BODY, "call", MethodTypeDesc.of(J, Descriptors.RUN_CTX, J, J, J, J, J));
    insns.set(0);
  }

  private void arguments() {
    for (int reg = 1; reg <= 5; reg++) {
      insns.get(reg);
    }
  }

  private void callSubprog(int entrySlot) {
    code.aload(RC);
    arguments();
    code.lload(Registers.FP).loadConstant((long) RunCtx.FRAME_STRIDE).lsub();
    code.invokestatic(unit.thisClass(), JitUnit.methodName(entrySlot), Descriptors.FUNCTION);
    insns.set(0);
    if (function.callsOut && unit.callsOut(entrySlot)) {
      setStackTop();
    }
  }

  /// Tells the run where the next frame goes, for helpers that call back.
  void setStackTop() {
    code.aload(RC)
        .lload(Registers.FP)
        .loadConstant((long) RunCtx.FRAME_STRIDE)
        .lsub()
        .invokevirtual(Descriptors.RUN_CTX, "setStackTop", MethodTypeDesc.of(Descriptors.V, J));
  }

  /// Out of the main function the caller takes over, so that the JVM's stack does not grow.
  private void tailCall() {
    Label through = code.newLabel();
    code.aload(RC);
    insns.get(2);
    insns.get(3);
    code.invokestatic(
            Descriptors.TAIL_CALLS,
            "target",
            MethodTypeDesc.of(Descriptors.EXECUTABLE, Descriptors.RUN_CTX, J, J))
        .astore(Registers.TEMP)
        .aload(Registers.TEMP)
        .ifnull(through)
        .aload(RC)
        .aload(Registers.TEMP);
    ClassDesc rc = Descriptors.RUN_CTX;
    if (function.entrySlot == 0) {
      code.invokevirtual(
              rc, "setTailTarget", MethodTypeDesc.of(Descriptors.V, Descriptors.EXECUTABLE))
          .lconst_0();
    } else {
      insns.get(1);
      code.invokevirtual(rc, "runChain", MethodTypeDesc.of(J, Descriptors.EXECUTABLE, J));
    }
    exits.leave();
    code.labelBinding(through);
  }
}
