package bpf4j.loader.map;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.model.btf.Btf;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One map of the object while it is being opened; [#toSpec] ends that.
public final class MapEntry {
  private static final int PAGE = 4096;

  /// The name libbpf and the kernel know.
  final String name;

  final MapSpec.Kind kind;

  /// Where the map's variable or data lies.
  final int secIdx;

  long secOffset;
  final MapDef def;
  @Nullable MapDef inner;

  /// Index of its variable in the DATASEC of `.maps`.
  int varIdx = -1;

  /// What `.values` puts in which slot.
  final Map<Integer, String> initialSlots = new TreeMap<>();

  byte[] initialData = new byte[0];
  boolean autocreate = true;
  @Nullable StructOpsData structOps;

  MapEntry(String name, MapSpec.Kind kind, int secIdx, MapDef def) {
    this.name = name;
    this.kind = kind;
    this.secIdx = secIdx;
    this.def = def;
  }

  public String name() {
    return name;
  }

  public MapSpec.Kind kind() {
    return kind;
  }

  public int secIdx() {
    return secIdx;
  }

  public long secOffset() {
    return secOffset;
  }

  public boolean isArena() {
    return def.type == MapType.ARENA.id();
  }

  public @Nullable StructOpsData structOps() {
    return structOps;
  }

  boolean isMapInMap() {
    return MapDefParser.isMapInMap(def.type);
  }

  /// The size a ring buffer gets: the next power of two of pages, unless it is one already.
  static int ringBufferSize(int wanted) {
    long size = Integer.toUnsignedLong(wanted);
    long pages = size / PAGE;
    if (size == 0 || (size % PAGE == 0 && Long.bitCount(pages) == 1)) {
      return wanted;
    }
    long fit = PAGE;
    while (fit <= size) {
      fit *= 2;
    }
    return fit > 0xffff_ffffL ? wanted : (int) fit;
  }

  /// Contents of the `.kconfig` map, for the values to be written into.
  public byte[] configData() {
    if (initialData.length != def.valueSize) {
      initialData = new byte[def.valueSize];
    }
    return initialData;
  }

  private void checkType(ElfFile elf, MapDef d) throws ElfException {
    if (Integer.compareUnsigned(d.type, MapType.values().length) >= 0) {
      throw elf.refuse(
          LibbpfErrno.EINVAL,
          "map '"
              + name
              + "': failed to create: Invalid argument(-22): map type "
              + Integer.toUnsignedString(d.type)
              + " is unknown");
    }
  }

  /// The finished map. Throws when the kernel knows no such type of map.
  ///
  /// @param btf the object's types, or null when the kernel would not take them
  /// @param cpus entries of a perf event array that does not say how many it has
  public MapSpec toSpec(ElfFile elf, @Nullable Btf btf, int cpus) throws ElfException {
    checkType(elf, def);
    if (inner != null) {
      checkType(elf, inner);
    }
    MapSpec template = inner == null ? null : spec(name + ".inner", inner, btf, cpus, null);
    return spec(name, def, btf, cpus, template);
  }

  private MapSpec spec(
      String specName, MapDef d, @Nullable Btf btf, int cpus, @Nullable MapSpec template) {
    MapType type = MapType.ofId(d.type);
    boolean own = d == def;
    int entries = d.maxEntries;
    if (type == MapType.PERF_EVENT_ARRAY && entries == 0) {
      entries = cpus;
    }
    boolean types = btf != null && keepsTypes(type);
    List<MapSpec.InitialSlot> slots = new ArrayList<>();
    if (own) {
      initialSlots.forEach((slot, target) -> slots.add(new MapSpec.InitialSlot(slot, target)));
    }
    return new MapSpec(
        specName,
        type,
        d.keySize,
        d.valueSize,
        entries,
        d.flags,
        d.mapExtra,
        d.numaNode,
        template,
        d.pinByName,
        types ? btf : null,
        types ? d.keyTypeId : 0,
        types ? d.valueTypeId : 0,
        own && type == MapType.ARENA ? MapSpec.Kind.ARENA : own ? kind : MapSpec.Kind.DEFINED,
        slots,
        own ? initialData : new byte[0],
        own && (kind == MapSpec.Kind.RODATA || kind == MapSpec.Kind.KCONFIG),
        !own || autocreate,
        own && structOps != null ? structOps.toSpec() : null);
  }

  /// Whether libbpf hands the types of key and value to the kernel for this type of map.
  private static boolean keepsTypes(MapType type) {
    return switch (type) {
      case PERF_EVENT_ARRAY,
          CGROUP_ARRAY,
          STACK_TRACE,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS,
          DEVMAP,
          DEVMAP_HASH,
          CPUMAP,
          XSKMAP,
          SOCKMAP,
          SOCKHASH,
          QUEUE,
          STACK,
          ARENA,
          STRUCT_OPS ->
          false;
      default -> true;
    };
  }
}
