package bpf4j.model.proto;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The kernel functions that programs may call in Linux 6.18. The facts are in `kfuncs.tsv`.
public final class KfuncTable {
  private static final Map<String, Kfunc> BY_NAME = new HashMap<>();

  static {
    for (String[] row : ProtoText.rows("kfuncs.tsv")) {
      Set<String> hooks = new HashSet<>();
      if (!row[2].equals("-")) {
        hooks.addAll(Set.of(row[2].split(" ", -1)));
      }
      BY_NAME.put(row[0], new Kfunc(row[0], flags(row[1]), hooks));
    }
  }

  private KfuncTable() {}

  /// The kfunc of this name, or null where 6.18 has none.
  public static @Nullable Kfunc find(String name) {
    return BY_NAME.get(name);
  }

  /// All names.
  public static Set<String> names() {
    return Set.copyOf(BY_NAME.keySet());
  }

  private static int flags(String text) {
    int bits = 0;
    if (text.equals("-")) {
      return 0;
    }
    for (String name : text.split(" ", -1)) {
      bits |=
          switch (name) {
            case "ACQUIRE" -> Kfunc.ACQUIRE;
            case "RELEASE" -> Kfunc.RELEASE;
            case "RET_NULL" -> Kfunc.RET_NULL;
            case "TRUSTED_ARGS" -> Kfunc.TRUSTED_ARGS;
            case "SLEEPABLE" -> Kfunc.SLEEPABLE;
            case "DESTRUCTIVE" -> Kfunc.DESTRUCTIVE;
            case "RCU" -> Kfunc.RCU;
            case "ITER_NEW" -> Kfunc.ITER_NEW;
            case "ITER_NEXT" -> Kfunc.ITER_NEXT;
            case "ITER_DESTROY" -> Kfunc.ITER_DESTROY;
            case "RCU_PROTECTED" -> Kfunc.RCU_PROTECTED;
            case "FASTCALL" -> Kfunc.FASTCALL;
            default -> throw new IllegalStateException("kfuncs.tsv: flag " + name);
          };
    }
    return bits;
  }
}
