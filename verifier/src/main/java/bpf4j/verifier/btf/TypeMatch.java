package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.verifier.env.Env;

/// When a pointer to one struct may stand for a pointer to another. Source of the rules:
/// `btf_struct_ids_match` of Linux 6.18.
public final class TypeMatch {
  private TypeMatch() {}

  /// Whether `off` bytes into struct `id` of `btf` lies a struct `neededId` of `needed`; `strict`
  /// where only the struct itself will do.
  public static boolean matches(
      Env env, Btf btf, int id, int off, Btf needed, int neededId, boolean strict) {
    if (off == 0 && same(btf, id, needed, neededId)) {
      return true;
    }
    if (strict) {
      return false;
    }
    int at = off;
    int type = id;
    while (true) {
      type = new StructWalk(env, btf).structAt(type, at);
      if (type < 0) {
        return false;
      }
      if (same(btf, type, needed, neededId)) {
        return true;
      }
      at = 0;
    }
  }

  /// Whether two ids mean one type.
  public static boolean same(Btf a, int aId, Btf b, int bId) {
    return a == b && aId == bId;
  }

  /// Whether two kernel types have the same layout but must not be taken for each other: `x` and
  /// `x___init`.
  public static boolean isNocastAlias(Btf a, int aId, Btf b, int bId) {
    String x = a.name(aId);
    String y = b.name(bId);
    return (y.equals(x + "___init")) || (x.equals(y + "___init"));
  }
}
