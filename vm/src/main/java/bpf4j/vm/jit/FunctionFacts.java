package bpf4j.vm.jit;

import bpf4j.vm.jit.FlowGraph.Function;

/// What is found out about a function before it is translated.
record FunctionFacts(ValueAnalysis values, MapSites maps, StackPlan stack) {
  /// @param promote whether pieces of the stack frame may become local variables
  static FunctionFacts of(JitUnit unit, Function function, boolean promote) {
    ValueAnalysis values = new ValueAnalysis(unit.graph(), unit.program(), function);
    MapSites maps = new MapSites(function, values);
    return new FunctionFacts(
        values, maps, promote ? new StackPlan(function, values, maps) : StackPlan.none());
  }
}
