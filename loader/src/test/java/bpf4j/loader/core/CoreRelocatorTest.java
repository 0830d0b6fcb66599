package bpf4j.loader.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfBuilder;
import bpf4j.model.btf.BtfExt;
import bpf4j.model.btf.BtfType.Enumerator;
import bpf4j.model.btf.BtfType.Member;
import bpf4j.model.isa.RawInsn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoreRelocatorTest {
  private static final long POISON = RawInsn.of(0x85, 0, 0, 0, 195_896_080);

  private final List<String> warnings = new ArrayList<>();

  /// What one side calls its types: `order` is the struct's name, the members lie where `shift`
  /// says.
  private static BtfBuilder types(String struct, int shift, int unsignedSize) {
    var b = new BtfBuilder();
    int i = b.addInt("int", 4, Btf.INT_SIGNED);
    int u = b.addInt("unsigned", unsignedSize, 0);
    int ptr = b.addPtr(0);
    int array = b.addArray(i, i, 4);
    int flexible = b.addArray(i, i, 0);
    int inner =
        b.addUnion("", 4, List.of(new Member("whole", i, 0, 0), new Member("half", i, 0, 0)));
    b.addStruct(
        struct,
        64 + shift,
        List.of(
            new Member("signed", i, shift * 8, 0),
            new Member("unsigned", u, shift * 8 + 64, 0),
            new Member("ptr", ptr, shift * 8 + 128, 0),
            new Member("", inner, shift * 8 + 192, 0),
            new Member("array", array, shift * 8 + 224, 0),
            new Member("bits", i, shift * 8 + 360, 5),
            new Member("tail", flexible, shift * 8 + 384, 0)));
    b.addEnum(
        "color", 4, true, List.of(new Enumerator("RED", shift), new Enumerator("BLUE", -shift)));
    return b;
  }

  /// A relocation of member path `access` of the local struct.
  private record Fixture(Btf local, Btf target, BtfExt.CoreRelo relo) {}

  private static Fixture fixture(
      BtfBuilder local, String type, String access, CoreReloKind kind, Btf target) {
    int off = local.addString(access);
    Btf btf = local.build();
    return new Fixture(btf, target, new BtfExt.CoreRelo(0, btf.find(type), off, kind.ordinal()));
  }

  private long relocate(Fixture fixture, long... insns) throws CoreException {
    new CoreRelocator(fixture.local, new CoreTarget(fixture.target), warnings::add)
        .relocate("prog", insns, 0, fixture.relo, 0);
    return insns[0];
  }

  private static long mov(int imm) {
    return RawInsn.of(0xb7, 1, 0, 0, imm);
  }

  private static long load(int opcode, int off) {
    return RawInsn.of(opcode, 1, 2, off, 0);
  }

  @ParameterizedTest
  @CsvSource({
    "0:0, FIELD_BYTE_OFFSET, 0, 8",
    "0:1, FIELD_BYTE_OFFSET, 8, 16",
    "0:3:1, FIELD_BYTE_OFFSET, 24, 32",
    "0:4:2, FIELD_BYTE_OFFSET, 36, 44",
    "0:6:9, FIELD_BYTE_OFFSET, 84, 92",
    "1:0, FIELD_BYTE_OFFSET, 64, 80",
    "0:0, FIELD_BYTE_SIZE, 4, 4",
    "0:4, FIELD_BYTE_SIZE, 16, 16",
    "0:0, FIELD_SIGNED, 1, 1",
    "0:1, FIELD_SIGNED, 0, 0",
    "0:0, FIELD_EXISTS, 1, 1",
    "0:0, FIELD_LSHIFT_U64, 32, 32",
    "0:0, FIELD_RSHIFT_U64, 32, 32",
    "0:5, FIELD_BYTE_OFFSET, 99, 52",
    "0:5, FIELD_LSHIFT_U64, 99, 51",
    "0:5, FIELD_RSHIFT_U64, 59, 59",
    "0, TYPE_EXISTS, 1, 1",
    "0, TYPE_SIZE, 64, 72",
    "0, TYPE_ID_TARGET, 99, 7",
    "0, TYPE_MATCHES, 1, 1",
  })
  void valuesComeFromTheTarget(String access, CoreReloKind kind, int here, int there)
      throws Exception {
    Btf target = types("order", 8, 4).build();
    var f = fixture(types("order___mine", 0, 4), "order___mine", access, kind, target);
    assertThat(relocate(f, mov(here))).isEqualTo(mov(there));
    assertThat(warnings).isEmpty();
  }

  @Test
  void enumeratorsAreFoundByName() throws Exception {
    Btf target = types("order", 8, 4).build();
    var f = fixture(types("order", 1, 4), "color", "1", CoreReloKind.ENUMVAL_VALUE, target);
    assertThat(relocate(f, mov(-1))).isEqualTo(mov(-8));
    // ld_imm64 gets all 64 bits.
    long[] wide = {RawInsn.of(0x18, 1, 0, 0, -1), RawInsn.of(0, 0, 0, 0, -1)};
    relocate(f, wide);
    assertThat(wide).containsExactly(RawInsn.of(0x18, 1, 0, 0, -8), RawInsn.of(0, 0, 0, 0, -1));
  }

  @Test
  void loadsOfUnsignedFieldsChangeTheirWidth() throws Exception {
    Btf target = types("order", 8, 8).build();
    var f = fixture(types("order", 0, 4), "order", "0:1", CoreReloKind.FIELD_BYTE_OFFSET, target);
    assertThat(relocate(f, load(0x61, 8))).isEqualTo(load(0x79, 16));
    assertThatThrownBy(() -> relocate(f, load(0x69, 8)))
        .isInstanceOf(CoreException.class)
        .hasMessage("prog 'prog': relo #0: insn #0 (LDX/ST/STX) unexpected mem size: got 2, exp 4");
  }

  @Test
  void whatTheTargetLacksIsPoisoned() throws Exception {
    var b = new BtfBuilder();
    b.addStruct("order", 4, List.of(new Member("other", b.addInt("int", 4, 1), 0, 0)));
    Btf target = b.build();
    var f = fixture(types("order", 0, 4), "order", "0:0", CoreReloKind.FIELD_BYTE_OFFSET, target);
    assertThat(relocate(f, load(0x61, 0))).isEqualTo(POISON);
    long[] wide = {RawInsn.of(0x18, 1, 0, 0, 0), 0};
    relocate(f, wide);
    assertThat(wide).containsExactly(POISON, POISON);
    var exists = fixture(types("order", 0, 4), "order", "0:0", CoreReloKind.FIELD_EXISTS, target);
    assertThat(relocate(exists, mov(1))).isEqualTo(mov(0));
    var matches = fixture(types("order", 0, 4), "order", "0", CoreReloKind.TYPE_MATCHES, target);
    assertThat(relocate(matches, mov(1))).isEqualTo(mov(0));
    assertThat(warnings).isEmpty();
  }

  @Test
  void candidatesMustAgree() {
    BtfBuilder b = types("order", 8, 4);
    int i = b.addInt("int", 4, Btf.INT_SIGNED);
    b.addStruct("order___old", 4, List.of(new Member("signed", i, 0, 0)));
    var f =
        fixture(types("order", 0, 4), "order", "0:0", CoreReloKind.FIELD_BYTE_OFFSET, b.build());
    assertThatThrownBy(() -> relocate(f, mov(0)))
        .isInstanceOf(CoreException.class)
        .hasMessage("prog 'prog': relo #0: field offset ambiguity: 0 != 64");
    assertThat(warnings).last().isEqualTo("prog 'prog': relo #0: failed to relocate: -22");
  }

  @Test
  void theInstructionMustHoldWhatTheCompilerMeant() {
    Btf target = types("order", 8, 4).build();
    var f = fixture(types("order", 0, 4), "order", "0:1", CoreReloKind.FIELD_BYTE_OFFSET, target);
    assertThatThrownBy(() -> relocate(f, mov(9)))
        .isInstanceOf(CoreException.class)
        .hasMessage(
            "prog 'prog': relo #0: unexpected insn #0 (ALU/ALU64) value: got 9, exp 8 -> 16");
    assertThatThrownBy(() -> relocate(f, RawInsn.of(0x95, 0, 0, 0, 0)))
        .isInstanceOf(CoreException.class)
        .hasMessage(
            "prog 'prog': relo #0: trying to relocate unrecognized insn #0, code:0x95, src:0x0,"
                + " dst:0x0, off:0x0, imm:0x0");
  }

  @ParameterizedTest
  @CsvSource({"0:99", "0:0:0", "x", "':0'", "0:-1", "0:99999999999"})
  void badAccessStringsAreErrors(String access) {
    Btf target = types("order", 8, 4).build();
    var f = fixture(types("order", 0, 4), "order", access, CoreReloKind.FIELD_BYTE_OFFSET, target);
    assertThatThrownBy(() -> relocate(f, mov(0)))
        .isInstanceOf(CoreException.class)
        .hasMessageContaining("parsing [7] struct order + " + access + " failed: -22");
  }

  @Test
  void describesItselfForTheVerifierLog() {
    Btf target = types("order", 8, 4).build();
    var f = fixture(types("order", 0, 4), "order", "0:4:2", CoreReloKind.FIELD_BYTE_OFFSET, target);
    var core = new CoreRelocator(f.local, new CoreTarget(target), warnings::add);
    assertThat(core.describe(f.relo))
        .isEqualTo("<byte_off> [7] struct order.array[2] (0:4:2 @ offset 36)");
  }

  @ParameterizedTest
  @CsvSource({
    "task_struct, task_struct",
    "task_struct___v5, task_struct",
    "a___b___c, a___b",
    "a____b, a____b",
    "___x, ___x",
    "a___, a___",
  })
  void flavoursAreCutOff(String name, String essential) {
    assertThat(CoreTarget.essentialName(name)).isEqualTo(essential);
  }
}
