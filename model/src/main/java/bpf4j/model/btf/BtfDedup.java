package bpf4j.model.btf;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/// Makes BTF in which no type stands twice, as libbpf's `btf__dedup` does: types of many
/// compilation units, put one behind the other, become the types of one program.
///
/// Two structs are one where everything reachable from them can be matched pairwise; forward
/// declarations match what they declare, and give way to it. The order of what stays is the order
/// in which it stood.
///
/// ```java
/// BtfDedup.Result result = BtfDedup.run(all);
/// int id = result.typeId(oldId);
/// ```
public final class BtfDedup {
  private static final int UNPROCESSED = -1;
  private static final int IN_PROGRESS = -2;

  private final DedupTypes types;

  /// Canonical id of each type, or one of the two states above.
  private final int[] map;

  private final Map<Long, Candidates> table = new HashMap<>();
  private final DedupMatch match;

  /// What came out.
  ///
  /// @param btf the deduplicated types, over the same base
  /// @param typeIds new id of each old one
  /// @param stringOff new offset of an old string offset; strings that only others than types refer
  ///   to must have been named to [#run]
  public record Result(Btf btf, int[] typeIds, IntUnaryOperator stringOff) {
    /// New id of what had the id `old`.
    public int typeId(int old) {
      return typeIds[old];
    }
  }

  private BtfDedup(Btf btf, boolean keepStrings) {
    types = new DedupTypes(btf, keepStrings);
    map = new int[types.typeCount];
    Arrays.fill(map, UNPROCESSED);
    map[0] = 0;
    match = new DedupMatch(types, map);
  }

  /// Deduplicates `btf`; the types of its base, if it has one, stay as they are and are used in
  /// place of equal ones. Throws [BtfException] where types refer to each other in a way that no
  /// program has (a chain of pointers without an end).
  ///
  /// @param stringOffs strings that others refer to, such as `.BTF.ext`
  public static Result run(Btf btf, int... stringOffs) {
    var dedup = new BtfDedup(btf, false);
    for (int off : stringOffs) {
      dedup.types.newStringOff(off);
    }
    return dedup.run();
  }

  /// As [#run], but leaves the strings alone: for types from a [BtfBuilder], in which no string
  /// stands twice, and for others that refer to its strings.
  public static Result runOnTypes(Btf btf) {
    return new BtfDedup(btf, true).run();
  }

  private Result run() {
    for (int id = 1; id < types.typeCount; id++) {
      BtfKind kind = types.kind(id);
      boolean never = kind == BtfKind.VAR || kind == BtfKind.DATASEC;
      if (id < types.startId || never) {
        map[id] = id;
      }
      if (id < types.startId && !never) {
        remember(id, types.hash(id));
      }
    }
    for (int id = types.startId; id < types.typeCount; id++) {
      primitive(id);
    }
    for (int id = types.startId; id < types.typeCount; id++) {
      composite(id);
    }
    forwardDeclarations();
    new References().run();
    return compact();
  }

  /// Ids of types with one hash.
  private static final class Candidates {
    private int[] ids = new int[2];
    private int count;

    void add(int id) {
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, count * 2);
      }
      ids[count++] = id;
    }
  }

  private static final Candidates NONE = new Candidates();

  private Candidates candidates(long hash) {
    return table.getOrDefault(hash, NONE);
  }

  private void remember(int id, long hash) {
    table.computeIfAbsent(hash, h -> new Candidates()).add(id);
  }

  private void primitive(int id) {
    BtfKind kind = types.kind(id);
    boolean isEnum = kind.isAnyEnum();
    if (!isEnum && kind != BtfKind.INT && kind != BtfKind.FWD && kind != BtfKind.FLOAT) {
      return;
    }
    long hash = types.hash(id);
    int canonical = id;
    Candidates found = candidates(hash);
    for (int i = found.count - 1; i >= 0 && canonical == id; i--) {
      int candidate = found.ids[i];
      if (isEnum) {
        if (!types.kind(candidate).isAnyEnum()) {
          continue;
        }
        if (types.sameWords(id, candidate)) {
          canonical = candidate;
        } else if (types.enumsCompatible(id, candidate)) {
          if (types.isEnumDeclaration(id)) {
            canonical = candidate;
          } else {
            map[candidate] = id;
          }
        }
      } else if (types.sameWords(id, candidate)) {
        canonical = candidate;
      }
    }
    settle(id, canonical, hash);
  }

  private void settle(int id, int canonical, long hash) {
    map[id] = canonical;
    if (canonical == id) {
      remember(id, hash);
    }
  }

  private void composite(int id) {
    if (map[id] >= 0 || !types.kind(id).isComposite()) {
      return;
    }
    long hash = types.hash(id);
    int canonical = id;
    Candidates found = candidates(hash);
    for (int i = found.count - 1; i >= 0 && canonical == id; i--) {
      int candidate = found.ids[i];
      if (types.sameMembers(id, candidate) && match.equivalent(id, candidate)) {
        canonical = candidate;
      }
    }
    settle(id, canonical, hash);
  }

  /// A forward declaration of a name that only one struct or union has becomes that one.
  private void forwardDeclarations() {
    var byName = new HashMap<Integer, Integer>();
    for (int id = 1; id < types.typeCount; id++) {
      if (types.kind(id).isComposite() && map[id] == id) {
        byName.merge(types.name(id), id, (a, b) -> 0);
      }
    }
    for (int id = types.startId; id < types.typeCount; id++) {
      if (types.kind(id) == BtfKind.FWD && map[id] == id) {
        int definition = byName.getOrDefault(types.name(id), 0);
        if (definition != 0 && types.kind(definition) == types.declaredKind(id)) {
          map[id] = definition;
        }
      }
    }
  }

  /// Types that are made of references: what they refer to comes first, then equal ones are one.
  private final class References {
    private int[] path = new int[16];
    private int[] next = new int[16];
    private int depth;

    void run() {
      for (int id = types.startId; id < types.typeCount; id++) {
        if (map[id] == UNPROCESSED) {
          push(id);
          follow();
        }
      }
    }

    private void push(int id) {
      if (depth == path.length) {
        path = Arrays.copyOf(path, depth * 2);
        next = Arrays.copyOf(next, depth * 2);
      }
      map[id] = IN_PROGRESS;
      path[depth] = id;
      next[depth++] = 0;
    }

    private void follow() {
      while (depth > 0) {
        int id = path[depth - 1];
        int i = next[depth - 1];
        if (i == types.refCount(id)) {
          settleReference(id);
          depth--;
          continue;
        }
        int target = types.ref(id, i);
        if (map[target] == IN_PROGRESS) {
          throw BtfException.at(target, "Loop detected");
        }
        if (map[target] == UNPROCESSED) {
          push(target);
        } else {
          types.set(id, types.refWord(id, i), match.canonical(target));
          next[depth - 1]++;
        }
      }
    }

    private void settleReference(int id) {
      long hash = types.hash(id);
      int canonical = id;
      Candidates found = candidates(hash);
      for (int i = found.count - 1; i >= 0 && canonical == id; i--) {
        if (types.sameWords(id, found.ids[i])) {
          canonical = found.ids[i];
        }
      }
      settle(id, canonical, hash);
    }
  }

  private Result compact() {
    int[] newIds = new int[types.typeCount];
    int next = types.startId;
    for (int id = 1; id < types.typeCount; id++) {
      if (id < types.startId) {
        newIds[id] = id;
      } else if (map[id] == id) {
        newIds[id] = next++;
      }
    }
    for (int id = types.startId; id < types.typeCount; id++) {
      newIds[id] = newIds[match.canonical(id)];
    }
    BtfBuilder out = types.stringBuilder();
    for (int id = types.startId; id < types.typeCount; id++) {
      if (map[id] == id) {
        for (int i = 0, n = types.refCount(id); i < n; i++) {
          types.set(id, types.refWord(id, i), newIds[types.ref(id, i)]);
        }
        out.addWords(types.wordsOf(id));
      }
    }
    return new Result(out.build(), newIds, types::newStringOff);
  }
}
