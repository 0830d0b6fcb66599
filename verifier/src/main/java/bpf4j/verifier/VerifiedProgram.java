package bpf4j.verifier;

import bpf4j.model.spec.ProgramSpec;

/// A program that the verifier accepted, with what it found out about each instruction. Only the
/// verifier makes one.
public final class VerifiedProgram {
  private final ProgramSpec spec;
  private final InsnFacts facts;

  VerifiedProgram(ProgramSpec spec, InsnFacts facts) {
    this.spec = spec;
    this.facts = facts;
  }

  public ProgramSpec spec() {
    return spec;
  }

  public InsnFacts facts() {
    return facts;
  }
}
