package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.env.SubprogArgs;
import bpf4j.verifier.env.SubprogArgs.Arg;
import bpf4j.verifier.env.SubprogArgs.Kind;
import bpf4j.verifier.state.RegType;
import java.util.ArrayList;
import java.util.List;

/// Arguments of subprograms by their prototypes and `__arg_*` tags. Source of the rules:
/// `btf_prepare_func_args` of Linux 6.18.
public final class SubprogPrototypes {
  private static final int MAX_ARGS = 5;
  private static final String ARG = "arg:";

  private static final int CTX = 1;
  private static final int NONNULL = 1 << 1;
  private static final int TRUSTED = 1 << 2;
  private static final int NULLABLE = 1 << 3;
  private static final int ARENA = 1 << 4;
  private static final int UNTRUSTED = 1 << 5;

  private final Env env;
  private final TypesOfProgram types;

  public SubprogPrototypes(Env env) {
    this.env = env;
    this.types = env.types;
  }

  /// The arguments of subprogram `subprogIdx`. Refuses, with a message, a global function's
  /// prototype that cannot be used, and without one a static function's.
  public SubprogArgs args(Subprog s, int subprogIdx) {
    Btf btf = types.program();
    int func = s.funcTypeId;
    if (btf == null || func == 0) {
      if (!s.isGlobal) {
        throw new Rejection(Errno.EINVAL);
      }
      throw env.reject(Errno.EFAULT, "Global functions need valid BTF");
    }
    if (!btf.isKind(func, BtfKind.FUNC)) {
      throw env.reject(Errno.EFAULT, "BTF of func#%d doesn't point to KIND_FUNC", subprogIdx);
    }
    String name = btf.name(func);
    int proto = btf.target(func);
    if (!btf.isKind(proto, BtfKind.FUNC_PROTO)) {
      throw env.reject(Errno.EFAULT, "Invalid type of function %s()", name);
    }
    int n = btf.vlen(proto);
    if (n > MAX_ARGS) {
      throw refuse(s, "Global function %s() with %d > %d args. Buggy compiler.", name, n, MAX_ARGS);
    }
    int ret = btf.skipModsAndTypedefs(btf.target(proto));
    if (!btf.isKind(ret, BtfKind.INT) && !btf.kind(ret).isAnyEnum()) {
      throw refuse(
          s, "Global function %s() doesn't return scalar. Only those are supported.", name);
    }
    List<Arg> args = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      args.add(argument(btf, s, func, btf.paramType(proto, i), i));
    }
    return new SubprogArgs(args);
  }

  /// A static function that cannot be described is no error; its callers are checked inside it.
  private Rejection refuse(Subprog s, String format, Object... args) {
    return s.isGlobal ? env.reject(Errno.EINVAL, format, args) : new Rejection(Errno.EINVAL);
  }

  private Arg argument(Btf btf, Subprog s, int func, int declared, int i) {
    int tags = tags(btf, s, func, i);
    int id = btf.skipModsAndTypedefs(declared);
    if (!btf.isKind(id, BtfKind.PTR)) {
      return scalar(btf, s, func, id, i, tags);
    }
    if ((tags & CTX) != 0 || CtxTypes.isCtx(btf, id, env.progType())) {
      refuseCombination((tags & ~CTX) != 0, i);
      if ((tags & CTX) != 0) {
        CtxTypes.checkTagged(env, btf, id, i, env.progType(), env.attachType());
      }
      return new Arg(Kind.CTX, 0, 0, 0);
    }
    if (isDynptr(btf, id)) {
      refuseCombination(tags != 0, i);
      return new Arg(Kind.DYNPTR, 0, 0, 0);
    }
    if ((tags & TRUSTED) != 0) {
      refuseCombination((tags & NONNULL) != 0, i);
      int flags = RegType.TRUSTED | ((tags & NULLABLE) != 0 ? RegType.MAYBE_NULL : 0);
      return new Arg(Kind.BTF_ID, flags, 0, kernelType(btf, id, i));
    }
    if ((tags & UNTRUSTED) != 0) {
      return untrusted(btf, id, i, tags);
    }
    if ((tags & ARENA) != 0) {
      if ((tags & ~ARENA) != 0) {
        throw env.reject(Errno.EINVAL, "arg#%d arena cannot be combined with any other tags", i);
      }
      return new Arg(Kind.ARENA, 0, 0, 0);
    }
    if (s.isGlobal) {
      return memory(btf, id, i, tags);
    }
    return scalar(btf, s, func, id, i, tags);
  }

  private void refuseCombination(boolean wrong, int i) {
    if (wrong) {
      throw env.reject(Errno.EINVAL, "arg#%d has invalid combination of tags", i);
    }
  }

  private Arg scalar(Btf btf, Subprog s, int func, int id, int i, int tags) {
    if (tags != 0) {
      throw env.reject(Errno.EINVAL, "arg#%d has pointer tag, but is not a pointer type", i);
    }
    if (btf.isKind(id, BtfKind.INT) || btf.kind(id).isAnyEnum()) {
      return new Arg(Kind.SCALAR, 0, 0, 0);
    }
    throw refuse(
        s,
        "Arg#%d type %s in %s() is not supported yet.",
        i,
        KindNames.of(btf, id),
        btf.name(func));
  }

  private int tags(Btf btf, Subprog s, int func, int i) {
    int tags = 0;
    for (int id = 1; id < btf.typeCount(); id++) {
      if (!btf.isKind(id, BtfKind.DECL_TAG)
          || btf.target(id) != func
          || btf.declTagComponent(id) != i
          || !btf.name(id).startsWith(ARG)) {
        continue;
      }
      if (!s.isGlobal) {
        throw env.reject(
            Errno.EOPNOTSUPP, "arg#%d type tag is not supported in static functions", i);
      }
      int tag =
          switch (btf.name(id).substring(ARG.length())) {
            case "ctx" -> CTX;
            case "trusted" -> TRUSTED;
            case "untrusted" -> UNTRUSTED;
            case "nonnull" -> NONNULL;
            case "nullable" -> NULLABLE;
            case "arena" -> ARENA;
            default -> 0;
          };
      if (tag == 0) {
        throw env.reject(Errno.EOPNOTSUPP, "arg#%d has unsupported set of tags", i);
      }
      tags |= tag;
    }
    return tags;
  }

  private static boolean isDynptr(Btf btf, int ptr) {
    int id = btf.skipModsAndTypedefs(btf.target(ptr));
    return btf.isKind(id, BtfKind.STRUCT) && btf.nameEquals(id, "bpf_dynptr");
  }

  private Arg untrusted(Btf btf, int ptr, int i, int tags) {
    if ((tags & ~UNTRUSTED) != 0) {
      throw env.reject(Errno.EINVAL, "arg#%d untrusted cannot be combined with any other tags", i);
    }
    int target = btf.skipModsAndTypedefs(btf.target(ptr));
    if (target == 0 || isPrimitive(btf, target)) {
      return new Arg(Kind.UNTRUSTED, RegType.MEM | RegType.RDONLY | RegType.UNTRUSTED, 0, 0);
    }
    int id = kernelType(btf, ptr, i);
    Btf kernel = types.kernel();
    if (kernel == null || !kernel.kind(id).isComposite()) {
      throw env.reject(
          Errno.EINVAL,
          "arg#%d has type %s '%s', but only struct or primitive types are allowed",
          i,
          kernel == null ? "" : KindNames.of(kernel, id),
          btf.name(ptr));
    }
    return new Arg(Kind.UNTRUSTED, RegType.BTF_ID | RegType.UNTRUSTED, 0, id);
  }

  private static boolean isPrimitive(Btf btf, int id) {
    return btf.isKind(id, BtfKind.INT) || btf.kind(id).isAnyEnum();
  }

  private Arg memory(Btf btf, int ptr, int i, int tags) {
    refuseCombination((tags & NULLABLE) != 0, i);
    int id = btf.skipModsAndTypedefs(btf.target(ptr));
    long size = btf.resolveSize(id);
    if (size < 0) {
      throw env.reject(
          Errno.EINVAL,
          "arg#%d reference type('%s %s') size cannot be determined: %d",
          i,
          KindNames.of(btf, id),
          btf.name(id),
          -Errno.EINVAL.code());
    }
    int flags = (tags & NONNULL) != 0 ? 0 : RegType.MAYBE_NULL;
    return new Arg(Kind.MEM, flags, (int) size, 0);
  }

  /// The kernel's struct of the same name as the one that a pointer of the program points to.
  private int kernelType(Btf btf, int ptr, int i) {
    int id = btf.skipModsAndTypedefs(btf.target(ptr));
    String name = btf.name(id);
    int flavor = name.indexOf("___");
    String essential = flavor > 0 ? name.substring(0, flavor) : name;
    Btf kernel = types.kernel();
    int found = 0;
    int count = 0;
    if (kernel != null && !essential.isEmpty()) {
      for (int k = kernel.find(essential, btf.kind(id)); k != 0 && k < kernel.typeCount(); k++) {
        if (kernel.kind(k) == btf.kind(id) && kernel.nameEquals(k, essential)) {
          found = found == 0 ? k : found;
          count++;
        }
      }
    }
    if (count != 1) {
      throw env.reject(
          Errno.ENOENT,
          "arg#%d reference type('%s %s') %s",
          i,
          KindNames.of(btf, id),
          name,
          count == 0 ? "has no matches" : "is ambiguous");
    }
    return found;
  }
}
