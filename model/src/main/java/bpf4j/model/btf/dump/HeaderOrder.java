package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/// The order of definitions in a header that changes little from one kernel to the next: by kind,
/// then name, then a hash of the contents, as bpftool sorts them.
///
/// Pointers, qualifiers, typedefs, tags and arrays count as what they lead to; that is worked out
/// once for each type, from the end of its chain.
final class HeaderOrder {
  private static final int LAST_RANK = 10;

  private final Btf btf;

  /// What each chain of references leads to; -1 before it is known.
  private final int[] leaf;

  /// Hash of each type without and with the members of structs, once `leaf` is known.
  private final long[] shallowHash;

  private final long[] deepHash;

  private record Key(int id, int rank, String sortName, String ownName, long hash) {}

  HeaderOrder(Btf btf) {
    this.btf = btf;
    int n = btf.typeCount();
    leaf = new int[n];
    Arrays.fill(leaf, -1);
    shallowHash = new long[n];
    deepHash = new long[n];
  }

  int[] ids() {
    int n = btf.typeCount();
    for (int id = 0; id < n; id++) {
      follow(id);
    }
    // Members count with their shallow hashes, so these must all be known first.
    for (int id = 0; id < n; id++) {
      if (leaf[id] == id) {
        deepHash[id] = shallowHash[id];
        if (btf.kind(id).isComposite()) {
          deepHash[id] = memberHash(id, shallowHash[id]);
        }
      }
    }
    Key[] keys = new Key[n];
    for (int id = 0; id < n; id++) {
      long deep = shallowHash[id] - shallowHash[leaf[id]] + deepHash[leaf[id]];
      keys[id] = new Key(id, rank(id), sortName(id), btf.name(id), deep);
    }
    Arrays.sort(
        keys,
        Comparator.comparingInt(Key::rank)
            .thenComparing(Key::sortName)
            .thenComparing(Key::ownName)
            .thenComparing((a, b) -> Long.compareUnsigned(a.hash, b.hash))
            .thenComparingInt(Key::id));
    return Arrays.stream(keys).mapToInt(Key::id).toArray();
  }

  /// The next type of the chain, or -1 at its end.
  private int next(int id) {
    return switch (btf.kind(id)) {
      case TYPE_TAG, CONST, PTR, VOLATILE, RESTRICT, TYPEDEF, DECL_TAG -> btf.target(id);
      case ARRAY -> btf.arrayElement(id);
      case UNKN, INT, STRUCT, UNION, ENUM, FWD, FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT, ENUM64 -> -1;
    };
  }

  private void follow(int start) {
    int[] path = new int[8];
    int depth = 0;
    int id = start;
    while (leaf[id] < 0 && next(id) >= 0) {
      if (depth == path.length) {
        path = Arrays.copyOf(path, depth * 2);
      }
      path[depth++] = id;
      id = next(id);
      if (depth > btf.typeCount()) {
        throw new BtfException("btf_dump: type [" + start + "]: Loop detected");
      }
    }
    if (leaf[id] < 0) {
      leaf[id] = id;
      shallowHash[id] = ownHash(id);
    }
    while (--depth >= 0) {
      int before = path[depth];
      leaf[before] = leaf[id];
      long hash = ownHash(before);
      if (btf.isKind(before, BtfKind.ARRAY)) {
        hash = hash * 31 + Integer.toUnsignedLong(btf.arrayLength(before));
      }
      shallowHash[before] = hash * 31 + shallowHash[id];
      id = before;
    }
  }

  private long ownHash(int id) {
    long hash = nameHash(0, btf.nameOff(id));
    if (btf.kind(id).isAnyEnum()) {
      for (int i = 0, n = btf.vlen(id); i < n; i++) {
        hash = nameHash(hash, btf.enumNameOff(id, i));
      }
    }
    return hash;
  }

  private long memberHash(int id, long seed) {
    long hash = seed;
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      hash = nameHash(hash, btf.memberNameOff(id, i));
      hash = hash * 31 + shallowHash[btf.memberType(id, i)];
    }
    return hash;
  }

  private long nameHash(long hash, int nameOff) {
    if (nameOff == 0) {
      return hash;
    }
    long name = 0;
    for (byte b : btf.string(nameOff).getBytes(StandardCharsets.UTF_8)) {
      name = name * 31 + b;
    }
    return hash * 31 + name;
  }

  /// A reference counts as what it leads to only if it has a name itself, as typedefs and tags do.
  private int rank(int id) {
    boolean named = btf.nameOff(id) != 0;
    if (leaf[id] != id && !named) {
      return LAST_RANK;
    }
    return switch (btf.kind(leaf[id])) {
      case ENUM, ENUM64 -> named ? 1 : 0;
      case INT, FLOAT -> 2;
      case STRUCT, UNION -> named ? 3 : LAST_RANK;
      case FUNC_PROTO -> named ? 4 : LAST_RANK;
      case UNKN,
          PTR,
          ARRAY,
          FWD,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          VAR,
          DATASEC,
          DECL_TAG,
          TYPE_TAG ->
          LAST_RANK;
    };
  }

  private String sortName(int id) {
    int end = leaf[id];
    if (end == id && btf.nameOff(id) == 0 && btf.kind(id).isAnyEnum() && btf.vlen(id) > 0) {
      return btf.enumName(id, 0);
    }
    return btf.name(end);
  }
}
