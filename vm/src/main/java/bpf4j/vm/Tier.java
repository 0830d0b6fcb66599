package bpf4j.vm;

/// Which engine runs a program.
public enum Tier {
  /// The fastest one that is ready.
  AUTO,
  /// The JIT compiler.
  JIT,
  /// The fast interpreter.
  INTERP,
  /// The checked interpreter: shadow memory, precise traps.
  CHECKED
}
