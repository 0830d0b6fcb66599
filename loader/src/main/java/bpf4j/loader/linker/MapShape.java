package bpf4j.loader.linker;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a definition in `.maps` says, as far as two definitions of one map must agree.
///
/// A number is the length of an array behind a pointer (`__uint`) or the only value of an enum
/// (`__ulong`), a type stands behind a pointer (`__type`), and `values` is an array of pointers to
/// the definition of inner maps.
final class MapShape {
  private final Map<String, Long> numbers = new HashMap<>();
  final int keyType;
  final int valueType;

  /// Definition of the inner maps, or null.
  final @Nullable MapShape inner;

  private MapShape(int keyType, int valueType, @Nullable MapShape inner) {
    this.keyType = keyType;
    this.valueType = valueType;
    this.inner = inner;
  }

  /// The number of an attribute, 0 where the definition does not have it.
  long number(String attribute) {
    return numbers.getOrDefault(attribute, 0L);
  }

  /// Reads the definition in struct `id`, or returns null where it is none.
  static @Nullable MapShape read(Btf btf, int id) {
    return read(btf, id, true);
  }

  private static @Nullable MapShape read(Btf btf, int id, boolean outer) {
    int def = btf.skipModsAndTypedefs(id);
    if (!btf.kind(def).isComposite()) {
      return null;
    }
    int key = 0;
    int value = 0;
    MapShape template = null;
    var numbers = new HashMap<String, Long>();
    for (int i = 0, n = btf.vlen(def); i < n; i++) {
      String name = btf.memberName(def, i);
      int type = btf.skipModsAndTypedefs(btf.memberType(def, i));
      if (name.equals("values")) {
        template = outer ? values(btf, type) : null;
        continue;
      }
      if (btf.kind(type).isAnyEnum() && btf.vlen(type) == 1) {
        numbers.put(name, btf.enumValue(type, 0));
        continue;
      }
      if (!btf.isKind(type, BtfKind.PTR)) {
        return null;
      }
      int target = btf.target(type);
      if (name.equals("key") || name.equals("value")) {
        numbers.put(name + "_size", btf.resolveSize(target));
        key = name.equals("key") ? target : key;
        value = name.equals("value") ? target : value;
      } else {
        int array = btf.skipModsAndTypedefs(target);
        if (!btf.isKind(array, BtfKind.ARRAY)) {
          return null;
        }
        numbers.put(name, Integer.toUnsignedLong(btf.arrayLength(array)));
      }
    }
    var shape = new MapShape(key, value, template);
    shape.numbers.putAll(numbers);
    return shape;
  }

  private static @Nullable MapShape values(Btf btf, int arrayId) {
    if (!btf.isKind(arrayId, BtfKind.ARRAY)) {
      return null;
    }
    int ptr = btf.skipModsAndTypedefs(btf.arrayElement(arrayId));
    return btf.isKind(ptr, BtfKind.PTR) ? read(btf, btf.target(ptr), false) : null;
  }
}
