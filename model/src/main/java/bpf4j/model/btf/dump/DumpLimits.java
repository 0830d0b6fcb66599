package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;

/// Bounds the nesting and the work of a dump, since types from a file may be nested without end and
/// shared without measure. Real types stay far below both.
final class DumpLimits {
  /// Deepest nesting of types in types; the kernel's own types need less than a tenth.
  static final int MAX_DEPTH = 512;

  private final long maxSteps;
  private long steps;
  private int depth;

  DumpLimits(Btf btf) {
    maxSteps = 1_000_000 + 1000L * btf.typeCount();
  }

  void enter(int id) {
    if (++depth > MAX_DEPTH) {
      throw new BtfException(
          "btf_dump: type [" + id + "]: nested over " + MAX_DEPTH + " levels deep");
    }
    if (++steps > maxSteps) {
      throw new BtfException(
          "btf_dump: type [" + id + "]: refers to too many types again and again");
    }
  }

  void leave() {
    depth--;
  }

  /// Forgets the nesting after an error.
  void reset() {
    depth = 0;
    steps = 0;
  }
}
