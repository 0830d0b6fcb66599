package bpf4j.vm.engine;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.ProgType;
import java.util.List;

/// Links programs that refer to nothing.
final class RawPrograms {
  private RawPrograms() {}

  static LinkedProgram link(long... insns) {
    long[] imm64 = new long[insns.length];
    for (int slot = 0; slot + 1 < insns.length; slot++) {
      if (RawInsn.isLdImm64(insns[slot])) {
        imm64[slot] = insns[slot] >>> 32 | (insns[slot + 1] & ~0xffff_ffffL);
        slot++;
      }
    }
    return new LinkedProgram(
        0,
        "test",
        ProgType.SCHED_CLS,
        insns,
        imm64,
        new HelperBody[insns.length],
        List.of(),
        -1,
        0);
  }
}
