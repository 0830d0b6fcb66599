package bpf4j.loader.object;

import bpf4j.model.btf.BtfKind;
import java.util.Locale;

/// What messages call the kinds of types: libbpf's own words.
public final class BtfWords {
  private BtfWords() {}

  /// The kind, such as `func_proto`.
  public static String kind(BtfKind kind) {
    return kind == BtfKind.UNKN ? "void" : kind.name().toLowerCase(Locale.ROOT);
  }

  /// The linkage number of a function or variable.
  public static String linkage(int linkage) {
    return switch (linkage) {
      case 0 -> "static";
      case 1 -> "global";
      case 2 -> "extern";
      default -> "unknown";
    };
  }
}
