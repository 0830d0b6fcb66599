package bpf4j.model.proto;

import java.util.HashMap;
import java.util.Map;

/// Which arguments of tracepoints are not simply valid pointers in Linux 6.18.
public final class TracepointArgs {
  /// What a pointer argument may be besides a valid pointer.
  public enum Quirk {
    NONE,
    MAY_BE_NULL,
    MAY_BE_ERROR
  }

  private static final Map<String, Map<Integer, Quirk>> TABLE = new HashMap<>();

  static {
    for (String[] row : ProtoText.rows("tracepoint-args.tsv")) {
      Map<Integer, Quirk> args = new HashMap<>();
      for (String a : row[1].split(" ", -1)) {
        String[] kv = a.split("=", -1);
        args.put(
            Integer.valueOf(kv[0]), kv[1].equals("null") ? Quirk.MAY_BE_NULL : Quirk.MAY_BE_ERROR);
      }
      TABLE.put(row[0], args);
    }
  }

  private TracepointArgs() {}

  /// What argument `arg` of a tracepoint may be, counted from 0 without the hidden first one.
  public static Quirk of(String tracepoint, int arg) {
    return TABLE.getOrDefault(tracepoint, Map.of()).getOrDefault(arg, Quirk.NONE);
  }
}
