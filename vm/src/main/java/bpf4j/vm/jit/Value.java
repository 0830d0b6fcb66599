package bpf4j.vm.jit;

import bpf4j.maps.BpfMap;

/// What is known about a register's content at compile time, on all paths together.
sealed interface Value {
  Unknown UNKNOWN = new Unknown();
  FrameAny FRAME_ANY = new FrameAny();

  /// Any number, and no address of the function's own stack frame.
  record Unknown() implements Value {}

  record Const(long number) implements Value {}

  /// `r10 + off`.
  record Frame(int off) implements Value {}

  /// Perhaps an address of the function's own stack frame.
  record FrameAny() implements Value {}

  /// 0, or the descriptor of a map in the outer map `outer`.
  record Inner(BpfMap outer) implements Value {}

  /// What holds whether control came from one side or the other.
  default Value join(Value other) {
    if (equals(other)) {
      return this;
    }
    return mayBeFrame() || other.mayBeFrame() ? FRAME_ANY : UNKNOWN;
  }

  default boolean mayBeFrame() {
    return this instanceof Frame || this instanceof FrameAny;
  }
}
