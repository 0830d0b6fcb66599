package bpf4j.vm.jit;

import bpf4j.maps.BpfMap;
import bpf4j.maps.GuestMemory;
import bpf4j.model.isa.Semantics;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.Atomics;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.engine.TailCalls;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Names of the classes and methods that compiled code refers to.
final class Descriptors {
  static final ClassDesc RUN_CTX = desc(RunCtx.class);
  static final ClassDesc SEGMENT = desc(MemorySegment.class);
  static final ClassDesc MEMORY = desc(GuestMemory.class);
  static final ClassDesc LAYOUTS = desc(ValueLayout.class);
  static final ClassDesc SEMANTICS = desc(Semantics.class);
  static final ClassDesc ATOMICS = desc(Atomics.class);
  static final ClassDesc HELPER_BODY = desc(HelperBody.class);
  static final ClassDesc TAIL_CALLS = desc(TailCalls.class);
  static final ClassDesc EXECUTABLE = desc(Executable.class);
  static final ClassDesc RUNTIME = desc(JitRuntime.class);
  static final ClassDesc JIT_EXECUTABLE = desc(JitExecutable.class);
  static final ClassDesc LINKED_PROGRAM = desc(LinkedProgram.class);
  static final ClassDesc GUEST_TRAP = desc(GuestTrap.class);
  static final ClassDesc BPF_MAP = desc(BpfMap.class);
  static final ClassDesc HASH_FIND = desc(HashFind.class);
  static final ClassDesc LONG = ConstantDescs.CD_Long;
  static final ClassDesc INTEGER = ConstantDescs.CD_Integer;
  static final ClassDesc SHORT = ConstantDescs.CD_Short;

  static final ClassDesc J = ConstantDescs.CD_long;
  static final ClassDesc I = ConstantDescs.CD_int;
  static final ClassDesc V = ConstantDescs.CD_void;

  /// A subprogram: `r0 f(rc, r1, r2, r3, r4, r5, r10)`.
  static final MethodTypeDesc FUNCTION = MethodTypeDesc.of(J, RUN_CTX, J, J, J, J, J, J);

  /// [JitExecutable#invoke].
  static final MethodTypeDesc INVOKE = MethodTypeDesc.of(J, RUN_CTX, I, J, J, J, J, J, J);

  private Descriptors() {}

  static ClassDesc desc(Class<?> type) {
    return type.describeConstable().orElseThrow();
  }

  /// `long (long × n)`.
  static MethodTypeDesc longs(int n) {
    return same(J, n);
  }

  /// `type (type × n)`.
  static MethodTypeDesc same(ClassDesc type, int n) {
    ClassDesc[] params = new ClassDesc[n];
    Arrays.fill(params, type);
    return MethodTypeDesc.of(type, params);
  }
}
