package bpf4j.model.btf;

import java.util.Arrays;

/// Decides whether two structs are one by walking both of their type graphs side by side.
///
/// The walk assumes that they are, notes which type of the candidate's graph stands for which of
/// the other, and looks for a contradiction. A struct that points back to itself thereby ends the
/// walk instead of going round. Without one, the notes become part of the canonical map.
final class DedupMatch {
  private static final int NONE = -1;

  /// Deepest nesting by value in which duplicates within one candidate are looked for.
  private static final int MAX_NESTING = 64;

  private final DedupTypes types;
  private final int[] map;

  /// For each type of the graph matched against, the type assumed to be the same.
  private final int[] assumed;

  private int[] notes = new int[32];
  private int noteCount;

  /// Pairs still to be compared.
  private int[] todo = new int[64];

  private int todoCount;

  /// Whether a declaration of the base would have to become a definition, which it cannot.
  private boolean changesBase;

  private long budget;

  DedupMatch(DedupTypes types, int[] map) {
    this.types = types;
    this.map = map;
    assumed = new int[types.typeCount];
    Arrays.fill(assumed, NONE);
    budget = 50_000_000 + 1000L * types.typeCount;
  }

  int canonical(int typeId) {
    int id = typeId;
    while (map[id] >= 0 && map[id] != id) {
      id = map[id];
    }
    return id;
  }

  private int resolveDeclaration(int typeId) {
    if (types.kind(typeId) != BtfKind.FWD) {
      return typeId;
    }
    int id = canonical(typeId);
    return types.kind(id) == BtfKind.FWD ? typeId : id;
  }

  /// Whether `candidate` and the canonical struct `other` are equivalent; then what was assumed is
  /// settled.
  boolean equivalent(int candidate, int other) {
    for (int i = 0; i < noteCount; i++) {
      assumed[notes[i]] = NONE;
    }
    noteCount = 0;
    changesBase = false;
    todoCount = 0;
    push(candidate, other);
    while (todoCount > 0) {
      todoCount -= 2;
      if (!compare(todo[todoCount], todo[todoCount + 1])) {
        return false;
      }
    }
    merge();
    return !changesBase;
  }

  private void push(int candidate, int other) {
    if (todoCount + 2 > todo.length) {
      todo = Arrays.copyOf(todo, todo.length * 2);
    }
    todo[todoCount++] = candidate;
    todo[todoCount++] = other;
  }

  /// Compares one pair without what it refers to, which is left to do.
  private boolean compare(int candidate, int otherId) {
    if (--budget < 0) {
      throw BtfException.at(candidate, "too many types look alike to deduplicate them");
    }
    if (canonical(candidate) == canonical(otherId)) {
      return true;
    }
    int other = resolveDeclaration(otherId);
    if (assumed[other] != NONE) {
      // Compilers may write one array or struct twice in a unit; such twins are as good.
      return assumed[other] == candidate || identical(assumed[other], candidate, 0);
    }
    note(other, candidate);
    if (types.name(candidate) != types.name(other)) {
      return false;
    }
    BtfKind kind = types.kind(candidate);
    BtfKind otherKind = types.kind(other);
    if (kind != otherKind) {
      return (kind == BtfKind.FWD || otherKind == BtfKind.FWD) && declares(candidate, other);
    }
    boolean alike =
        switch (kind) {
          case INT, FWD, FLOAT -> types.sameWords(candidate, other);
          case ENUM, ENUM64 -> types.enumsCompatible(candidate, other);
          case CONST, VOLATILE, RESTRICT, PTR, TYPEDEF, FUNC, TYPE_TAG ->
              types.word(candidate, 1) == types.word(other, 1);
          case ARRAY ->
              types.sameHeader(candidate, other)
                  && types.word(candidate, 5) == types.word(other, 5);
          case STRUCT, UNION -> types.sameMembers(candidate, other);
          case FUNC_PROTO -> types.sameParams(candidate, other);
          case UNKN, VAR, DATASEC, DECL_TAG -> false;
        };
    if (!alike) {
      return false;
    }
    // The last pushed is compared first, so the order is that of the declaration.
    for (int i = types.refCount(candidate) - 1; i >= 0; i--) {
      push(types.ref(candidate, i), types.ref(other, i));
    }
    return true;
  }

  private boolean declares(int candidate, int other) {
    if (types.kind(candidate) == BtfKind.FWD) {
      return types.declaredKind(candidate) == types.kind(other);
    }
    boolean declared = types.declaredKind(other) == types.kind(candidate);
    changesBase |= declared && other < types.startId;
    return declared;
  }

  private void note(int other, int candidate) {
    if (noteCount == notes.length) {
      notes = Arrays.copyOf(notes, noteCount * 2);
    }
    notes[noteCount++] = other;
    assumed[other] = candidate;
  }

  private boolean identical(int a, int b, int depth) {
    if (types.kind(a) == BtfKind.ARRAY) {
      return types.kind(b) == BtfKind.ARRAY && types.sameWords(a, b);
    }
    if (depth > MAX_NESTING
        || !types.kind(a).isComposite()
        || types.kind(a) != types.kind(b)
        || !types.sameMembers(a, b)) {
      return false;
    }
    for (int i = 0, n = types.vlen(a); i < n; i++) {
      int ma = types.ref(a, i);
      int mb = types.ref(b, i);
      if (--budget < 0) {
        return false;
      }
      if (ma != mb && !identical(ma, mb, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  private void merge() {
    for (int i = 0; i < noteCount; i++) {
      int candidate = canonical(assumed[notes[i]]);
      int other = canonical(notes[i]);
      boolean declaration = types.kind(candidate) == BtfKind.FWD;
      boolean otherDeclaration = types.kind(other) == BtfKind.FWD;
      if (!declaration && otherDeclaration) {
        map[other] = candidate;
      }
      if (changesBase) {
        continue;
      }
      if (declaration && !otherDeclaration) {
        map[candidate] = other;
      }
      // The other structs that were matched on the way need no walk of their own.
      if (types.kind(candidate).isComposite()
          && !otherDeclaration
          && map[other] >= 0
          && map[candidate] < 0) {
        map[candidate] = other;
      }
    }
  }
}
