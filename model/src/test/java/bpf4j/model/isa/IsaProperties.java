package bpf4j.model.isa;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

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

  @Provide
  static Arbitrary<Long> words() {
    return Instructions.words();
  }

  @Provide
  static Arbitrary<Instruction> instructions() {
    return Instructions.any();
  }
}
