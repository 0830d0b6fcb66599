package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.env.SubprogArgs;
import bpf4j.verifier.env.SubprogArgs.Arg;
import bpf4j.verifier.env.SubprogArgs.Kind;
import bpf4j.verifier.state.RegType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads the arguments of a subprogram from its BTF prototype and `arg:` tags.
///
/// Messages are written even where the mismatch is then ignored, as for static functions.
public final class SubprogPrototypes {
  private static final int MAX_ARGS = 5;
  private static final String TAG_PREFIX = "arg:";

  private enum Tag {
    CTX,
    TRUSTED,
    UNTRUSTED,
    NONNULL,
    NULLABLE,
    ARENA
  }

  private final Env env;

  public SubprogPrototypes(Env env) {
    this.env = env;
  }

  /// The arguments of subprogram `idx`.
  public SubprogArgs args(Subprog s, int idx) {
    Btf btf = env.spec.btf();
    if (btf == null || s.funcTypeId == 0) {
      if (s.isGlobal) {
        throw env.reject(Errno.EFAULT, "Global functions need valid BTF");
      }
      throw new Rejection(Errno.EINVAL);
    }
    int proto = btf.target(s.funcTypeId);
    int count = btf.vlen(proto);
    if (count > MAX_ARGS) {
      throw refuse(
          s,
          Errno.EINVAL,
          "Global function %s() with %d > %d args. Buggy compiler.",
          s.name,
          count,
          MAX_ARGS);
    }
    int ret = btf.skipModsAndTypedefs(btf.target(proto));
    if (!isScalar(btf, ret)) {
      throw refuse(
          s,
          Errno.EINVAL,
          "Global function %s() doesn't return scalar. Only those are supported.",
          s.name);
    }
    List<Arg> args = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      args.add(arg(btf, s, proto, i));
    }
    return new SubprogArgs(args);
  }

  /// A global function's message is printed, a static one's mismatch is silent.
  private RuntimeException refuse(Subprog s, Errno errno, String format, Object... args) {
    return s.isGlobal ? env.reject(errno, format, args) : new Rejection(errno);
  }

  private static boolean isScalar(Btf btf, int type) {
    return type != 0 && (btf.isKind(type, BtfKind.INT) || btf.kind(type).isAnyEnum());
  }

  private Arg arg(Btf btf, Subprog s, int proto, int i) {
    Set<Tag> tags = tags(btf, s, i);
    int type = btf.skipModsAndTypedefs(btf.paramType(proto, i));
    if (type != 0 && btf.isKind(type, BtfKind.PTR)) {
      Arg a = pointer(btf, s, type, i, tags);
      if (a != null) {
        return a;
      }
    }
    if (!tags.isEmpty()) {
      throw env.reject(Errno.EINVAL, "arg#%d has pointer tag, but is not a pointer type", i);
    }
    if (isScalar(btf, type)) {
      return new Arg(Kind.SCALAR, 0, 0, 0);
    }
    throw refuse(
        s,
        Errno.EINVAL,
        "Arg#%d type %s in %s() is not supported yet.",
        i,
        kindName(btf, type),
        s.name);
  }

  private Set<Tag> tags(Btf btf, Subprog s, int i) {
    Set<Tag> tags = EnumSet.noneOf(Tag.class);
    for (int id = 1; id < btf.typeCount(); id++) {
      if (!btf.isKind(id, BtfKind.DECL_TAG)
          || btf.target(id) != s.funcTypeId
          || btf.declTagComponent(id) != i
          || !btf.name(id).startsWith(TAG_PREFIX)) {
        continue;
      }
      if (!s.isGlobal) {
        throw env.reject(
            Errno.EOPNOTSUPP, "arg#%d type tag is not supported in static functions", i);
      }
      tags.add(tag(btf.name(id).substring(TAG_PREFIX.length()), i));
    }
    return tags;
  }

  private Tag tag(String name, int i) {
    return switch (name) {
      case "ctx" -> Tag.CTX;
      case "trusted" -> Tag.TRUSTED;
      case "untrusted" -> Tag.UNTRUSTED;
      case "nonnull" -> Tag.NONNULL;
      case "nullable" -> Tag.NULLABLE;
      case "arena" -> Tag.ARENA;
      default -> throw env.reject(Errno.EOPNOTSUPP, "arg#%d has unsupported set of tags", i);
    };
  }

  private RuntimeException badTags(int i) {
    return env.reject(Errno.EINVAL, "arg#%d has invalid combination of tags", i);
  }

  /// What a pointer argument is, or null for a static function's plain pointer.
  private @Nullable Arg pointer(Btf btf, Subprog s, int ptr, int i, Set<Tag> tags) {
    if (tags.contains(Tag.CTX) || isCtx(btf, ptr)) {
      if (tags.size() > (tags.contains(Tag.CTX) ? 1 : 0)) {
        throw badTags(i);
      }
      if (tags.contains(Tag.CTX)) {
        checkCtxTag(btf, ptr, i);
      }
      return new Arg(Kind.CTX, 0, 0, 0);
    }
    int target = btf.skipModsAndTypedefs(btf.target(ptr));
    if (target != 0 && btf.isKind(target, BtfKind.STRUCT) && btf.nameEquals(target, "bpf_dynptr")) {
      if (!tags.isEmpty()) {
        throw badTags(i);
      }
      return new Arg(Kind.DYNPTR, 0, 0, 0);
    }
    if (tags.contains(Tag.TRUSTED)) {
      if (tags.contains(Tag.NONNULL)) {
        throw badTags(i);
      }
      int flags = RegType.TRUSTED | (tags.contains(Tag.NULLABLE) ? RegType.MAYBE_NULL : 0);
      return new Arg(Kind.BTF_ID, flags, 0, kernelType(btf, target, i));
    }
    if (tags.contains(Tag.UNTRUSTED)) {
      return untrusted(btf, target, i, tags);
    }
    if (tags.contains(Tag.ARENA)) {
      if (tags.size() > 1) {
        throw env.reject(Errno.EINVAL, "arg#%d arena cannot be combined with any other tags", i);
      }
      return new Arg(Kind.ARENA, 0, 0, 0);
    }
    if (!s.isGlobal) {
      return null;
    }
    if (tags.contains(Tag.NULLABLE)) {
      throw badTags(i);
    }
    int flags = tags.contains(Tag.NONNULL) ? 0 : RegType.MAYBE_NULL;
    return new Arg(Kind.MEM, flags, sizeOf(btf, target, i), 0);
  }

  private Arg untrusted(Btf btf, int target, int i, Set<Tag> tags) {
    if (tags.size() > 1) {
      throw env.reject(Errno.EINVAL, "arg#%d untrusted cannot be combined with any other tags", i);
    }
    if (target == 0 || isScalar(btf, target) || btf.isKind(target, BtfKind.FLOAT)) {
      return new Arg(Kind.UNTRUSTED, RegType.MEM | RegType.RDONLY | RegType.UNTRUSTED, 0, 0);
    }
    int id = kernelType(btf, target, i);
    Btf kernel = env.kernelBtf;
    if (kernel == null || !kernel.kind(id).isComposite()) {
      throw env.reject(
          Errno.EINVAL,
          "arg#%d has type %s '%s', but only struct or primitive types are allowed",
          i,
          kernel == null ? "UNKNOWN" : kindName(kernel, id),
          "");
    }
    return new Arg(Kind.UNTRUSTED, RegType.BTF_ID | RegType.UNTRUSTED, 0, id);
  }

  private int sizeOf(Btf btf, int target, int i) {
    try {
      if (target != 0) {
        return (int) btf.resolveSize(target);
      }
    } catch (BtfException e) {
      // Reported below, as the kernel does.
    }
    throw env.reject(
        Errno.EINVAL,
        "arg#%d reference type('%s %s') size cannot be determined: -22",
        i,
        kindName(btf, target),
        target == 0 ? "" : btf.name(target));
  }

  /// The kernel's type of the same name and kind.
  private int kernelType(Btf btf, int target, int i) {
    Btf kernel = env.kernelBtf;
    int id =
        kernel == null || target == 0
            ? 0
            : kernel.find(btf.name(target).replaceFirst("___.*", ""), btf.kind(target));
    if (id <= 0) {
      throw env.reject(
          Errno.EINVAL,
          "arg#%d reference type(%s %s) isn't matching any vmlinux type",
          i,
          kindName(btf, target),
          target == 0 ? "" : btf.name(target));
    }
    return id;
  }

  static String kindName(Btf btf, int type) {
    if (type == 0) {
      return "UNKNOWN";
    }
    return btf.kind(type).name();
  }

  // ---- context -------------------------------------------------------------------------------

  /// The struct that programs of this type take as context, by name.
  private String ctxStruct() {
    return switch (env.progType()) {
      case SOCKET_FILTER,
          SCHED_CLS,
          SCHED_ACT,
          CGROUP_SKB,
          LWT_IN,
          LWT_OUT,
          LWT_XMIT,
          LWT_SEG6LOCAL,
          SK_SKB,
          FLOW_DISSECTOR ->
          "__sk_buff";
      case XDP -> "xdp_md";
      case CGROUP_SOCK -> "bpf_sock";
      case CGROUP_SOCK_ADDR -> "bpf_sock_addr";
      case SOCK_OPS -> "bpf_sock_ops";
      case SK_MSG -> "sk_msg_md";
      case PERF_EVENT -> "bpf_perf_event_data";
      case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE -> "bpf_raw_tracepoint_args";
      case CGROUP_DEVICE -> "bpf_cgroup_dev_ctx";
      case CGROUP_SYSCTL -> "bpf_sysctl";
      case CGROUP_SOCKOPT -> "bpf_sockopt";
      case SK_REUSEPORT -> "sk_reuseport_md";
      case SK_LOOKUP -> "bpf_sk_lookup";
      case NETFILTER -> "bpf_nf_ctx";
      case KPROBE -> "pt_regs";
      default -> "";
    };
  }

  private boolean isCtx(Btf btf, int ptr) {
    int t = btf.target(ptr);
    if (env.progType() == ProgType.KPROBE) {
      t = btf.skipMods(t);
      if (t != 0 && btf.isKind(t, BtfKind.TYPEDEF) && btf.nameEquals(t, "bpf_user_pt_regs_t")) {
        return true;
      }
    }
    t = btf.skipModsAndTypedefs(t);
    if (t == 0 || !btf.kind(t).isComposite()) {
      return false;
    }
    String ctx = ctxStruct();
    return !ctx.isEmpty()
        && (btf.nameEquals(t, ctx) || (ctx.equals("pt_regs") && btf.nameEquals(t, "pt_regs")));
  }

  /// A type tagged as context must be the one that the program type has.
  private void checkCtxTag(Btf btf, int ptr, int i) {
    int t = btf.target(ptr);
    int mods = btf.skipMods(t);
    ProgType type = env.progType();
    if (mods != 0 && btf.isKind(mods, BtfKind.TYPEDEF)) {
      String name = btf.name(mods);
      if (name.equals("bpf_user_pt_regs_t")
          && (type == ProgType.KPROBE || type == ProgType.PERF_EVENT)) {
        return;
      }
    }
    int target = btf.skipModsAndTypedefs(t);
    boolean isStruct = target != 0 && btf.kind(target).isComposite();
    String name = isStruct ? btf.name(target) : "";
    boolean ok =
        switch (type) {
          case KPROBE, PERF_EVENT -> name.equals("pt_regs") || name.equals(ctxStruct());
          case TRACEPOINT -> target == 0 || isU64(btf, target) || isStruct;
          case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE ->
              name.equals("bpf_raw_tracepoint_args") || isU64(btf, target);
          case TRACING ->
              isU64(btf, target)
                  || (env.attachType() == AttachType.TRACE_ITER && name.startsWith("bpf_iter__"));
          case LSM, STRUCT_OPS -> isU64(btf, target);
          case SYSCALL -> true;
          default -> name.equals(ctxStruct());
        };
    if (target == 0 && !ok) {
      ok = true;
    }
    if (!ok && isStruct && !ctxStruct().isEmpty()) {
      throw env.reject(Errno.EINVAL, "arg#%d should be pointer to %s", i, "struct " + ctxStruct());
    }
    if (!ok) {
      throw env.reject(Errno.EINVAL, "arg#%d has invalid ctx type", i);
    }
  }

  private static boolean isU64(Btf btf, int type) {
    return type != 0 && btf.isKind(type, BtfKind.INT) && btf.size(type) == 8;
  }
}
