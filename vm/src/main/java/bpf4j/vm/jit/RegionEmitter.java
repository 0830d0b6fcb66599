package bpf4j.vm.jit;

import static bpf4j.vm.jit.Descriptors.I;
import static bpf4j.vm.jit.Descriptors.J;

import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import bpf4j.vm.jit.RegionPlan.Region;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Bytecode for a function that does not fit into one method: a method a region, and a driver that
/// calls the region that the one before has named.
///
/// ```
///   int f0_7(RunCtx rc, long[] s, int entry)   // s[n] = rn, s[11] = what is left for may_goto
///     loads what is live at the entry and jumps there;
///     an exit stores what is live where it leads and gives that block's number, or -1 at the end
/// ```
final class RegionEmitter {
  private static final MethodTypeDesc REGION =
      MethodTypeDesc.of(I, Descriptors.RUN_CTX, J.arrayType(), I);
  private static final int STATE_SIZE = 12;
  private static final int MAY_GOTO_AT = 11;

  /// The state and the entry's number, out of the way of the registers.
  private static final int STATE = Registers.TEMP + 1;

  private static final int ENTRY = Registers.TEMP + 2;

  /// Regions that one driver calls; a driver must itself be small enough to be compiled.
  private static final int DRIVER_REGIONS = 256;

  private static final int DRIVER_BITS = 8;

  private final JitUnit unit;
  private final Function function;
  private final RegionPlan plan;
  private final FunctionFacts facts;

  RegionEmitter(JitUnit unit, Function function, RegionPlan plan) {
    this.facts = FunctionFacts.of(unit, function, false);
    this.unit = unit;
    this.function = function;
    this.plan = plan;
  }

  void emit(ClassBuilder builder) {
    for (Region region : plan.regions()) {
      builder.withMethodBody(
          name(region.index()),
          REGION,
          ClassFile.ACC_STATIC,
          code -> new Body(code, region).emit());
    }
    int drivers = (plan.regions().size() + DRIVER_REGIONS - 1) >> DRIVER_BITS;
    for (int d = 0; d < drivers; d++) {
      int first = d << DRIVER_BITS;
      int count = Math.min(DRIVER_REGIONS, plan.regions().size() - first);
      builder.withMethodBody(
          driverName(d), REGION, ClassFile.ACC_STATIC, code -> driver(code, first, count));
    }
    builder.withMethodBody(
        JitUnit.methodName(function.entrySlot),
        Descriptors.FUNCTION,
        ClassFile.ACC_STATIC,
        code -> outer(code, drivers));
  }

  private String name(int region) {
    return JitUnit.methodName(function.entrySlot) + "_" + region;
  }

  private String driverName(int driver) {
    return JitUnit.methodName(function.entrySlot) + "_d" + driver;
  }

  /// Calls regions as long as they lead to this driver's; gives the number that leads elsewhere.
  private void driver(CodeBuilder code, int first, int count) {
    Label loop = code.newLabel();
    Label out = code.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      cases.add(SwitchCase.of(first + i, code.newLabel()));
    }
    code.labelBinding(loop)
        .iload(2)
        .loadConstant(RegionPlan.ENTRY_BITS)
        .ishr()
        .tableswitch(first, first + count - 1, out, cases);
    for (SwitchCase c : cases) {
      code.labelBinding(c.target())
          .aload(0)
          .aload(1)
          .iload(2)
          .invokestatic(unit.thisClass(), name(c.caseValue()), REGION)
          .istore(2)
          .goto_(loop);
    }
    code.labelBinding(out).iload(2).ireturn();
  }

  /// The function itself: lays the arguments into the state and calls drivers until the end.
  private void outer(CodeBuilder code, int drivers) {
    int state = Registers.TEMP;
    int next = Registers.TEMP + 1;
    code.loadConstant(STATE_SIZE).newarray(TypeKind.LONG).astore(state);
    for (int reg : new int[] {1, 2, 3, 4, 5, 10}) {
      code.aload(state).loadConstant(reg).lload(Registers.local(reg)).lastore();
    }
    code.aload(state).loadConstant(MAY_GOTO_AT).loadConstant(RunCtx.MAX_MAY_GOTO).lastore();
    if (function.callsOut && unit.graph().functions().size() > 1) {
      new BlockEmitter(unit, function, facts, code, NO_EXITS).setStackTop();
    }
    code.loadConstant(plan.entryNumber(function.blocks.getFirst())).istore(next);
    Label loop = code.newLabel();
    Label out = code.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    for (int d = 0; d < drivers; d++) {
      cases.add(SwitchCase.of(d, code.newLabel()));
    }
    code.labelBinding(loop)
        .iload(next)
        .loadConstant(RegionPlan.ENTRY_BITS + DRIVER_BITS)
        .ishr()
        .tableswitch(0, drivers - 1, out, cases);
    for (SwitchCase c : cases) {
      code.labelBinding(c.target())
          .aload(Registers.RC)
          .aload(state)
          .iload(next)
          .invokestatic(unit.thisClass(), driverName(c.caseValue()), REGION)
          .istore(next)
          .goto_(loop);
    }
    code.labelBinding(out).aload(state).iconst_0().laload().lreturn();
  }

  private static final BlockEmitter.Exits NO_EXITS =
      new BlockEmitter.Exits() {
        @Override
        public Label to(Block block) {
          throw new IllegalStateException("no block is emitted here");
        }

        @Override
        public void leave() {
          throw new IllegalStateException("no block is emitted here");
        }
      };

  /// One region's method.
  private final class Body implements BlockEmitter.Exits {
    private final CodeBuilder code;
    private final Region region;
    private final Map<Block, Label> inside = new HashMap<>();
    private final Map<Block, Label> outside = new LinkedHashMap<>();

    Body(CodeBuilder code, Region region) {
      this.code = code;
      this.region = region;
      region.blocks().forEach(b -> inside.put(b, code.newLabel()));
    }

    void emit() {
      code.aload(1).astore(STATE).iload(2).istore(ENTRY);
      for (int reg = 0; reg <= 10; reg++) {
        code.lconst_0().lstore(Registers.local(reg));
      }
      code.iconst_0().istore(Registers.MAY_GOTO);
      entries();
      BlockEmitter emitter = new BlockEmitter(unit, function, facts, code, this);
      List<Block> blocks = region.blocks();
      for (int i = 0; i < blocks.size(); i++) {
        code.labelBinding(to(blocks.get(i)));
        emitter.emit(blocks.get(i), i + 1 < blocks.size() ? blocks.get(i + 1) : null);
      }
      outside.forEach(this::exit);
    }

    private void entries() {
      List<Block> entries = region.entries();
      if (entries.size() > 1) {
        List<SwitchCase> cases = new ArrayList<>();
        for (int i = 1; i < entries.size(); i++) {
          cases.add(SwitchCase.of(i, code.newLabel()));
        }
        Label first = code.newLabel();
        code.iload(ENTRY)
            .loadConstant((1 << RegionPlan.ENTRY_BITS) - 1)
            .iand()
            .tableswitch(1, entries.size() - 1, first, cases);
        for (SwitchCase c : cases) {
          Block entry = entries.get(c.caseValue());
          code.labelBinding(c.target());
          load(entry);
          code.goto_(to(entry));
        }
        code.labelBinding(first);
      }
      if (!entries.isEmpty()) {
        load(entries.getFirst());
        if (entries.getFirst() != region.blocks().getFirst()) {
          code.goto_(to(entries.getFirst()));
        }
      }
    }

    private void load(Block entry) {
      for (int reg = 0; reg <= 10; reg++) {
        if ((live(entry) & 1 << reg) != 0) {
          code.aload(STATE).loadConstant(reg).laload().lstore(Registers.local(reg));
        }
      }
      if (function.mayGoto) {
        code.aload(STATE).loadConstant(MAY_GOTO_AT).laload().l2i().istore(Registers.MAY_GOTO);
      }
    }

    /// r10 never changes, but a call of a subprogram needs it though no instruction names it.
    private int live(Block block) {
      return block.liveIn | 1 << 10;
    }

    private void exit(Block block, Label label) {
      code.labelBinding(label);
      for (int reg = 0; reg < 10; reg++) {
        if ((block.liveIn & 1 << reg) != 0) {
          code.aload(STATE).loadConstant(reg).lload(Registers.local(reg)).lastore();
        }
      }
      if (function.mayGoto) {
        code.aload(STATE).loadConstant(MAY_GOTO_AT).iload(Registers.MAY_GOTO).i2l().lastore();
      }
      code.loadConstant(plan.entryNumber(block)).ireturn();
    }

    @Override
    public Label to(Block block) {
      Label label = inside.get(block);
      return label != null ? label : outside.computeIfAbsent(block, _ -> code.newLabel());
    }

    @Override
    public void leave() {
      code.lstore(Registers.R0)
          .aload(STATE)
          .iconst_0()
          .lload(Registers.R0)
          .lastore()
          .iconst_m1()
          .ireturn();
    }
  }
}
