package bpf4j.model.btf.value;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.MapSpec;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The contents of a map as `bpftool map dump` prints them, typed where the map has BTF.
///
/// ```java
/// var text = new MapText(spec, ValueText.Style.JSON, out);
/// text.begin();
/// map.forEach(text::entry);
/// text.end();
/// ```
///
/// JSON style is `bpftool -j map dump`: bytes as hex strings and, with BTF, the same `formatted`.
/// Text style is what it prints for people. For the two map-of-maps types only the handle can be
/// printed here; whoever knows the inner maps shows them.
public final class MapText {
  private final MapSpec spec;
  private final ValueText.Style style;
  private final Appendable out;
  private final JsonText json;
  private final @Nullable Btf btf;
  private int count;

  public MapText(MapSpec spec, ValueText.Style style, Appendable out) {
    this.spec = spec;
    this.style = style;
    this.out = out;
    this.btf = spec.btfValueTypeId() == 0 ? null : spec.btf();
    this.json = new JsonText(out, style == ValueText.Style.TEXT);
  }

  private boolean isJson() {
    return style == ValueText.Style.JSON || btf != null;
  }

  /// Writes what stands before the entries.
  public void begin() throws IOException {
    if (isJson()) {
      json.begin('[');
    }
  }

  /// Writes an entry.
  public void entry(byte[] key, byte[] value) throws IOException {
    count++;
    if (style == ValueText.Style.JSON) {
      json.begin('{');
      hexField("key", key);
      hexField("value", value);
      if (spec.isMapInMap()) {
        json.name("inner_map_id");
        json.raw(handle(value));
      }
      if (btf != null) {
        json.name("formatted");
        formatted(btf, key, List.of(value), false);
      }
      json.end('}');
    } else if (btf != null) {
      formatted(btf, key, List.of(value), false);
    } else {
      plain(key, value);
    }
  }

  /// Writes an entry of a per-CPU map, which has a value for each CPU.
  public void perCpuEntry(byte[] key, List<byte[]> values) throws IOException {
    count++;
    if (style == ValueText.Style.JSON) {
      json.begin('{');
      hexField("key", key);
      json.name("values");
      json.begin('[');
      for (int cpu = 0; cpu < values.size(); cpu++) {
        json.begin('{');
        json.name("cpu");
        json.raw(Integer.toString(cpu));
        hexField("value", values.get(cpu));
        json.end('}');
      }
      json.end(']');
      if (btf != null) {
        json.name("formatted");
        formatted(btf, key, values, true);
      }
      json.end('}');
    } else if (btf != null) {
      formatted(btf, key, values, true);
    } else {
      plainPerCpu(key, values);
    }
  }

  /// Writes what stands after the entries.
  public void end() throws IOException {
    if (isJson()) {
      json.end(']');
      out.append('\n');
    } else {
      out.append("Found ").append(Integer.toString(count));
      out.append(count == 1 ? " element\n" : " elements\n");
    }
  }

  /// The typed form of one entry alone, what bpftool prints under `formatted`; null where the map
  /// has no BTF. One value makes `"value"`, several make `"values"` by CPU.
  public static @Nullable String formatted(MapSpec spec, byte[] key, List<byte[]> values) {
    var out = new StringBuilder();
    var text = new MapText(spec, ValueText.Style.JSON, out);
    if (text.btf == null) {
      return null;
    }
    try {
      text.formatted(text.btf, key, values, values.size() != 1);
    } catch (IOException e) {
      throw new IllegalStateException("a StringBuilder does not fail", e);
    }
    return out.toString();
  }

  private void formatted(Btf types, byte[] key, List<byte[]> values, boolean perCpu)
      throws IOException {
    json.begin('{');
    if (spec.btfKeyTypeId() != 0) {
      json.name("key");
      ValueText.write(types, spec.btfKeyTypeId(), key, style, json);
    }
    if (perCpu) {
      json.name("values");
      json.begin('[');
      for (int cpu = 0; cpu < values.size(); cpu++) {
        json.begin('{');
        json.name("cpu");
        json.raw(Integer.toString(cpu));
        json.name("value");
        ValueText.write(types, spec.btfValueTypeId(), values.get(cpu), style, json);
        json.end('}');
      }
      json.end(']');
    } else {
      json.name("value");
      ValueText.write(types, spec.btfValueTypeId(), values.getFirst(), style, json);
    }
    json.end('}');
  }

  private void hexField(String name, byte[] bytes) throws IOException {
    json.name(name);
    json.begin('[');
    for (byte b : bytes) {
      json.string("0x" + hex(b));
    }
    json.end(']');
  }

  private static String hex(byte b) {
    String digits = Integer.toHexString(b & 0xff);
    return digits.length() == 1 ? "0" + digits : digits;
  }

  private void hexBytes(byte[] bytes) throws IOException {
    for (int i = 0; i < bytes.length; i++) {
      // bpftool breaks the line after 16 bytes and marks the middle with a wider gap.
      if (i > 0) {
        out.append(i % 16 == 0 ? "\n" : i % 8 == 0 ? "  " : " ");
      }
      out.append(hex(bytes[i]));
    }
  }

  private String handle(byte[] value) {
    return Long.toUnsignedString(
        value.length < 4
            ? 0
            : Integer.toUnsignedLong(
                (value[0] & 0xff)
                    | (value[1] & 0xff) << 8
                    | (value[2] & 0xff) << 16
                    | (value[3] & 0xff) << 24));
  }

  private void plain(byte[] key, byte[] value) throws IOException {
    boolean breakNames = key.length > 16 || value.length > 16;
    boolean oneLine = key.length + value.length <= 24 && !breakNames;
    char gap = breakNames ? '\n' : ' ';
    if (key.length > 0) {
      out.append("key:").append(gap);
      hexBytes(key);
      out.append(oneLine ? "  " : "\n");
    }
    if (value.length > 0) {
      if (spec.isMapInMap()) {
        out.append("inner_map_id:").append(gap).append(handle(value)).append(' ');
      } else {
        out.append("value:").append(gap);
        hexBytes(value);
      }
    }
    out.append('\n');
  }

  private void plainPerCpu(byte[] key, List<byte[]> values) throws IOException {
    if (key.length > 0) {
      out.append("key:\n");
      hexBytes(key);
      out.append('\n');
    }
    for (int cpu = 0; cpu < values.size(); cpu++) {
      byte[] value = values.get(cpu);
      out.append("value (CPU ").append(cpu < 10 ? "0" : "").append(Integer.toString(cpu));
      out.append("):").append(value.length > 16 ? '\n' : ' ');
      hexBytes(value);
      out.append('\n');
    }
  }
}
