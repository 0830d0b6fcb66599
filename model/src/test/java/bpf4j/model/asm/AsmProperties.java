package bpf4j.model.asm;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.isa.Encoder;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Instructions;
import java.util.List;
import java.util.OptionalInt;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class AsmProperties {
  private static final Naming NAMING =
      new Naming() {
        @Override
        public String helperName(int id) {
          return "bpf_helper_" + Integer.toUnsignedString(id);
        }
      };
  private static final AsmNames NAMES =
      new AsmNames() {
        @Override
        public OptionalInt helperId(String name) {
          return name.startsWith("bpf_helper_")
              ? OptionalInt.of(Integer.parseUnsignedInt(name.substring(11)))
              : OptionalInt.empty();
        }

        @Override
        public OptionalInt kfuncBtfId(String name) {
          return OptionalInt.empty();
        }
      };

  @Property(tries = 5000)
  void assemblingInvertsDisassembling(@ForAll("instructions") Instruction insn) {
    long[] words = Encoder.encode(insn);
    String source = new Disassembler(NAMING).source(words, 0);
    assertThat(new Assembler(NAMES, List.of()).assemble(source).insns())
        .as(source)
        .isEqualTo(words);
  }

  @Property(tries = 5000)
  void anyWordSurvives(@ForAll("words") long word) {
    String source = new Disassembler(NAMING).source(new long[] {word}, 0);
    assertThat(new Assembler(NAMES, List.of()).assemble(source).insns())
        .as(source)
        .isEqualTo(new long[] {word});
  }

  @Property(tries = 2000)
  void anyTextGivesAProgramOrALocatedError(@ForAll String text) {
    try {
      assertThat(new Assembler(NAMES, List.of()).assemble(text)).isNotNull();
    } catch (AsmException e) {
      assertThat(e.line()).isPositive();
      assertThat(e.column()).isPositive();
    }
  }

  @Provide
  static Arbitrary<Instruction> instructions() {
    return Instructions.any();
  }

  @Provide
  static Arbitrary<Long> words() {
    return Instructions.words();
  }
}
