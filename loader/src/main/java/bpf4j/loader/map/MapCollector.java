package bpf4j.loader.map;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.object.BtfWords;
import bpf4j.loader.object.Extern;
import bpf4j.loader.object.ObjectFile;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds all maps of an object, in libbpf's order: those of `.maps` by their place, data sections
/// by number, configuration values, struct_ops. Mirrors libbpf 1.5 `bpf_object__init_maps`.
public final class MapCollector {
  private static final int PAGE = 4096;
  private static final int MAX_NAME = 15;
  private static final int MIN_SUFFIX = 7;
  private static final int ENOMEM = 12;

  private final ObjectFile object;
  private final ElfFile elf;
  private final String objectName;
  private final @Nullable Btf btf;
  private final boolean strict;
  private final List<String> notes;
  private final List<MapEntry> maps = new ArrayList<>();
  private int mapsDatasec;

  /// @param objectName the name that begins the names of data maps
  /// @param btf the object's types, finished, or null
  /// @param strict whether an unknown field of a map definition is an error
  public MapCollector(
      ObjectFile object, String objectName, @Nullable Btf btf, boolean strict, List<String> notes) {
    this.object = object;
    this.elf = object.elf();
    this.objectName = objectName;
    this.btf = btf;
    this.strict = strict;
    this.notes = notes;
  }

  /// The maps, in the order of their numbers in relocations.
  public List<MapEntry> collect(List<Extern> externs) throws ElfException {
    if (object.mapsIdx() >= 0 && btf != null) {
      collectDefined(btf);
    }
    if (object.legacyMapsIdx() >= 0) {
      new LegacyMaps(object, notes).collect(maps);
    }
    for (ElfSection s : elf.sections()) {
      if (s.size() != 0) {
        switch (object.role(s.index())) {
          case DATA -> addData(s, MapSpec.Kind.DATA);
          case RODATA -> addData(s, MapSpec.Kind.RODATA);
          case BSS -> addData(s, MapSpec.Kind.BSS);
          case OTHER, STRUCT_OPS, RELOCATIONS -> {}
        }
      }
    }
    addKconfig(externs);
    if (btf != null) {
      for (ElfSection s : elf.sections()) {
        if (object.role(s.index()) == ObjectFile.Role.STRUCT_OPS) {
          addStructOps(btf, s);
        }
      }
    }
    return maps;
  }

  /// Id of the DATASEC `.maps`, 0 without one.
  public int mapsDatasec() {
    return mapsDatasec;
  }

  private void collectDefined(Btf btf) throws ElfException {
    ElfSection sec = elf.sections().get(object.mapsIdx());
    long size = elf.data(sec).limit();
    mapsDatasec = btf.find(".maps", BtfKind.DATASEC);
    if (mapsDatasec == 0) {
      throw elf.refuse(LibbpfErrno.ENOENT, "DATASEC '.maps' not found.");
    }
    MapDefParser parser = new MapDefParser(elf, btf, strict, notes);
    for (int i = 0; i < btf.vlen(mapsDatasec); i++) {
      addDefined(btf, parser, i, size);
    }
    MapEntry arena = null;
    for (MapEntry m : maps) {
      if (m.isArena()) {
        if (arena != null) {
          throw elf.refuse(
              LibbpfErrno.EINVAL,
              "map '"
                  + m.name
                  + "': only single ARENA map is supported (map '"
                  + arena.name
                  + "' is also ARENA)");
        }
        arena = m;
      }
    }
    addArenaData(arena);
  }

  private void addDefined(Btf btf, MapDefParser parser, int varIdx, long sectionSize)
      throws ElfException {
    int var = btf.varSecType(mapsDatasec, varIdx);
    long offset = Integer.toUnsignedLong(btf.varSecOffset(mapsDatasec, varIdx));
    long size = Integer.toUnsignedLong(btf.varSecSize(mapsDatasec, varIdx));
    String name = btf.name(var);
    if (name.isEmpty()) {
      throw elf.refuse(LibbpfErrno.EINVAL, "map #" + varIdx + ": empty name.");
    }
    String map = "map '" + name + "': ";
    if (offset + size > sectionSize) {
      throw elf.refuse(LibbpfErrno.EINVAL, "map '" + name + "' BTF data is corrupted.");
    }
    if (!btf.isKind(var, BtfKind.VAR)) {
      throw elf.refuse(
          LibbpfErrno.EINVAL, map + "unexpected var kind " + btf.kind(var).label() + ".");
    }
    if (btf.linkage(var) != 1) {
      throw elf.refuse(
          LibbpfErrno.ENOTSUP,
          map + "unsupported map linkage " + BtfWords.linkage(btf.linkage(var)) + ".");
    }
    int struct = btf.skipModsAndTypedefs(btf.target(var));
    if (!btf.isKind(struct, BtfKind.STRUCT)) {
      // The kind libbpf names here is the variable's.
      throw elf.refuse(LibbpfErrno.EINVAL, map + "unexpected def kind var.");
    }
    if (Integer.toUnsignedLong(btf.size(struct)) > size) {
      throw elf.refuse(LibbpfErrno.EINVAL, map + "invalid def size.");
    }
    MapDef def = new MapDef();
    MapDef inner = new MapDef();
    parser.parse(name, struct, def, inner);
    MapEntry entry = new MapEntry(name, MapSpec.Kind.DEFINED, object.mapsIdx(), def);
    entry.secOffset = offset;
    entry.varIdx = varIdx;
    fitRingBuffer(def);
    if (def.hasInner) {
      fitRingBuffer(inner);
      entry.inner = inner;
    }
    maps.add(entry);
  }

  private static void fitRingBuffer(MapDef def) {
    if (def.type == MapType.RINGBUF.id() || def.type == MapType.USER_RINGBUF.id()) {
      def.maxEntries = MapEntry.ringBufferSize(def.maxEntries);
    }
  }

  private void addArenaData(@Nullable MapEntry arena) throws ElfException {
    if (object.arenaIdx() < 0) {
      return;
    }
    ElfSection sec = elf.sections().get(object.arenaIdx());
    if (arena == null) {
      throw elf.refuse(
          LibbpfErrno.ENOENT,
          "elf: sec '"
              + sec.name()
              + "': to use global __arena variables the ARENA map should be explicitly declared in"
              + " SEC(\".maps\")");
    }
    byte[] data = elf.bytes(sec);
    long room = (long) PAGE * Integer.toUnsignedLong(arena.def.maxEntries);
    if ((data.length + PAGE - 1L) / PAGE * PAGE > room) {
      throw elf.refuse(
          LibbpfErrno.E2BIG,
          "elf: sec '"
              + sec.name()
              + "': declared ARENA map size ("
              + room
              + ") is too small to hold global __arena variables of size "
              + data.length);
    }
    arena.initialData = data;
  }

  private void addData(ElfSection s, MapSpec.Kind kind) throws ElfException {
    if (s.size() < 0 || s.size() > 0xffff_ffffL) {
      throw elf.refuse(
          ENOMEM,
          "failed to alloc map '" + internalName(s.name()) + "' content buffer: -" + ENOMEM);
    }
    byte[] data = kind == MapSpec.Kind.BSS ? new byte[0] : elf.bytes(s);
    int size = kind == MapSpec.Kind.BSS ? (int) s.size() : data.length;
    addInternal(kind, s.name(), s.index(), size, data);
  }

  private void addKconfig(List<Extern> externs) {
    int size = 0;
    for (Extern e : externs) {
      if (e.isConfig()) {
        size = e.dataOff + e.size;
      }
    }
    if (size != 0) {
      addInternal(MapSpec.Kind.KCONFIG, ".kconfig", object.symtab().index(), size, new byte[0]);
    }
  }

  private void addInternal(MapSpec.Kind kind, String section, int secIdx, int size, byte[] data) {
    MapDef def = new MapDef();
    def.type = MapType.ARRAY.id();
    def.keySize = 4;
    def.valueSize = size;
    def.maxEntries = 1;
    if (kind == MapSpec.Kind.RODATA || kind == MapSpec.Kind.KCONFIG) {
      def.flags = MapFlags.RDONLY_PROG;
    }
    if (btf != null) {
      def.valueTypeId = btf.find(section);
      if (hasGlobalVariable(btf, def.valueTypeId)) {
        def.flags |= MapFlags.MMAPABLE;
      }
    }
    MapEntry entry = new MapEntry(internalName(section), kind, secIdx, def);
    entry.initialData = data;
    maps.add(entry);
  }

  /// Whether user space could name a variable of the section, so that the map can be mapped.
  private static boolean hasGlobalVariable(Btf btf, int id) {
    if (!btf.isKind(id, BtfKind.DATASEC)) {
      return false;
    }
    for (int i = 0; i < btf.vlen(id); i++) {
      int var = btf.varSecType(id, i);
      if (btf.isKind(var, BtfKind.VAR) && btf.linkage(var) != 0) {
        return true;
      }
    }
    return false;
  }

  /// The kernel's 15 characters: the object's name as far as the section's name leaves room for it,
  /// none of it for sections with a second dot. Mirrors libbpf `internal_map_name`.
  private String internalName(String section) {
    int suffix = Math.min(Math.max(MIN_SUFFIX, section.length()), MAX_NAME);
    boolean custom = section.indexOf('.', 1) >= 0;
    int prefix = custom ? 0 : Math.min(MAX_NAME - suffix, objectName.length());
    String name =
        objectName.substring(0, prefix) + section.substring(0, Math.min(suffix, section.length()));
    return name.replaceAll("[^A-Za-z0-9_.]", "_");
  }

  private void addStructOps(Btf btf, ElfSection s) throws ElfException {
    String section = s.name();
    int datasec = btf.find(section, BtfKind.DATASEC);
    if (datasec == 0) {
      throw elf.refuse(LibbpfErrno.EINVAL, "struct_ops init: DATASEC " + section + " not found");
    }
    byte[] data = elf.bytes(s);
    for (int i = 0; i < btf.vlen(datasec); i++) {
      int var = btf.varSecType(datasec, i);
      int type = btf.isKind(var, BtfKind.VAR) ? btf.target(var) : var;
      type = btf.skipModsAndTypedefs(type);
      String typeName = btf.name(type);
      if (typeName.isEmpty()) {
        throw elf.refuse(LibbpfErrno.ENOTSUP, "struct_ops init: anonymous type is not supported");
      }
      if (!btf.isKind(type, BtfKind.STRUCT)) {
        throw elf.refuse(LibbpfErrno.EINVAL, "struct_ops init: " + typeName + " is not a struct");
      }
      MapDef def = new MapDef();
      def.type = MapType.STRUCT_OPS.id();
      def.keySize = 4;
      def.valueSize = btf.size(type);
      def.maxEntries = 1;
      def.valueTypeId = type;
      MapEntry entry = new MapEntry(btf.name(var), MapSpec.Kind.STRUCT_OPS, s.index(), def);
      // Only the first variable of a `?` section sees the mark, as in libbpf.
      if (section.startsWith("?")) {
        entry.autocreate = false;
        section = section.substring(1);
      }
      def.flags = section.equals(".struct_ops.link") ? MapFlags.LINK : 0;
      entry.secOffset = Integer.toUnsignedLong(btf.varSecOffset(datasec, i));
      long end = entry.secOffset + Integer.toUnsignedLong(btf.size(type));
      if (end > data.length) {
        throw elf.refuse(
            LibbpfErrno.EINVAL,
            "struct_ops init: var " + entry.name + " is beyond the end of DATASEC " + section);
      }
      entry.structOps = new StructOpsData(type, typeName, data, (int) entry.secOffset);
      maps.add(entry);
    }
  }
}
