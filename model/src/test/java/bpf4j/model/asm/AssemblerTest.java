package bpf4j.model.asm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.asm.AsmCase.Kind;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AssemblerTest {
  private static final AsmNames NAMES =
      new AsmNames() {
        @Override
        public OptionalInt helperId(String name) {
          return name.equals("bpf_map_lookup_elem") ? OptionalInt.of(1) : OptionalInt.empty();
        }

        @Override
        public OptionalInt kfuncBtfId(String name) {
          return name.equals("bpf_rcu_read_lock") ? OptionalInt.of(777) : OptionalInt.empty();
        }
      };

  private static Assembly assemble(String source) {
    return new Assembler(NAMES, List.of("m")).assemble(source);
  }

  @Test
  void aPastedLogAssembles() {
    String log =
        """
        0: (b4) w1 = -559038737               ; R1=0xdeadbeef
        1: (63) *(u32 *)(r10 -8) = r1         ; R1=0xdeadbeef R10=fp0 fp-8=????0xdeadbeef
        ; int i, key, value = 0xdeadbeef; @ access_map_in_map.c:46
        2: (18) r1 = map[m]
        4: (85) call bpf_map_lookup_elem#1    ; R0=scalar()
        5: (56) if w7 != 0x0 goto pc-5
        6: (95) exit
        """;
    assertThat(RawInsn.toHex(assemble(log).insns()))
        .isEqualTo(
            "b4010000efbeadde631af8ff00000000181100000000000000000000000000008500000001000000"
                + "5607fbff000000009500000000000000");
  }

  @Test
  void labelsResolveBothWays() {
    Assembly a =
        assemble(
            """
            start: r1 = 5 ll
            loop:
              r1 += -1
              if r1 != 0 goto loop
              call f
              goto start
            f: r2 = &f
              gotol start
              exit
            """);
    assertThat(a.labels()).containsEntry("start", 0).containsEntry("loop", 2).containsEntry("f", 6);
    assertThat(RawInsn.off(a.insns()[3])).isEqualTo(-2);
    assertThat(RawInsn.imm(a.insns()[4])).isEqualTo(1);
    assertThat(RawInsn.off(a.insns()[5])).isEqualTo(-6);
    assertThat(RawInsn.imm(a.insns()[6])).isEqualTo(-1);
    assertThat(RawInsn.imm(a.insns()[8])).isEqualTo(-9);
    assertThat(a.lineOfSlot()).startsWith(1, 1, 3);
  }

  @Test
  void namesResolveToHelpersAndKfuncs() {
    long[] insns =
        assemble("call bpf_map_lookup_elem\ncall bpf_rcu_read_lock\ncall other#9").insns();
    assertThat(insns[0]).isEqualTo(RawInsn.of(0x85, 0, 0, 0, 1));
    assertThat(insns[1]).isEqualTo(RawInsn.of(0x85, 0, 2, 0, 777));
    assertThat(insns[2]).isEqualTo(RawInsn.of(0x85, 0, 2, 0, 9));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "r11 = 1 | 1:1: registers are r0 to r10",
        "r1 = foo | 1:6: expected a register, a constant or a load, found `foo`",
        "(bf) r1 = 5 | 1:1: opcode (bf) does not belong to this text, which is (b7)",
        "goto nowhere | 1:6: no label `nowhere`",
        "r1 = map[x] | 1:10: no map `x`",
        "r1 = 0x123456789 | 1:6: constant does not fit into 32 bits; write `ll` behind it",
        "exit now | 1:6: expected the end of the line, found `now`",
        "r1 += w2 | 1:7: expected a register r0 to r10, found `w2`",
        "r1 = *(u32 *)(r2 +40000) | 1:18: an offset must lie between -32768 and 32767",
        "if r1 = 5 goto +1 | 1:7: expected a comparison, found `=`",
        "call nothing | 1:6: no label, helper or kfunc with the name `nothing`",
        "4: exit | 1:1: slot number 4 stands at slot 0",
        "lock *(u8 *)(r1 +0) += r2 | 1:8: an atomic operation is 4 or 8 bytes wide",
        "? | 1:1: unexpected character `?`"
      })
  void errorsSayWhereAndWhat(String source, String message) {
    assertThatThrownBy(() -> assemble(source)).isInstanceOf(AsmException.class).hasMessage(message);
  }

  @Test
  void caseFilesHoldProgramsAndExpectations() {
    String file =
        """
        ; Things about maps.
        .prog type=xdp
        .map inner type=array key=4 value=8 max=16
        .map outer type=array_of_maps key=4 value=4 max=2 inner=inner

        .case "null check"
          r1 = map[outer]
          r0 = *(u64 *)(r0 +0)   ; reject EACCES: R0 !read_ok
          exit
        .case "smallest"
        .prog type=socket_filter license=MIT
          r0 = 3
          exit
          ; accept
          ; retval: 3
          ; unpriv reject: no
        """;
    List<AsmCase> cases = CaseFile.parse(file, "f", NAMES);
    assertThat(cases).hasSize(2);
    AsmCase first = cases.get(0);
    assertThat(first.name()).isEqualTo("null check");
    assertThat(first.line()).isEqualTo(6);
    assertThat(first.program().type()).isEqualTo(ProgType.XDP);
    assertThat(first.program().maps()).hasSize(2);
    assertThat(first.program().maps().get(1).type()).isEqualTo(MapType.ARRAY_OF_MAPS);
    assertThat(first.program().maps().get(1).inner()).isNotNull();
    assertThat(RawInsn.imm(first.program().insns()[0])).isEqualTo(1);
    AsmCase.Expectation reject = first.expected(Kind.REJECT).orElseThrow();
    assertThat(reject.errno()).isEqualTo("EACCES");
    assertThat(reject.text()).isEqualTo("R0 !read_ok");
    assertThat(reject.slotIdx()).isEqualTo(2);
    AsmCase second = cases.get(1);
    assertThat(second.program().license()).isEqualTo("MIT");
    assertThat(second.expected(Kind.ACCEPT)).isPresent();
    assertThat(second.expected(Kind.RETVAL).orElseThrow().text()).isEqualTo("3");
    assertThat(second.expected(Kind.REJECT)).isEmpty();
  }

  @Test
  void aCaseMustExpectSomething() {
    assertThatThrownBy(() -> CaseFile.parse("exit", "f", NAMES))
        .hasMessage("1:1: case \"f\" expects nothing");
  }
}
