package bpf4j.model.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BtfTest {
  private static final String STRINGS = "\0int\0pair\0a\0b\0pair_t\0";

  /// `typedef struct pair { int a; int b; } const pair_t` over an INT.
  private static final int[] PAIR = {
    1,
    1 << 24,
    4,
    1 << 24 | 32, // [1] INT int
    5,
    4 << 24 | 2,
    8,
    10,
    1,
    0,
    12,
    1,
    32, // [2] STRUCT pair
    0,
    10 << 24,
    2, // [3] CONST
    14,
    8 << 24,
    3, // [4] TYPEDEF pair_t
  };

  static byte[] blob(ByteOrder order, String strings, int... words) {
    byte[] str = strings.getBytes(StandardCharsets.ISO_8859_1);
    var buf = ByteBuffer.allocate(24 + words.length * 4 + str.length).order(order);
    buf.putShort((short) 0xeb9f).put((byte) 1).put((byte) 0).putInt(24);
    buf.putInt(0).putInt(words.length * 4).putInt(words.length * 4).putInt(str.length);
    for (int word : words) {
      buf.putInt(word);
    }
    return buf.put(str).array();
  }

  @Test
  void readsBothByteOrders() {
    for (var order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      Btf btf = Btf.parse(blob(order, STRINGS, PAIR));
      assertThat(btf.isBigEndian()).isEqualTo(order == ByteOrder.BIG_ENDIAN);
      assertThat(btf.typeCount()).isEqualTo(5);
      int pair = btf.find("pair", BtfKind.STRUCT);
      assertThat(pair).isEqualTo(2);
      assertThat(btf.memberName(pair, 1)).isEqualTo("b");
      assertThat(btf.memberBitOffset(pair, 1)).isEqualTo(32);
      assertThat(btf.skipModsAndTypedefs(4)).isEqualTo(pair);
      assertThat(btf.resolveSize(4)).isEqualTo(8);
      assertThat(btf.alignOf(4)).isEqualTo(4);
      assertThat(btf.find("pair", BtfKind.UNION)).isZero();
      assertThat(btf.type(1)).isEqualTo(new BtfType.Int(1, "int", 4, Btf.INT_SIGNED, 0, 32));
    }
  }

  @Test
  void splitBtfContinuesItsBase() {
    Btf base = Btf.parse(blob(ByteOrder.LITTLE_ENDIAN, STRINGS, PAIR));
    int own = STRINGS.length();
    // [5] PTR to [2], [6] TYPEDEF next of [5]
    Btf split =
        Btf.parse(blob(ByteOrder.LITTLE_ENDIAN, "next\0", 0, 2 << 24, 2, own, 8 << 24, 5), base);
    assertThat(split.find("next", BtfKind.TYPEDEF)).isEqualTo(6);
    assertThat(split.find("pair", BtfKind.STRUCT)).isEqualTo(2);
    assertThat(split.findOwn("pair", BtfKind.STRUCT)).isZero();
    assertThat(split.name(split.target(5))).isEqualTo("pair");
    assertThat(split.resolveSize(6)).isEqualTo(8);
  }

  @Test
  void namesTheTypeThatIsWrong() {
    assertThatThrownBy(() -> Btf.parse(blob(ByteOrder.LITTLE_ENDIAN, "\0", 0, 2 << 24, 7)))
        .isInstanceOf(BtfException.class)
        .hasMessage("btf: type [1]: invalid referenced type ID 7");
    assertThatThrownBy(() -> Btf.parse(blob(ByteOrder.LITTLE_ENDIAN, "\0", 9, 1 << 24, 4, 32)))
        .isInstanceOf(BtfException.class)
        .hasMessage("btf: type [1]: invalid type name (string offset 9)");
    assertThatThrownBy(
            () -> Btf.parse(blob(ByteOrder.LITTLE_ENDIAN, "\0", 0, 10 << 24, 2, 0, 9 << 24, 1)))
        .isInstanceOf(BtfException.class)
        .hasMessage("btf: type [1]: Loop detected");
  }

  @Test
  void everyTruncationIsAnError() {
    byte[] whole = blob(ByteOrder.LITTLE_ENDIAN, STRINGS, PAIR);
    for (int len = 0; len < whole.length; len++) {
      byte[] cut = java.util.Arrays.copyOf(whole, len);
      assertThatThrownBy(() -> Btf.parse(cut)).isInstanceOf(BtfException.class);
    }
  }

  @Test
  void declTagsAreFoundByTheirTarget() {
    var b = new BtfBuilder();
    int i = b.addInt("int", 4, 0);
    int s = b.addStruct("s", 4, java.util.List.of(new BtfType.Member("m", i, 0, 0)));
    int onMember = b.addDeclTag("contains:node", s, 0);
    b.addDeclTag("other", i, -1);
    int onStruct = b.addDeclTag("tagged", s, -1);
    Btf btf = b.build();
    assertThat(btf.declTags(s)).containsExactly(onMember, onStruct);
    assertThat(btf.declTags(onStruct)).isEmpty();
    assertThat(btf.hasDeclTag(s, 0, "contains:node")).isTrue();
    assertThat(btf.hasDeclTag(s, -1, "contains:node")).isFalse();
  }
}
