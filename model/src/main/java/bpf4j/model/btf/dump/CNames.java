package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Names that are unique in the header: the second type called `foo` becomes `foo___2`.
///
/// C has two name spaces: tags of structs, unions and enums; and identifiers, which typedefs share
/// with enumerators.
final class CNames {
  /// libbpf cuts a changed name to this many characters.
  private static final int MAX_CHANGED = 255;

  private final Btf btf;
  private final @Nullable String[] resolved;
  private final Map<String, Integer> tags = new HashMap<>();
  private final Map<String, Integer> identifiers = new HashMap<>();

  CNames(Btf btf) {
    this.btf = btf;
    resolved = new @Nullable String[btf.typeCount()];
  }

  /// Name of a struct, union, enum, forward declaration or basic type.
  String tag(int id) {
    return resolve(id, tags);
  }

  /// Name of a typedef.
  String identifier(int id) {
    return resolve(id, identifiers);
  }

  /// Name of an enumerator; each call counts as one more definition.
  String enumerator(String name) {
    int count = identifiers.merge(name, 1, Integer::sum);
    return count > 1 ? name + "___" + count : name;
  }

  private String resolve(int id, Map<String, Integer> space) {
    if (btf.nameOff(id) == 0) {
      return "";
    }
    String name = resolved[id];
    if (name == null) {
      name = btf.name(id);
      BtfKind kind = btf.kind(id);
      // Declarations only repeat a name; they do not claim it.
      if (kind != BtfKind.FWD && !(kind == BtfKind.ENUM && btf.vlen(id) == 0)) {
        int count = space.merge(name, 1, Integer::sum);
        if (count > 1) {
          name = name + "___" + count;
          name = name.substring(0, Math.min(name.length(), MAX_CHANGED));
        }
      }
      resolved[id] = name;
    }
    return name;
  }
}
