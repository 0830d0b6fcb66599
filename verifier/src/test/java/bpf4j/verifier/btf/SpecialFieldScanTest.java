package bpf4j.verifier.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import bpf4j.model.btf.BtfBuilder;
import bpf4j.model.btf.BtfType.Member;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.FieldRecord.Field;
import bpf4j.verifier.state.FieldRecord.Kind;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpecialFieldScanTest {
  private static final Set<Kind> ALL = EnumSet.allOf(Kind.class);

  private final BtfBuilder b = new BtfBuilder();
  private final int u32 = b.addInt("unsigned int", 4, 0);
  private final int u64 = b.addInt("unsigned long", 8, 0);

  private int opaque(String name, int words) {
    int array = b.addArray(u64, u64, words);
    return b.addStruct(name, 8 * words, List.of(member("opaque", array, 0)));
  }

  private static Member member(String name, int type, int offset) {
    return new Member(name, type, 8 * offset, 0);
  }

  private FieldRecord scan(int type, int size) throws BtfRefusal {
    return SpecialFieldScan.scan(b.build(), null, type, ALL, size);
  }

  @Test
  void fieldsAreFoundInNestedStructs() throws BtfRefusal {
    int lock = b.addStruct("bpf_spin_lock", 4, List.of(member("val", u32, 0)));
    int timer = opaque("bpf_timer", 2);
    int inner = b.addStruct("inner", 24, List.of(member("n", u64, 0), member("t", timer, 8)));
    int value = b.addStruct("value", 32, List.of(member("lock", lock, 0), member("in", inner, 8)));
    assertThat(scan(value, 32).fields())
        .extracting(Field::kind, Field::off, Field::size)
        .containsExactly(tuple(Kind.SPIN_LOCK, 0, 4), tuple(Kind.TIMER, 16, 16));
  }

  @Test
  void aStructOfAnotherSizeIsNoSpecialField() throws BtfRefusal {
    int timer = opaque("bpf_timer", 3);
    int value = b.addStruct("value", 24, List.of(member("t", timer, 0)));
    assertThat(scan(value, 24).fields()).isEmpty();
  }

  @Test
  void oneTimerIsEnough() {
    int timer = opaque("bpf_timer", 2);
    int value = b.addStruct("value", 32, List.of(member("a", timer, 0), member("b", timer, 16)));
    assertThatThrownBy(() -> scan(value, 32))
        .isInstanceOfSatisfying(
            BtfRefusal.class, e -> assertThat(e.errno()).isEqualTo(Errno.E2BIG));
  }

  @Test
  void rootsSayWhatTheyContain() throws BtfRefusal {
    int node = opaque("bpf_list_node", 3);
    b.addStruct("foo", 32, List.of(member("data", u64, 0), member("node", node, 8)));
    int head = opaque("bpf_list_head", 2);
    int lock = b.addStruct("bpf_spin_lock", 4, List.of(member("val", u32, 0)));
    int tagged =
        b.addStruct("tagged", 24, List.of(member("head", head, 0), member("lock", lock, 16)));
    b.addDeclTag("contains:foo:node", tagged, 0);
    int plain = b.addStruct("plain", 16, List.of(member("head", head, 0)));
    Field root = Objects.requireNonNull(scan(tagged, 24).first(Kind.LIST_HEAD));
    assertThat(root.nodeOff()).isEqualTo(8);
    assertThat(root.off()).isZero();
    assertThatThrownBy(() -> scan(plain, 16)).isInstanceOf(BtfRefusal.class);
  }

  @Test
  void arraysOfPointersCountEachElement() throws BtfRefusal {
    int foo = b.addStruct("foo", 8, List.of(member("n", u64, 0)));
    int kptr = b.addPtr(b.addTypeTag("kptr", foo));
    int array = b.addArray(u32, kptr, 3);
    int value = b.addStruct("value", 24, List.of(member("p", array, 0)));
    assertThat(scan(value, 24).fields()).extracting(Field::off).containsExactly(0, 8, 16);
  }
}
