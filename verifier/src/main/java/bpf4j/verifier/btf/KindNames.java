package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;

/// Names of BTF kinds as verifier messages print them.
public final class KindNames {
  private KindNames() {}

  /// The kind of a type, such as `STRUCT`; `UNKNOWN` for `void`.
  public static String of(Btf btf, int id) {
    BtfKind kind = btf.kind(id);
    return kind == BtfKind.UNKN ? "UNKNOWN" : kind.name();
  }
}
