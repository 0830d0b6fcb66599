package bpf4j.cli;

import bpf4j.maps.MapFd;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.value.MapText;
import bpf4j.model.btf.value.ValueText;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// Shows what live maps hold, in bpftool's forms.
final class MapDump {
  private final LiveObject live;

  MapDump(LiveObject live) {
    this.live = live;
  }

  /// One map as `bpftool map dump -j` prints it; an outer map's entries name their inner maps.
  String json(MapFd map) {
    StringBuilder out = new StringBuilder();
    try {
      if (map.map().spec().isMapInMap() || map.type() == MapType.PROG_ARRAY) {
        references(map, out);
      } else {
        write(map, ValueText.Style.JSON, out);
      }
    } catch (IOException e) {
      throw new IllegalStateException("a StringBuilder does not fail", e);
    }
    return out.toString().strip();
  }

  /// One map for people.
  String text(MapFd map) {
    StringBuilder out = new StringBuilder();
    try {
      if (map.map().spec().isMapInMap() || map.type() == MapType.PROG_ARRAY) {
        referencesText(map, out);
      } else {
        write(map, ValueText.Style.TEXT, out);
      }
    } catch (IOException e) {
      throw new IllegalStateException("a StringBuilder does not fail", e);
    }
    return out.toString();
  }

  private void write(MapFd map, ValueText.Style style, StringBuilder out) throws IOException {
    int mark = out.length();
    try {
      entries(map, new MapText(map.map().spec(), style, out));
    } catch (BtfException _) {
      // The types do not fit the bytes: show those, as bpftool does for a map without BTF.
      out.setLength(mark);
      entries(map, new MapText(withoutTypes(map.map().spec()), style, out));
    }
  }

  private static void entries(MapFd map, MapText text) throws IOException {
    text.begin();
    boolean perCpu = isPerCpu(map.type());
    int slot = (map.info().valueSize() + 7) & ~7;
    for (byte[] key : keys(map)) {
      byte[] value = map.lookup(key);
      if (value == null) {
        continue;
      }
      if (perCpu) {
        List<byte[]> values = new ArrayList<>();
        for (int at = 0; at + slot <= value.length; at += slot) {
          values.add(Arrays.copyOfRange(value, at, at + map.info().valueSize()));
        }
        text.perCpuEntry(key, values);
      } else {
        text.entry(key, value);
      }
    }
    text.end();
  }

  private void references(MapFd map, StringBuilder out) {
    JsonWriter json = new JsonWriter().beginArray();
    for (byte[] key : keys(map)) {
      byte[] value = map.lookup(key);
      if (value == null) {
        continue;
      }
      json.beginObject().beginArray("key");
      for (byte b : key) {
        json.value("0x" + HexFormat.of().toHexDigits(b));
      }
      json.endArray();
      int id = id(value);
      if (map.type() == MapType.PROG_ARRAY) {
        json.field("program", live.programName(id));
      } else {
        MapFd inner = live.mapById(id);
        String name = inner == null ? "" : inner.map().spec().name();
        if (inner == null) {
          json.field("inner_map_id", id);
        } else if (!name.isEmpty()) {
          json.field("inner_map", name);
        } else {
          json.beginObject("inner")
              .field("max_entries", inner.info().maxEntries())
              .name("entries")
              .raw(json(inner))
              .endObject();
        }
      }
      json.endObject();
    }
    out.append(json.endArray());
  }

  private void referencesText(MapFd map, StringBuilder out) {
    for (byte[] key : keys(map)) {
      byte[] value = map.lookup(key);
      if (value == null) {
        continue;
      }
      int id = id(value);
      out.append("key: ").append(HexFormat.ofDelimiter(" ").formatHex(key)).append("  ");
      if (map.type() == MapType.PROG_ARRAY) {
        out.append("program: ").append(live.programName(id)).append('\n');
        continue;
      }
      MapFd inner = live.mapById(id);
      String name = inner == null ? "" : inner.map().spec().name();
      out.append("inner map: ").append(name.isEmpty() ? "#" + id : name).append('\n');
      if (inner != null && name.isEmpty()) {
        text(inner).lines().forEach(line -> out.append("    ").append(line).append('\n'));
      }
    }
  }

  /// Every key in the map's own order; none for maps without keys.
  static List<byte[]> keys(MapFd map) {
    List<byte[]> keys = new ArrayList<>();
    if (!hasKeys(map.type())) {
      return keys;
    }
    for (byte[] key = map.nextKey(null); key != null; key = map.nextKey(key)) {
      keys.add(key);
      if (keys.size() > Integer.toUnsignedLong(map.info().maxEntries())) {
        break;
      }
    }
    return keys;
  }

  /// Whether user space can walk maps of this type by key.
  static boolean hasKeys(MapType type) {
    return switch (type) {
      case HASH,
          ARRAY,
          PROG_ARRAY,
          PERCPU_HASH,
          PERCPU_ARRAY,
          STACK_TRACE,
          LRU_HASH,
          LRU_PERCPU_HASH,
          LPM_TRIE,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS,
          DEVMAP,
          DEVMAP_HASH,
          CPUMAP ->
          true;
      default -> false;
    };
  }

  /// Whether a value is one for each CPU.
  static boolean isPerCpu(MapType type) {
    return switch (type) {
      case PERCPU_HASH, PERCPU_ARRAY, LRU_PERCPU_HASH, PERCPU_CGROUP_STORAGE -> true;
      default -> false;
    };
  }

  private static MapSpec withoutTypes(MapSpec m) {
    return MapSpec.of(m.name(), m.type(), m.keySize(), m.valueSize(), m.maxEntries(), m.flags());
  }

  private static int id(byte[] value) {
    return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }
}
