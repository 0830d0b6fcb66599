package bpf4j.maps;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/// Maps as bytes: their definitions, contents, and the names they are pinned by.
///
/// ```text
///   "BPF4JMP1"  u32 CPUs  u32 maps { definition, u8 outer?, [template], u8 frozen,
///                                    u32 elements { key, value or u32 index of the inner map } }
///   u32 pins { name, u32 index of the map }
///   u64 CRC-32 of everything before
/// ```
///
/// Inner maps come before the outer maps that hold them, once each. Numbers are big-endian; bytes
/// and text have a u32 length in front.
final class MapState {
  private static final byte[] MAGIC = "BPF4JMP1".getBytes(StandardCharsets.US_ASCII);
  private static final int CRC_BYTES = 8;
  private static final int LARGEST_SIZE = 1 << 30;

  private MapState() {}

  // ---- writing ----

  static byte[] encode(MapTable table, Map<String, MapFd> pins) {
    List<BpfMap> maps = new ArrayList<>();
    Map<BpfMap, Integer> index = new IdentityHashMap<>();
    for (MapFd fd : pins.values()) {
      addWithInner(fd.map(), maps, index);
    }
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.write(MAGIC);
      out.writeInt(table.possibleCpus());
      out.writeInt(maps.size());
      for (BpfMap map : maps) {
        writeMap(out, map, index);
      }
      out.writeInt(pins.size());
      for (var pin : pins.entrySet()) {
        writeBytes(out, pin.getKey().getBytes(StandardCharsets.UTF_8));
        out.writeInt(index.getOrDefault(pin.getValue().map(), -1));
      }
      out.writeLong(crc(bytes.toByteArray(), bytes.size()));
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
  }

  private static long crc(byte[] bytes, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, 0, length);
    return crc.getValue();
  }

  private static void addWithInner(BpfMap map, List<BpfMap> maps, Map<BpfMap, Integer> index) {
    if (index.containsKey(map)) {
      return;
    }
    checkCanBeKept(map);
    if (map.innerTemplate() != null) {
      for (byte[] key = map.sysNextKey(null); key != null; key = map.sysNextKey(key)) {
        byte[] id = map.sysLookup(key, 0);
        BpfMap inner = id == null ? null : map.table.mapById(GuestBytes.u32(id));
        if (inner != null) {
          addWithInner(inner, maps, index);
        }
      }
    }
    index.put(map, maps.size());
    maps.add(map);
  }

  private static void checkCanBeKept(BpfMap map) {
    switch (map.type()) {
      case HASH,
          ARRAY,
          PERCPU_HASH,
          PERCPU_ARRAY,
          LRU_HASH,
          LRU_PERCPU_HASH,
          LPM_TRIE,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS,
          QUEUE,
          STACK -> {}
      default ->
          throw map.refused(
              Errno.EOPNOTSUPP, "its contents refer to a running machine and cannot be kept");
    }
  }

  private static void writeMap(DataOutputStream out, BpfMap map, Map<BpfMap, Integer> index)
      throws IOException {
    writeSpec(out, map.spec());
    MapSpec template = map.innerTemplate();
    out.writeBoolean(template != null);
    if (template != null) {
      writeSpec(out, template);
    }
    out.writeBoolean(map.isFrozen());
    List<byte[]> keys = new ArrayList<>();
    List<byte[]> values = new ArrayList<>();
    if (map instanceof QueueStackMap queue) {
      values.addAll(queue.oldestFirst());
      values.forEach(v -> keys.add(new byte[0]));
    } else {
      collect(map, keys, values);
    }
    out.writeInt(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      writeBytes(out, keys.get(i));
      if (template == null) {
        writeBytes(out, values.get(i));
      } else {
        BpfMap inner = map.table.mapById(GuestBytes.u32(values.get(i)));
        out.writeInt(inner == null ? -1 : index.getOrDefault(inner, -1));
      }
    }
  }

  private static void collect(BpfMap map, List<byte[]> keys, List<byte[]> values) {
    boolean array = map.type() == MapType.ARRAY || map.type() == MapType.PERCPU_ARRAY;
    for (byte[] key = map.sysNextKey(null); key != null; key = map.sysNextKey(key)) {
      byte[] value = map.sysLookup(key, 0);
      if (value != null && !(array && Arrays.equals(value, new byte[value.length]))) {
        keys.add(key);
        values.add(value);
      }
    }
  }

  private static void writeSpec(DataOutputStream out, MapSpec spec) throws IOException {
    writeBytes(out, spec.name().getBytes(StandardCharsets.UTF_8));
    out.writeInt(spec.type().id());
    out.writeInt(spec.keySize());
    out.writeInt(spec.valueSize());
    out.writeInt(spec.maxEntries());
    out.writeInt(spec.flags());
    out.writeLong(spec.mapExtra());
    out.writeInt(spec.numaNode());
    Btf btf = spec.btf();
    writeBytes(out, btf == null ? new byte[0] : btf.encode());
    out.writeInt(spec.btfKeyTypeId());
    out.writeInt(spec.btfValueTypeId());
  }

  private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  // ---- reading ----

  /// The maps of a state by the names they are pinned by, made in `table`; throws [MapException]
  /// with EIO where the bytes are no state.
  static Map<String, MapFd> decode(MapTable table, byte[] bytes) {
    int length = bytes.length - CRC_BYTES;
    boolean whole =
        length > MAGIC.length
            && Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
            && java.nio.ByteBuffer.wrap(bytes, length, CRC_BYTES).getLong() == crc(bytes, length);
    if (!whole) {
      throw new MapException(Errno.EIO, "the map state is damaged: its checksum does not fit");
    }
    List<MapFd> maps = new ArrayList<>();
    try {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, 0, length));
      in.skipNBytes(MAGIC.length);
      int cpus = in.readInt();
      int count = in.readInt();
      for (int i = 0; i < count; i++) {
        maps.add(readMap(in, table, maps, cpus));
      }
      Map<String, MapFd> pins = new LinkedHashMap<>();
      int pinCount = in.readInt();
      for (int i = 0; i < pinCount; i++) {
        String name = new String(readBytes(in), StandardCharsets.UTF_8);
        pins.put(name, table.open(maps.get(in.readInt()).id()));
      }
      return pins;
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new MapException(Errno.EIO, "the map state is damaged: " + e.getMessage());
    } finally {
      maps.forEach(MapFd::close);
    }
  }

  private static MapFd readMap(DataInputStream in, MapTable table, List<MapFd> maps, int cpus)
      throws IOException {
    MapSpec spec = readSpec(in);
    MapSpec template = in.readBoolean() ? readSpec(in) : null;
    MapFd map = table.create(template == null ? spec : spec.withInner(template));
    boolean frozen = in.readBoolean();
    int count = in.readInt();
    if (map.valueSize() != spec.valueSize() && cpus != table.possibleCpus()) {
      map.close();
      throw new MapException(
          Errno.EINVAL,
          "%s was kept with %d CPUs, not %d".formatted(map, cpus, table.possibleCpus()));
    }
    for (int i = 0; i < count; i++) {
      byte[] key = readBytes(in);
      if (template == null) {
        map.update(key, readBytes(in));
      } else {
        map.update(key, maps.get(in.readInt()), UpdateFlag.ANY);
      }
    }
    if (frozen) {
      map.freeze();
    }
    return map;
  }

  private static MapSpec readSpec(DataInputStream in) throws IOException {
    String name = new String(readBytes(in), StandardCharsets.UTF_8);
    MapType type = MapType.ofId(in.readInt());
    int keySize = in.readInt();
    int valueSize = in.readInt();
    int maxEntries = in.readInt();
    int flags = in.readInt();
    long extra = in.readLong();
    int numaNode = in.readInt();
    byte[] types = readBytes(in);
    @Nullable Btf btf = types.length == 0 ? null : Btf.parse(types);
    int keyType = in.readInt();
    int valueType = in.readInt();
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        extra,
        numaNode,
        null,
        false,
        btf,
        keyType,
        valueType,
        MapSpec.Kind.DEFINED,
        List.of(),
        new byte[0],
        false);
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > LARGEST_SIZE || length > in.available()) {
      throw new IOException("a length of " + length);
    }
    return in.readNBytes(length);
  }
}
