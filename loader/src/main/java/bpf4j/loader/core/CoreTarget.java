package bpf4j.loader.core;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The BTF that programs are relocated against, with an index of its types by essential name: the
/// name without a flavour (`task_struct___v5` has the essential name `task_struct`).
///
/// Make one for each target BTF and share it: the index is built at the first search.
public final class CoreTarget {
  private static final int[] NONE = {};

  private final Btf btf;
  private volatile boolean indexed;
  private Map<String, int[]> byName = Map.of();

  public CoreTarget(Btf btf) {
    this.btf = btf;
  }

  public Btf btf() {
    return btf;
  }

  /// Ids of the types with that essential name whose kind goes with `kind`, in rising order.
  int[] candidates(String essentialName, BtfKind kind) {
    int[] ids = index().getOrDefault(essentialName, NONE);
    int[] found = new int[ids.length];
    int n = 0;
    for (int id : ids) {
      if (kindsCompatible(btf.kind(id), kind)) {
        found[n++] = id;
      }
    }
    return Arrays.copyOf(found, n);
  }

  private Map<String, int[]> index() {
    if (!indexed) {
      synchronized (this) {
        if (!indexed) {
          byName = buildIndex();
          indexed = true;
        }
      }
    }
    return byName;
  }

  private Map<String, int[]> buildIndex() {
    // The first cell of an array counts its ids while the index grows.
    var growing = new HashMap<String, int[]>();
    for (int id = 1; id < btf.typeCount(); id++) {
      if (btf.isAnonymous(id)) {
        continue;
      }
      String name = essentialName(btf.name(id));
      int[] ids = growing.get(name);
      if (ids == null) {
        growing.put(name, new int[] {1, id});
      } else {
        if (ids[0] + 1 == ids.length) {
          ids = Arrays.copyOf(ids, ids.length * 2);
          growing.put(name, ids);
        }
        ids[++ids[0]] = id;
      }
    }
    growing.replaceAll((name, ids) -> Arrays.copyOfRange(ids, 1, ids[0] + 1));
    return growing;
  }

  /// Whether types of these kinds may stand for each other: equal kinds, or any two enums.
  static boolean kindsCompatible(BtfKind a, BtfKind b) {
    return a == b || (a.isAnyEnum() && b.isAnyEnum());
  }

  /// The part of a name before its last flavour separator: `X___Y` where neither X nor Y is an
  /// underscore.
  static String essentialName(String name) {
    for (int i = name.length() - 5; i >= 0; i--) {
      if (name.charAt(i) != '_' && name.startsWith("___", i + 1) && name.charAt(i + 4) != '_') {
        return name.substring(0, i + 1);
      }
    }
    return name;
  }
}
