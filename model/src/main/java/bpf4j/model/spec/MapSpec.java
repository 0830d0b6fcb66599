package bpf4j.model.spec;

import bpf4j.model.btf.Btf;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What is needed to create one map: the arguments of `BPF_MAP_CREATE`, and what an object file
/// says about the map's first contents.
///
/// @param name the map's name as libbpf knows it (not cut to 15 characters)
/// @param keySize bytes of a key
/// @param valueSize bytes of a value
/// @param maxEntries capacity, an unsigned 32-bit number
/// @param flags bits of [MapFlags]
/// @param mapExtra type-specific extra word of `BPF_MAP_CREATE`
/// @param numaNode NUMA node, meaningful with [MapFlags#NUMA_NODE]
/// @param inner template of the inner maps, for the two map-of-maps types
/// @param pinByName whether the definition asks for `LIBBPF_PIN_BY_NAME`
/// @param btf the types that `btfKeyTypeId` and `btfValueTypeId` index, or null where there are
///   none
/// @param btfKeyTypeId type id of the key, 0 for none
/// @param btfValueTypeId type id of the value, 0 for none
/// @param kind how the object file defines the map
/// @param initialSlots slots that the file fills in `.values = { … }`
/// @param initialData first contents of a global data map's only value; empty for all-zero or none
/// @param frozen whether user space freezes the map after filling it, as libbpf does with `.rodata`
/// @param autocreate whether the map is created by itself; only `?.struct_ops` says no
/// @param structOps for a struct_ops map: the kernel's types and the programs of its members
public record MapSpec(
    String name,
    MapType type,
    int keySize,
    int valueSize,
    int maxEntries,
    int flags,
    long mapExtra,
    int numaNode,
    @Nullable MapSpec inner,
    boolean pinByName,
    @Nullable Btf btf,
    int btfKeyTypeId,
    int btfValueTypeId,
    Kind kind,
    List<InitialSlot> initialSlots,
    byte[] initialData,
    boolean frozen,
    boolean autocreate,
    @Nullable StructOps structOps) {

  /// A map that is created by itself and is no struct_ops map.
  public MapSpec(
      String name,
      MapType type,
      int keySize,
      int valueSize,
      int maxEntries,
      int flags,
      long mapExtra,
      int numaNode,
      @Nullable MapSpec inner,
      boolean pinByName,
      @Nullable Btf btf,
      int btfKeyTypeId,
      int btfValueTypeId,
      Kind kind,
      List<InitialSlot> initialSlots,
      byte[] initialData,
      boolean frozen) {
    this(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        mapExtra,
        numaNode,
        inner,
        pinByName,
        btf,
        btfKeyTypeId,
        btfValueTypeId,
        kind,
        initialSlots,
        initialData,
        frozen,
        true,
        null);
  }

  /// How an object file defines a map.
  public enum Kind {
    /// A variable in `.maps`, a legacy `maps` section, or a map made by hand.
    DEFINED,
    DATA,
    RODATA,
    BSS,
    KCONFIG,
    STRUCT_OPS,
    ARENA
  }

  /// One slot that `.values` fills: the index, and the name of the map or program put there.
  public record InitialSlot(int index, String target) {}

  /// What makes a map a struct_ops map.
  ///
  /// @param typeName name of the kernel's struct, such as `tcp_congestion_ops`
  /// @param valueTypeId id of `struct bpf_struct_ops_…` in the kernel's BTF
  /// @param funcs the members that programs implement
  public record StructOps(String typeName, int valueTypeId, List<Func> funcs) {
    public StructOps {
      funcs = List.copyOf(funcs);
    }

    /// A member implemented by a program.
    ///
    /// @param member the member's name
    /// @param valueOff byte offset in the map's value where the program's fd goes
    /// @param program the program's name
    public record Func(String member, int valueOff, String program) {}
  }

  public MapSpec {
    Objects.requireNonNull(name);
    Objects.requireNonNull(type);
    initialSlots = List.copyOf(initialSlots);
  }

  /// A plain map without BTF, flags or contents.
  public static MapSpec of(MapType type, int keySize, int valueSize, int maxEntries) {
    return of("", type, keySize, valueSize, maxEntries, 0);
  }

  /// A plain map without BTF or contents.
  public static MapSpec of(
      String name, MapType type, int keySize, int valueSize, int maxEntries, int flags) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        0,
        0,
        null,
        false,
        null,
        0,
        0,
        Kind.DEFINED,
        List.of(),
        new byte[0],
        false);
  }

  /// The same map as an outer map whose inner maps look like `template`.
  public MapSpec withInner(MapSpec template) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        mapExtra,
        numaNode,
        template,
        pinByName,
        btf,
        btfKeyTypeId,
        btfValueTypeId,
        kind,
        initialSlots,
        initialData,
        frozen,
        autocreate,
        structOps);
  }

  /// The same map with another capacity.
  public MapSpec withMaxEntries(int entries) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        entries,
        flags,
        mapExtra,
        numaNode,
        inner,
        pinByName,
        btf,
        btfKeyTypeId,
        btfValueTypeId,
        kind,
        initialSlots,
        initialData,
        frozen,
        autocreate,
        structOps);
  }

  /// The same map with other flags.
  public MapSpec withFlags(int newFlags) {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        newFlags,
        mapExtra,
        numaNode,
        inner,
        pinByName,
        btf,
        btfKeyTypeId,
        btfValueTypeId,
        kind,
        initialSlots,
        initialData,
        frozen);
  }

  /// The same map without BTF types for key and value.
  public MapSpec withoutBtf() {
    return new MapSpec(
        name,
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        mapExtra,
        numaNode,
        inner,
        pinByName,
        null,
        0,
        0,
        kind,
        initialSlots,
        initialData,
        frozen);
  }

  /// Whether this is one of the two map-of-maps types.
  public boolean isMapInMap() {
    return type == MapType.ARRAY_OF_MAPS || type == MapType.HASH_OF_MAPS;
  }
}
