package bpf4j.model.asm;

/// Writes instructions in the dialect of the kernel verifier log.
public final class Disassembler {
  private Disassembler() {}
}
