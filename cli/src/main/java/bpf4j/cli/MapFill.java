package bpf4j.cli;

import bpf4j.maps.MapException;
import bpf4j.maps.MapFd;
import bpf4j.maps.UpdateFlag;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.value.ValueCodec;
import bpf4j.model.spec.MapSpec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Fills live maps from JSON as `bpftool map dump -j` prints it:
///
/// ```json
/// [{"key": ["0x01","0x00","0x00","0x00"], "value": ["0x2a","0x00"]},
///  {"key": 2, "value": {"packets": 3}},
///  {"formatted": {"key": 3, "value": {"packets": 4}}},
///  {"key": 4, "values": [{"cpu": 0, "value": 7}]},
///  {"key": 5, "inner_map": "web"},
///  {"key": 6, "inner": {"max_entries": 8, "entries": [{"key": 0, "value": 9}]}},
///  {"key": 7, "program": "next"}]
/// ```
///
/// Bytes are hex strings or numbers; what is no list of bytes is read through the map's types, and
/// without those a number fills the whole key or value.
final class MapFill {
  private final LiveObject live;
  private final String fileName;

  MapFill(LiveObject live, String fileName) {
    this.live = live;
    this.fileName = fileName;
  }

  /// Fills `map` from the text of the file; throws [InputProblem] naming file and entry.
  void fill(MapFd map, String json) {
    Object entries;
    try {
      entries = JsonReader.parse(json);
    } catch (IllegalArgumentException e) {
      throw new InputProblem(fileName + ": " + e.getMessage());
    }
    fill(map, entries, "");
  }

  private void fill(MapFd map, @Nullable Object entries, String path) {
    if (!(entries instanceof List<?> list)) {
      throw wrong(path, "entries are a JSON list");
    }
    for (int i = 0; i < list.size(); i++) {
      String at = path + "[" + i + "]";
      if (!(list.get(i) instanceof Map<?, ?> entry)) {
        throw wrong(at, "an entry is a JSON object");
      }
      try {
        entry(map, entry, at);
      } catch (MapException e) {
        throw wrong(at, "map '" + map.name() + "': " + e.getMessage() + " (" + e.errno() + ")");
      }
    }
  }

  private void entry(MapFd map, Map<?, ?> entry, String at) {
    Map<?, ?> typed = entry.get("formatted") instanceof Map<?, ?> formatted ? formatted : Map.of();
    MapSpec spec = map.map().spec();
    byte[] key =
        bytes(
            entry.containsKey("key") ? entry.get("key") : typed.get("key"),
            spec.keySize(),
            spec.btf(),
            spec.btfKeyTypeId(),
            at + ".key");
    if (entry.containsKey("inner_map")) {
      map.update(key, live.map(String.valueOf(entry.get("inner_map"))), UpdateFlag.ANY);
    } else if (entry.get("inner") instanceof Map<?, ?> inner) {
      int size =
          inner.get("max_entries") instanceof Number n ? n.intValue() : templateSize(map, at);
      MapFd fresh = live.createInner(map, size);
      fill(fresh, inner.containsKey("entries") ? inner.get("entries") : List.of(), at + ".inner");
      map.update(key, fresh, UpdateFlag.ANY);
    } else if (entry.containsKey("program")) {
      map.update(key, live.program(String.valueOf(entry.get("program"))), UpdateFlag.ANY);
    } else {
      map.update(key, value(map, entry, typed, at));
    }
  }

  private int templateSize(MapFd map, String at) {
    MapSpec template = map.map().innerTemplate();
    if (template == null) {
      throw wrong(at, "map '" + map.name() + "' holds no maps");
    }
    return template.maxEntries();
  }

  private byte[] value(MapFd map, Map<?, ?> entry, Map<?, ?> typed, String at) {
    MapSpec spec = map.map().spec();
    if (!MapDump.isPerCpu(map.type())) {
      Object value = entry.containsKey("value") ? entry.get("value") : typed.get("value");
      return bytes(value, spec.valueSize(), spec.btf(), spec.btfValueTypeId(), at + ".value");
    }
    int slot = (spec.valueSize() + 7) & ~7;
    byte[] all = new byte[map.valueSize()];
    if (!(entry.get("values") instanceof List<?> values)) {
      byte[] one =
          bytes(
              entry.get("value"),
              spec.valueSize(),
              spec.btf(),
              spec.btfValueTypeId(),
              at + ".value");
      for (int cpuAt = 0; cpuAt < all.length; cpuAt += slot) {
        System.arraycopy(one, 0, all, cpuAt, one.length);
      }
      return all;
    }
    for (int i = 0; i < values.size(); i++) {
      String where = at + ".values[" + i + "]";
      if (!(values.get(i) instanceof Map<?, ?> each) || !(each.get("cpu") instanceof Long cpu)) {
        throw wrong(where, "a per-CPU value is an object with cpu and value");
      }
      if (cpu < 0 || (cpu + 1) * slot > all.length) {
        throw wrong(where, "no CPU " + cpu + ": there are " + all.length / slot);
      }
      byte[] one =
          bytes(each.get("value"), spec.valueSize(), spec.btf(), spec.btfValueTypeId(), where);
      System.arraycopy(one, 0, all, (int) (cpu * slot), one.length);
    }
    return all;
  }

  private byte[] bytes(@Nullable Object value, int size, @Nullable Btf btf, int typeId, String at) {
    if (value instanceof List<?> list && list.size() == size && isBytes(list)) {
      byte[] out = new byte[size];
      for (int i = 0; i < size; i++) {
        out[i] = (byte) byteOf(list.get(i));
      }
      return out;
    }
    if (value == null) {
      throw wrong(at, "is missing");
    }
    if (btf != null && typeId != 0) {
      try {
        return ValueCodec.encode(btf, typeId, value, at);
      } catch (BtfException | IllegalArgumentException e) {
        throw wrong(at, String.valueOf(e.getMessage()));
      }
    }
    long number =
        value instanceof Long l ? l : value instanceof String s ? number(s, at) : noValue(at, size);
    byte[] out = new byte[size];
    for (int i = 0; i < size; i++) {
      out[i] = (byte) (i < 8 ? number >> (8 * i) : number >> 63);
    }
    return out;
  }

  private long noValue(String at, int size) {
    throw wrong(at, "is neither a number nor a list of " + size + " bytes");
  }

  private long number(String text, String at) {
    try {
      return Long.decode(text);
    } catch (NumberFormatException _) {
      throw wrong(at, "'" + text + "' is no number");
    }
  }

  private static boolean isBytes(List<?> list) {
    return list.stream().allMatch(e -> byteOf(e) >= 0);
  }

  /// The byte that a JSON value stands for, or -1.
  private static int byteOf(@Nullable Object value) {
    if (value instanceof Long l && l >= 0 && l < 256) {
      return l.intValue();
    }
    return value instanceof String s && s.matches("0x[0-9a-fA-F]{1,2}")
        ? Integer.parseInt(s.substring(2), 16)
        : -1;
  }

  private InputProblem wrong(String at, String what) {
    return new InputProblem(fileName + (at.isEmpty() ? "" : ": " + at) + ": " + what);
  }
}
