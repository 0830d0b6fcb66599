package bpf4j.loader.map;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.MapType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads one map definition from the struct type of a variable in `.maps`.
///
/// A number is written as a pointer to an array of that many elements (`__uint`) or as the only
/// value of an enum (`__ulong`), a type as a pointer to it (`__type`), inner maps and programs as
/// an array without length of pointers (`__array`). Mirrors libbpf 1.5 `parse_btf_map_def`.
final class MapDefParser {
  private final ElfFile elf;
  private final Btf btf;
  private final boolean strict;
  private final List<String> notes;

  /// @param strict whether an unknown field is an error
  MapDefParser(ElfFile elf, Btf btf, boolean strict, List<String> notes) {
    this.elf = elf;
    this.btf = btf;
    this.strict = strict;
    this.notes = notes;
  }

  /// @param inner where to put the template of inner maps; null when `def` is that template
  void parse(String map, int struct, MapDef def, @Nullable MapDef inner) throws ElfException {
    for (int i = 0; i < btf.vlen(struct); i++) {
      String field = btf.memberName(struct, i);
      int type = btf.memberType(struct, i);
      switch (field) {
        case "type" -> def.type = number(map, field, type);
        case "max_entries" -> def.maxEntries = number(map, field, type);
        case "map_flags" -> def.flags = number(map, field, type);
        case "numa_node" -> def.numaNode = number(map, field, type);
        case "key_size" -> def.keySize = sizeNumber(map, field, type, "key", def.keySize);
        case "value_size" -> def.valueSize = sizeNumber(map, field, type, "value", def.valueSize);
        case "key" -> {
          def.keySize = sizeOfType(map, type, "key", def.keySize);
          def.keyTypeId = btf.target(type);
        }
        case "value" -> {
          def.valueSize = sizeOfType(map, type, "value", def.valueSize);
          def.valueTypeId = btf.target(type);
        }
        case "values" -> {
          if (inner == null) {
            throw refuse(LibbpfErrno.ENOTSUP, map, "multi-level inner maps not supported.");
          }
          if (i != btf.vlen(struct) - 1) {
            throw invalid(map, "'" + field + "' member should be last.");
          }
          values(map, type, def, inner);
        }
        case "pinning" -> {
          if (inner == null) {
            throw invalid(map, "inner def can't be pinned.");
          }
          int pinning = number(map, field, type);
          if (pinning != 0 && pinning != 1) {
            throw invalid(map, "invalid pinning value " + Integer.toUnsignedString(pinning) + ".");
          }
          def.pinByName = pinning == 1;
        }
        case "map_extra" -> def.mapExtra = longNumber(map, field, type);
        default -> unknown(map, field);
      }
    }
    if (def.type == MapType.UNSPEC.id()) {
      throw invalid(map, "map type isn't specified.");
    }
  }

  private void unknown(String map, String field) throws ElfException {
    if (strict) {
      throw refuse(LibbpfErrno.ENOTSUP, map, "unknown field '" + field + "'.");
    }
    notes.add("map '" + map + "': ignoring unknown field '" + field + "'.");
  }

  private int number(String map, String field, int memberType) throws ElfException {
    int ptr = btf.skipModsAndTypedefs(memberType);
    if (!btf.isKind(ptr, BtfKind.PTR)) {
      throw invalid(map, "attr '" + field + "': expected PTR, got " + kindOf(ptr) + ".");
    }
    int array = btf.target(ptr);
    if (!btf.isKind(array, BtfKind.ARRAY)) {
      throw invalid(map, "attr '" + field + "': expected ARRAY, got " + kindOf(array) + ".");
    }
    return btf.arrayLength(array);
  }

  private long longNumber(String map, String field, int memberType) throws ElfException {
    int id = btf.skipModsAndTypedefs(memberType);
    if (btf.isKind(id, BtfKind.PTR)) {
      return Integer.toUnsignedLong(number(map, field, memberType));
    }
    if (!btf.kind(id).isAnyEnum()) {
      throw invalid(map, "attr '" + field + "': expected ENUM or ENUM64, got " + kindOf(id) + ".");
    }
    if (btf.vlen(id) != 1) {
      throw invalid(map, "attr '" + field + "': invalid __ulong");
    }
    // libbpf reads a 32-bit enumerator as signed whatever the enum says.
    return btf.isKind(id, BtfKind.ENUM) ? (int) btf.enumValue(id, 0) : btf.enumValue(id, 0);
  }

  private int sizeNumber(String map, String field, int memberType, String what, int before)
      throws ElfException {
    int size = number(map, field, memberType);
    checkSame(map, what, before, size);
    return size;
  }

  private int sizeOfType(String map, int memberType, String what, int before) throws ElfException {
    if (!btf.isKind(memberType, BtfKind.PTR)) {
      throw invalid(map, what + " spec is not PTR: " + kindOf(memberType) + ".");
    }
    int type = btf.target(memberType);
    long size = btf.resolveSize(type);
    if (size < 0) {
      throw invalid(map, "can't determine " + what + " size for type [" + type + "]: -22.");
    }
    checkSame(map, what, before, (int) size);
    return (int) size;
  }

  private void checkSame(String map, String what, int before, int size) throws ElfException {
    if (before != 0 && before != size) {
      throw invalid(
          map,
          "conflicting "
              + what
              + " size "
              + Integer.toUnsignedString(before)
              + " != "
              + Integer.toUnsignedString(size)
              + ".");
    }
  }

  private void values(String map, int type, MapDef def, MapDef inner) throws ElfException {
    boolean mapInMap = isMapInMap(def.type);
    boolean progArray = def.type == MapType.PROG_ARRAY.id();
    if (!mapInMap && !progArray) {
      throw refuse(LibbpfErrno.ENOTSUP, map, "should be map-in-map or prog-array.");
    }
    checkSame(map, "value", def.valueSize, 4);
    def.valueSize = 4;
    String what = mapInMap ? "map-in-map inner" : "prog-array value";
    if (!btf.isKind(type, BtfKind.ARRAY) || btf.arrayLength(type) != 0) {
      throw invalid(map, what + " spec is not a zero-sized array.");
    }
    int ptr = btf.skipModsAndTypedefs(btf.arrayElement(type));
    if (!btf.isKind(ptr, BtfKind.PTR)) {
      throw invalid(map, what + " def is of unexpected kind " + kindOf(ptr) + ".");
    }
    int target = btf.skipModsAndTypedefs(btf.target(ptr));
    if (!btf.isKind(target, progArray ? BtfKind.FUNC_PROTO : BtfKind.STRUCT)) {
      throw invalid(map, what + " def is of unexpected kind " + kindOf(target) + ".");
    }
    if (mapInMap) {
      parse(map + ".inner", target, inner, null);
      def.hasInner = true;
    }
  }

  static boolean isMapInMap(int type) {
    return type == MapType.ARRAY_OF_MAPS.id() || type == MapType.HASH_OF_MAPS.id();
  }

  private String kindOf(int id) {
    return btf.kind(id).label();
  }

  private ElfException invalid(String map, String text) {
    return refuse(LibbpfErrno.EINVAL, map, text);
  }

  private ElfException refuse(int errno, String map, String text) {
    return elf.refuse(errno, "map '" + map + "': " + text);
  }
}
