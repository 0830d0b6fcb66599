package bpf4j.verifier.btfinfo;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.btfinfo.BtfInfoCheck.Subprogram;
import java.util.List;
import org.junit.jupiter.api.Test;

class BtfInfoCheckTest {
  private static final ProgramSpec PLAIN =
      ProgramSpec.of("p", ProgType.XDP, new long[] {RawInsn.of(0x95, 0, 0, 0, 0)}, List.of());

  private static Subprogram sub(int start) {
    return new Subprogram(start, false, false);
  }

  @Test
  void aProgramWithoutRecordsIsFine() {
    assertThat(BtfInfoCheck.early(PLAIN, List.of(sub(0), sub(4)))).isNull();
    assertThat(BtfInfoCheck.functions(PLAIN, List.of(sub(0), sub(4)))).isNull();
    assertThat(BtfInfoCheck.lines(PLAIN, List.of(sub(0)))).isNull();
  }

  @Test
  void specialReturnsNeedTypesInSubprogramsOnly() {
    var ldAbs = new Subprogram(4, true, false);
    var tailCall = new Subprogram(4, false, true);
    assertThat(BtfInfoCheck.early(PLAIN, List.of(ldAbs))).isNull();
    assertThat(BtfInfoCheck.early(PLAIN, List.of(sub(0), ldAbs)))
        .isEqualTo("LD_ABS is not allowed in subprogs without BTF\n");
    assertThat(BtfInfoCheck.early(PLAIN, List.of(sub(0), tailCall)))
        .isEqualTo("tail_call is not allowed in subprogs without BTF\n");
  }
}
