package bpf4j.model.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

class IsaProperties {
  @Property
  void decodeInvertsEncode(@ForAll("instructions") Instruction insn) {
    assertThat(Decoder.decode(Encoder.encode(insn), 0)).isEqualTo(insn);
  }

  @Property(tries = 20_000)
  void encodeInvertsDecode(@ForAll("words") long word, @ForAll("words") long next) {
    long[] words = {word, next};
    Instruction insn = Decoder.decode(words, 0);
    long[] encoded = Encoder.encode(insn);
    assertThat(encoded[0]).isEqualTo(word);
    if (insn.slots() == 2) {
      assertThat(encoded[1]).isEqualTo(next);
    }
  }

  @Property
  void wholeProgramsSurvive(@ForAll("programs") List<Instruction> insns) {
    assertThat(Decoder.decodeAll(Encoder.encodeAll(insns))).isEqualTo(insns);
  }

  @Property
  void knownInstructionsHaveKnownOpcodes(@ForAll("instructions") Instruction insn) {
    assertThat(Opcodes.isKnown(RawInsn.opcode(Encoder.encodeSlot(insn)))).isTrue();
  }

  @Property
  void hexInvertsParsing(@ForAll long[] words) {
    assertThat(RawInsn.fromHex(RawInsn.toHex(words))).isEqualTo(words);
  }

  @Provide
  static Arbitrary<List<Instruction>> programs() {
    return instructions().list().ofMaxSize(20);
  }

  /// Words whose fields are mostly small, so that most of them are valid or nearly so.
  @Provide
  static Arbitrary<Long> words() {
    Arbitrary<Integer> imms =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.just(0)),
            Tuple.of(
                3, Arbitraries.of(1, 16, 32, 64, 0x10000, 0x100, 0x110, 0xf1, 0xe1, 0x41, 0x40)),
            Tuple.of(1, Arbitraries.integers()));
    Arbitrary<Integer> offs =
        Arbitraries.frequencyOf(
            Tuple.of(3, Arbitraries.just(0)),
            Tuple.of(3, Arbitraries.of(1, 8, 16, 32, -1)),
            Tuple.of(1, Arbitraries.integers().between(-32768, 32767)));
    Arbitrary<Integer> regs =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(0)), Tuple.of(3, Arbitraries.integers().between(0, 15)));
    return Combinators.combine(Arbitraries.integers().between(0, 255), regs, regs, offs, imms)
        .as(RawInsn::of);
  }

  @Provide
  static Arbitrary<Instruction> instructions() {
    return Instructions.any();
  }
}
