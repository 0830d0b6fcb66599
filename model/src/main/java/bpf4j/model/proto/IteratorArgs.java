package bpf4j.model.proto;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Arguments of iterator programs (`bpf_iter_task`, …) that are not plain trusted pointers.
public final class IteratorArgs {
  /// What the argument is; all may be NULL.
  public enum Kind {
    RDONLY_BUF,
    BUF,
    POINTER,
    TRUSTED_POINTER
  }

  /// One argument.
  ///
  /// @param struct the kernel struct pointed to, empty for a buffer
  public record Arg(Kind kind, String struct) {}

  private record Key(String iterator, int arg) {}

  private static final Map<Key, Arg> TABLE = new HashMap<>();

  static {
    for (String[] row : ProtoText.rows("iterator-args.tsv")) {
      Kind kind =
          switch (row[2]) {
            case "rdonly_buf" -> Kind.RDONLY_BUF;
            case "buf" -> Kind.BUF;
            case "or_null" -> Kind.POINTER;
            case "trusted_or_null" -> Kind.TRUSTED_POINTER;
            default -> throw new IllegalStateException("iterator-args.tsv: " + row[2]);
          };
      TABLE.put(
          new Key(row[0], Integer.parseInt(row[1])),
          new Arg(kind, row[3].equals("-") ? "" : row[3]));
    }
  }

  private IteratorArgs() {}

  /// Argument `arg` of the iterator named without `bpf_iter_`, or null where it is as its type
  /// says.
  public static @Nullable Arg of(String iterator, int arg) {
    return TABLE.get(new Key(iterator, arg));
  }
}
