package bpf4j.model.btf.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfBuilder;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.btf.BtfType.Member;
import bpf4j.model.btf.value.ValueText.Style;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `sample.btf` are the types of `sample.c`; `sample.json`, `sample.text` and the two `data` files
/// are what bpftool 7.5 printed of its maps on Linux 6.18.
class ValueTest {
  private static final Btf BTF = Btf.parse(resource("sample.btf"));

  private record Entry(byte[] key, byte[] value) {}

  private static byte[] resource(String name) {
    try (var in = Objects.requireNonNull(ValueTest.class.getResourceAsStream(name))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(String name) {
    return new String(resource(name), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String list) {
    return HexFormat.of().parseHex(list.replaceAll("[^0-9a-fx]", "").replace("0x", ""));
  }

  /// The entries whose bytes stand in bpftool's own JSON.
  private static List<Entry> entries(String json) {
    var entries = new ArrayList<Entry>();
    var matcher =
        Pattern.compile("\\{\"key\":\\[([^\\]]*)\\],\"value\":\\[([^\\]]*)\\],\"formatted\"")
            .matcher(json);
    while (matcher.find()) {
      entries.add(new Entry(bytes(matcher.group(1)), bytes(matcher.group(2))));
    }
    return entries;
  }

  private static MapSpec spec(int keySize, int valueSize, int keyType, int valueType) {
    MapSpec s = MapSpec.of(MapType.HASH, keySize, valueSize, 4);
    return new MapSpec(
        s.name(),
        s.type(),
        keySize,
        valueSize,
        4,
        0,
        0,
        0,
        null,
        false,
        BTF,
        keyType,
        valueType,
        MapSpec.Kind.DEFINED,
        List.of(),
        new byte[0],
        false);
  }

  private static String dump(MapSpec spec, List<Entry> entries, Style style) throws IOException {
    var out = new StringBuilder();
    var text = new MapText(spec, style, out);
    text.begin();
    for (Entry e : entries) {
      text.entry(e.key, e.value);
    }
    text.end();
    return out.toString();
  }

  private static int struct(String name) {
    return BTF.find(name, BtfKind.STRUCT);
  }

  @Test
  void mapsAsBpftool() throws Exception {
    var spec = spec(8, 176, struct("key"), struct("val"));
    var entries = entries(text("sample.json"));
    assertThat(entries).hasSize(4);
    assertThat(dump(spec, entries, Style.JSON)).isEqualTo(text("sample.json"));
    assertThat(dump(spec, entries, Style.TEXT)).isEqualTo(text("sample.text"));
  }

  /// The compiler leaves the variables' places to the linker.
  private static Btf linkedData() {
    var b = BtfBuilder.copyOf(BTF);
    int section = BTF.find(".data", BtfKind.DATASEC);
    int[][] places = {{0, 176}, {176, 4}, {180, 4}};
    b.setDatasecSize(section, 184);
    for (int i = 0; i < places.length; i++) {
      b.setVarSec(section, i, places[i][0], places[i][1]);
    }
    return b.build();
  }

  @Test
  void globalDataAsBpftool() throws Exception {
    Btf btf = linkedData();
    int section = btf.find(".data", BtfKind.DATASEC);
    var entry = entries(text("data.json")).getFirst();
    String formatted = "{\"value\":" + ValueText.of(btf, section, entry.value, Style.JSON) + "}";
    assertThat(text("data.json")).contains("\"formatted\":" + formatted);
    Map<?, ?> variables = (Map<?, ?>) ValueCodec.decode(btf, section, entry.value);
    assertThat(variables.get("counter")).isEqualTo(7L);
    assertThat(ValueCodec.encode(btf, section, variables)).isEqualTo(entry.value);
  }

  @Test
  void whatIsDecodedEncodesToTheSameValue() {
    for (Entry entry : entries(text("sample.json"))) {
      Object value = ValueCodec.decode(BTF, struct("val"), entry.value);
      byte[] again = ValueCodec.encode(BTF, struct("val"), value);
      assertThat(ValueText.of(BTF, struct("val"), again, Style.TEXT))
          .isEqualTo(ValueText.of(BTF, struct("val"), entry.value, Style.TEXT));
    }
  }

  @Test
  void aMapOfNumbersAndTextIsEnough() {
    byte[] value =
        ValueCodec.encode(
            BTF,
            struct("val"),
            Map.of(
                "bf2",
                5,
                "sbf",
                -1,
                "col",
                "GREEN",
                "b",
                "0x100000000",
                "part",
                List.of(1, 2),
                "text",
                "hello",
                "flag",
                true,
                "p",
                "0xffff888000000000",
                "u128",
                BigInteger.ONE.shiftLeft(100)));
    Map<?, ?> back = (Map<?, ?>) ValueCodec.decode(BTF, struct("val"), value);
    assertThat(back.get("bf2")).isEqualTo(5L);
    assertThat(back.get("sbf")).isEqualTo(-1L);
    assertThat(back.get("col")).isEqualTo("GREEN");
    assertThat(back.get("b")).isEqualTo("HUGE");
    assertThat(back.get("whole")).isEqualTo(0x201L);
    assertThat(back.get("text")).isEqualTo("hello");
    assertThat(back.get("flag")).isEqualTo(true);
    assertThat(back.get("p")).isEqualTo(new BigInteger("ffff888000000000", 16));
    assertThat(back.get("u128")).isEqualTo(BigInteger.ONE.shiftLeft(100));
  }

  @Test
  void whatDoesNotFitIsNamed() {
    int val = struct("val");
    assertThatThrownBy(() -> ValueCodec.encode(BTF, val, Map.of("us", 70000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("value.us: 70000 does not fit 16 unsigned bits");
    assertThatThrownBy(() -> ValueCodec.encode(BTF, val, Map.of("nope", 1)))
        .hasMessage("value: struct val has no member nope");
    assertThatThrownBy(() -> ValueCodec.encode(BTF, val, Map.of("col", "PINK")))
        .hasMessage("value.col: \"PINK\" is neither a number nor a value of the enum");
    assertThatThrownBy(
            () -> ValueCodec.encode(BTF, val, Map.of("in", List.of(1, 2)), "entries[3].value"))
        .hasMessage("entries[3].value.in[0]: expected an object for struct inner, not 1");
    assertThatThrownBy(() -> ValueCodec.encode(BTF, val, Map.of("text", "much too long")))
        .hasMessage("value.text: text of 13 bytes is too long for 8");
    assertThatThrownBy(() -> ValueCodec.decode(BTF, val, new byte[8]))
        .isInstanceOf(BtfException.class)
        .hasMessageContaining("takes 176 bytes, but there are 8");
  }

  @Test
  void bigEndianValues() {
    var b = new BtfBuilder().bigEndian(true);
    int u16 = b.addInt("unsigned short", 2, 0);
    int s =
        b.addStruct("s", 4, List.of(new Member("bits", u16, 0, 4), new Member("port", u16, 16, 0)));
    Btf btf = b.build();
    byte[] data = {(byte) 0xa0, 0, 0x1f, (byte) 0x90};
    assertThat(ValueText.of(btf, s, data, Style.JSON))
        .isEqualTo("{\"bits\":\"0xa\",\"port\":8080}");
    assertThat(ValueCodec.encode(btf, s, ValueCodec.decode(btf, s, data))).isEqualTo(data);
  }

  @Test
  void mapsWithoutBtfAreBytes() throws Exception {
    var spec = MapSpec.of(MapType.ARRAY, 4, 8, 2);
    var entry = new Entry(new byte[] {1, 0, 0, 0}, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    assertThat(dump(spec, List.of(entry), Style.TEXT))
        .isEqualTo("key: 01 00 00 00  value: 01 02 03 04 05 06 07 08\nFound 1 element\n");
    assertThat(dump(spec, List.of(entry), Style.JSON))
        .isEqualTo(
            "[{\"key\":[\"0x01\",\"0x00\",\"0x00\",\"0x00\"],\"value\":[\"0x01\",\"0x02\",\"0x03\","
                + "\"0x04\",\"0x05\",\"0x06\",\"0x07\",\"0x08\"]}]\n");
  }
}
