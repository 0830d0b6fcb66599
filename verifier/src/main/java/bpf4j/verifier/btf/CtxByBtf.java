package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.proto.TracepointArgs;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/// Loads from contexts that are the arguments of a kernel function. Source of the rules:
/// `btf_ctx_access` of Linux 6.18.
final class CtxByBtf {
  private static final int SLOT = 8;
  private static final int MAX_SLOTS = 12;
  private static final int DEFAULT_ARGS = 5;
  private static final String TRACE_PREFIX = "btf_trace_";

  private final Env env;
  private final TypesOfProgram types;

  CtxByBtf(Env env, TypesOfProgram types) {
    this.env = env;
    this.types = types;
  }

  /// What the load yields, or null where it is refused.
  @Nullable RegState load(int off, int size, boolean write) {
    if (off < 0 || off >= SLOT * MAX_SLOTS || write || off % size != 0) {
      return null;
    }
    String func = env.attach.name;
    if (off % SLOT != 0) {
      env.log.printf("func '%s' offset %d is not multiple of 8\n", func, off);
      return null;
    }
    Btf btf = env.attach.btf;
    int proto = env.attach.funcProtoId;
    boolean known = btf != null && proto != 0;
    int hidden = known && env.attach.isBtfTracepoint ? 1 : 0;
    int args = btf != null && known ? btf.vlen(proto) - hidden : DEFAULT_ARGS;
    int arg = btf != null && known ? argAt(btf, proto, off) : off / SLOT;
    if (arg > args) {
      env.log.printf("func '%s' doesn't have %d-th argument\n", func, arg + 1);
      return null;
    }
    if (arg == args) {
      return result(func, arg, btf, proto, known);
    }
    if (btf == null || !known) {
      return unknown();
    }
    return value(btf, btf.paramType(proto, arg + hidden), arg, hidden, off, size);
  }

  /// The argument whose slots hold `off`: structs by value take several.
  private int argAt(Btf btf, int proto, int off) {
    int hidden = env.attach.isBtfTracepoint ? 1 : 0;
    int at = 0;
    int n = btf.vlen(proto) - hidden;
    for (int i = 0; i < n; i++) {
      int bytes = (int) Math.max(0, btf.resolveSize(btf.paramType(proto, i + hidden)));
      at += (bytes + SLOT - 1) / SLOT * SLOT;
      if (off < at) {
        return i;
      }
    }
    int ret = btf.skipMods(btf.target(proto));
    int retBytes = ret == 0 ? SLOT : (int) Math.max(SLOT, btf.resolveSize(ret));
    at += (retBytes + SLOT - 1) / SLOT * SLOT;
    return off < at ? n : n + 1;
  }

  private @Nullable RegState result(
      String func, int arg, @Nullable Btf btf, int proto, boolean known) {
    AttachType attach = env.attachType();
    if (attach == AttachType.LSM_MAC
        || attach == AttachType.LSM_CGROUP
        || attach == AttachType.TRACE_FEXIT) {
      if (btf == null || !known) {
        return unknown();
      }
      return value(btf, btf.target(proto), arg, 0, -1, SLOT);
    }
    if (attach == AttachType.MODIFY_RETURN && btf != null && known) {
      int ret = btf.skipModsAndTypedefs(btf.target(proto));
      if (!isSmallInt(btf, ret)) {
        env.log.printf("ret type %s not allowed for fmod_ret\n", KindNames.of(btf, ret));
        return null;
      }
      return unknown();
    }
    env.log.printf("func '%s' doesn't have %d-th argument\n", func, arg + 1);
    return null;
  }

  private static boolean isSmallInt(Btf btf, int id) {
    return btf.isKind(id, BtfKind.INT) && btf.size(id) <= SLOT;
  }

  private @Nullable RegState value(Btf btf, int declared, int arg, int hidden, int off, int size) {
    String func = env.attach.name;
    int id = btf.skipModsAndTypedefs(declared);
    if (isSmallInt(btf, id) || btf.kind(id).isAnyEnum() || btf.kind(id).isComposite()) {
      return unknown();
    }
    if (!btf.isKind(id, BtfKind.PTR)) {
      env.log.printf(
          "func '%s' arg%d '%s' has type %s. Only pointer access is allowed\n",
          func, arg, btf.name(id), KindNames.of(btf, id));
      return null;
    }
    if (size != SLOT) {
      env.log.printf("func '%s' size %d must be 8\n", func, size);
      return null;
    }
    CtxArgs.Arg special = CtxArgs.of(env, off);
    if (special != null && special.isBuffer()) {
      return special.register(env, types);
    }
    if (!btf.kind(btf.skipModsAndTypedefs(btf.target(id))).isComposite()) {
      return unknown();
    }
    if (special != null) {
      return special.register(env, types);
    }
    return pointer(btf, id, arg, hidden);
  }

  private @Nullable RegState pointer(Btf btf, int ptr, int arg, int hidden) {
    String func = env.attach.name;
    int flags = argsTrusted() ? RegType.TRUSTED : 0;
    boolean error = false;
    String param =
        arg + hidden < btf.vlen(env.attach.funcProtoId)
            ? btf.paramName(env.attach.funcProtoId, arg + hidden)
            : "";
    if (param.endsWith("__nullable")) {
      flags |= RegType.MAYBE_NULL;
    }
    if (env.attachType() == AttachType.TRACE_RAW_TP) {
      String tp = func.startsWith(TRACE_PREFIX) ? func.substring(TRACE_PREFIX.length()) : func;
      switch (TracepointArgs.of(tp, arg)) {
        case MAY_BE_NULL -> flags |= RegType.MAYBE_NULL;
        case MAY_BE_ERROR -> error = true;
        case NONE -> {}
      }
    }
    int tags = 0;
    int id = btf.target(ptr);
    for (; btf.kind(id).isModifier() || btf.isKind(id, BtfKind.TYPEDEF); id = btf.target(id)) {
      if (btf.isKind(id, BtfKind.TYPE_TAG) && !btf.kindFlag(id)) {
        tags |= StructWalk.tag(btf.name(id)) & (RegType.USER | RegType.PERCPU);
      }
    }
    int target = promoted(btf, id);
    env.log.printf(
        "func '%s' arg%d has btf_id %d type %s '%s'\n",
        func, arg, id, KindNames.of(btf, id), btf.name(id));
    if (error) {
      env.log.printf("marking pointer arg%d as scalar as it may encode error", arg);
      return unknown();
    }
    return RegState.pointer(RegType.BTF_ID | flags | tags, new Pointee.BtfRef(btf, target));
  }

  /// Congestion control sees its sockets as TCP sockets.
  private int promoted(Btf btf, int id) {
    if (env.progType() == ProgType.STRUCT_OPS
        && env.attach.target.equals("tcp_congestion_ops")
        && btf.nameEquals(id, "sock")) {
      int tcp = btf.find("tcp_sock", BtfKind.STRUCT);
      return tcp != 0 ? tcp : id;
    }
    return id;
  }

  private boolean argsTrusted() {
    AttachType attach = env.attachType();
    return switch (env.progType()) {
      case TRACING -> attach == AttachType.TRACE_RAW_TP || attach == AttachType.TRACE_ITER;
      case LSM -> !UntrustedHooks.contains(env.attach.name);
      case STRUCT_OPS -> true;
      default -> false;
    };
  }

  private RegState unknown() {
    return RegState.unknown(!env.priv.bpfCapable());
  }
}
