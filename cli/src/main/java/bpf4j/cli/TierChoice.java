package bpf4j.cli;

/// `--tier`: which engine runs a program.
enum TierChoice {
  AUTO,
  JIT,
  INTERP,
  CHECKED
}
