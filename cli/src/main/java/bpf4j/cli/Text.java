package bpf4j.cli;

import bpf4j.model.spec.ProgType;
import java.util.Locale;

/// Small pieces of text output.
final class Text {
  private Text() {}

  /// `1 map`, `2 maps`.
  static String count(long n, String noun) {
    return n + " " + noun + (n == 1 ? "" : "s");
  }

  /// libbpf's name of a program type: `sched_cls`.
  static String typeName(ProgType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
