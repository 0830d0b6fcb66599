package bpf4j.vm.jit;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.jit.FlowGraph.Function;
import java.lang.constant.ClassDesc;

/// One program on its way to a class: what all its methods share.
record JitUnit(
    LinkedProgram program,
    GuestMemory memory,
    FlowGraph graph,
    ClassData data,
    Constants constants,
    ClassDesc thisClass,
    int regionBytes) {
  /// The method of the function that starts at `entrySlot`.
  static String methodName(int entrySlot) {
    return "f" + entrySlot;
  }

  /// Whether the function, or one that it calls, calls helpers, which may move the stack top.
  boolean callsOut(int entrySlot) {
    Function f = graph.functionAt(entrySlot);
    return f.callsOut || f.callees.stream().anyMatch(this::callsOut);
  }
}
