package bpf4j.vm.jit;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;

/// Translates programs to JVM bytecode: a hidden class each, whose class data are the guest memory,
/// helper bodies and maps that the program refers to.
public final class JitCompiler {
  private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();
  private static final ClassDesc THIS_CLASS = ClassDesc.of("bpf4j.vm.jit.Program");

  /// Most bytes of blocks in a method, with room for what stands around them.
  private static final int REGION_BYTES = 7000;

  private JitCompiler() {}

  /// Compiles a program that will run in `memory`.
  ///
  /// @param deadSlot whether the verifier found that no path leads to an instruction slot
  public static Executable compile(
      LinkedProgram program, GuestMemory memory, IntPredicate deadSlot) {
    return compile(program, memory, deadSlot, REGION_BYTES);
  }

  static Executable compile(
      LinkedProgram program, GuestMemory memory, IntPredicate deadSlot, int regionBytes) {
    JitUnit unit;
    int depth;
    try {
      FlowGraph graph = new FlowGraph(program.insns(), program.exceptionCallbackSlot(), deadSlot);
      depth = 0;
      for (Function f : graph.functions()) {
        depth = Math.max(depth, graph.depth(f));
      }
      unit =
          new JitUnit(
              program, memory, graph, new ClassData(), new Constants(), THIS_CLASS, regionBytes);
    } catch (UnsupportedProgramException _) {
      return new FastInterpreter(program);
    }
    byte[] bytes;
    try {
      bytes = classFile(unit);
    } catch (IllegalArgumentException _) {
      // More constants or code than a class file has room for.
      return new FastInterpreter(program);
    }
    try {
      MethodHandles.Lookup lookup =
          LOOKUP.defineHiddenClassWithClassData(bytes, unit.data().objects(), true);
      return (Executable)
          lookup
              .findConstructor(
                  lookup.lookupClass(),
                  MethodType.methodType(void.class, LinkedProgram.class, int.class))
              .invoke(program, depth);
    } catch (Throwable e) {
      throw new IllegalStateException(program.name() + ": the JVM refuses the compiled class", e);
    }
  }

  private static byte[] classFile(JitUnit unit) {
    return ClassFile.of().build(THIS_CLASS, builder -> build(builder, unit));
  }

  /// The class file that [#compile] would define.
  static byte[] classFile(LinkedProgram program, GuestMemory memory) {
    FlowGraph graph = new FlowGraph(program.insns(), program.exceptionCallbackSlot(), _ -> false);
    return classFile(
        new JitUnit(
            program, memory, graph, new ClassData(), new Constants(), THIS_CLASS, REGION_BYTES));
  }

  private static void build(ClassBuilder builder, JitUnit unit) {
    builder
        .withFlags(ClassFile.ACC_FINAL)
        .withSuperclass(Descriptors.JIT_EXECUTABLE)
        .withMethodBody(
            ConstantDescs.INIT_NAME,
            MethodTypeDesc.of(Descriptors.V, Descriptors.LINKED_PROGRAM, Descriptors.I),
            0,
            code ->
                code.aload(0)
                    .aload(1)
                    .iload(2)
                    .invokespecial(
                        Descriptors.JIT_EXECUTABLE,
                        ConstantDescs.INIT_NAME,
                        MethodTypeDesc.of(Descriptors.V, Descriptors.LINKED_PROGRAM, Descriptors.I))
                    .return_())
        .withMethodBody("invoke", Descriptors.INVOKE, 0, code -> dispatch(code, unit));
    for (Function f : unit.graph().functions()) {
      RegionPlan plan = new RegionPlan(unit.graph(), f, unit.regionBytes());
      if (plan.regions().size() > 1) {
        new RegionEmitter(unit, f, plan).emit(builder);
      } else {
        builder.withMethodBody(
            JitUnit.methodName(f.entrySlot),
            Descriptors.FUNCTION,
            ClassFile.ACC_STATIC,
            code -> function(code, unit, f));
      }
    }
  }

  /// [JitExecutable#invoke]: finds the method of a function by its slot.
  private static void dispatch(CodeBuilder code, JitUnit unit) {
    List<SwitchCase> cases = new ArrayList<>();
    for (Function f : unit.graph().functions()) {
      cases.add(SwitchCase.of(f.entrySlot, code.newLabel()));
    }
    Label none = code.newLabel();
    code.iload(2).lookupswitch(none, cases);
    for (SwitchCase c : cases) {
      code.labelBinding(c.target()).aload(1);
      for (int i = 0; i < 6; i++) {
        code.lload(3 + 2 * i);
      }
      code.invokestatic(unit.thisClass(), JitUnit.methodName(c.caseValue()), Descriptors.FUNCTION)
          .lreturn();
    }
    code.labelBinding(none)
        .iload(2)
        .invokestatic(
            Descriptors.RUNTIME,
            "illegal",
            MethodTypeDesc.of(Descriptors.GUEST_TRAP, Descriptors.I))
        .athrow();
  }

  private static void function(CodeBuilder code, JitUnit unit, Function f) {
    FunctionFacts facts = FunctionFacts.of(unit, f, true);
    Map<Block, Label> labels = new HashMap<>();
    for (Block block : f.blocks) {
      labels.put(block, code.newLabel());
    }
    BlockEmitter emitter =
        new BlockEmitter(
            unit,
            f,
            facts,
            code,
            new BlockEmitter.Exits() {
              @Override
              public Label to(Block block) {
                return Objects.requireNonNull(labels.get(block));
              }

              @Override
              public void leave() {
                code.lreturn();
              }
            });
    prologue(code, facts);
    if (f.callsOut && unit.graph().functions().size() > 1) {
      emitter.setStackTop();
    }
    for (int i = 0; i < f.blocks.size(); i++) {
      Block block = f.blocks.get(i);
      code.labelBinding(Objects.requireNonNull(labels.get(block)));
      emitter.emit(block, i + 1 < f.blocks.size() ? f.blocks.get(i + 1) : null);
    }
  }

  /// Registers that hold nothing yet must hold something for the JVM's verifier.
  private static void prologue(CodeBuilder code, FunctionFacts facts) {
    for (int reg : new int[] {0, 6, 7, 8, 9}) {
      code.lconst_0().lstore(Registers.local(reg));
    }
    for (int local : facts.stack().locals()) {
      code.lconst_0().lstore(local);
    }
    code.loadConstant((int) RunCtx.MAX_MAY_GOTO).istore(Registers.MAY_GOTO);
  }
}
