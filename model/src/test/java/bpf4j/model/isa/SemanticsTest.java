package bpf4j.model.isa;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SemanticsTest {
  @Test
  void divisionByZeroGivesZeroAndModuloTheDividend() {
    assertThat(Semantics.alu64(AluOp.DIV, 7, 0)).isZero();
    assertThat(Semantics.alu64(AluOp.SDIV, -7, 0)).isZero();
    assertThat(Semantics.alu64(AluOp.MOD, -7, 0)).isEqualTo(-7);
    assertThat(Semantics.alu64(AluOp.SMOD, -7, 0)).isEqualTo(-7);
    assertThat(Semantics.alu32(AluOp.DIV, 7, 0)).isZero();
    assertThat(Semantics.alu32(AluOp.SDIV, -7, 0)).isZero();
    assertThat(Semantics.alu32(AluOp.MOD, -7, 0)).isEqualTo(-7);
    assertThat(Semantics.alu32(AluOp.SMOD, -7, 0)).isEqualTo(-7);
  }

  @Test
  void theSmallestNumberDividedByMinusOneIsItself() {
    assertThat(Semantics.sdiv64(Long.MIN_VALUE, -1)).isEqualTo(Long.MIN_VALUE);
    assertThat(Semantics.smod64(Long.MIN_VALUE, -1)).isZero();
    assertThat(Semantics.sdiv32(Integer.MIN_VALUE, -1)).isEqualTo(Integer.MIN_VALUE);
    assertThat(Semantics.smod32(Integer.MIN_VALUE, -1)).isZero();
  }

  @Test
  void signedDivisionTruncatesAndUnsignedSeesLargeNumbers() {
    assertThat(Semantics.sdiv64(-13, 3)).isEqualTo(-4);
    assertThat(Semantics.smod64(-13, 3)).isEqualTo(-1);
    assertThat(Semantics.udiv64(-1, 2)).isEqualTo(Long.MAX_VALUE);
    assertThat(Semantics.umod32(-1, 10)).isEqualTo(5);
  }

  @Test
  void shiftsUseTheLowBitsOfTheAmount() {
    assertThat(Semantics.alu64(AluOp.LSH, 1, 65)).isEqualTo(2);
    assertThat(Semantics.alu32(AluOp.LSH, 1, 33)).isEqualTo(2);
    assertThat(Semantics.alu64(AluOp.ARSH, -8, 66)).isEqualTo(-2);
    assertThat(Semantics.alu32(AluOp.RSH, -1, 28)).isEqualTo(15);
  }

  @Test
  void swapsReverseAndTruncate() {
    assertThat(Semantics.bswap(16, 0x1122334455667788L)).isEqualTo(0x8877);
    assertThat(Semantics.bswap(32, 0x1122334455667788L)).isEqualTo(0x88776655L);
    assertThat(Semantics.bswap(64, 0x1122334455667788L)).isEqualTo(0x8877665544332211L);
    assertThat(Semantics.endian(false, 16, 0x1122334455667788L)).isEqualTo(0x7788);
    assertThat(Semantics.endian(false, 64, -1)).isEqualTo(-1);
    assertThat(Semantics.endian(true, 32, 0x1122334455667788L)).isEqualTo(0x88776655L);
  }

  @Test
  void unsignedAndSignedConditionsDiffer() {
    assertThat(Semantics.cond64(Cond.GT, -1, 1)).isTrue();
    assertThat(Semantics.cond64(Cond.SGT, -1, 1)).isFalse();
    assertThat(Semantics.cond32(Cond.LT, -1, 1)).isFalse();
    assertThat(Semantics.cond32(Cond.SLT, -1, 1)).isTrue();
    assertThat(Semantics.cond64(Cond.SET, 6, 9)).isFalse();
    assertThat(Semantics.cond64(Cond.SET, 6, 2)).isTrue();
  }
}
