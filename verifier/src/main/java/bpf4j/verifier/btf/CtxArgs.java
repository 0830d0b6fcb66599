package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.proto.IteratorArgs;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/// Arguments whose type is not just what the prototype says: of iterators by table, of struct_ops
/// members by the names of their stubs' parameters.
final class CtxArgs {
  private static final int SLOT = 8;

  private CtxArgs() {}

  /// One such argument.
  record Arg(int type, String struct, int typeId) {
    boolean isBuffer() {
      return RegType.base(type) == RegType.BUF;
    }

    @Nullable RegState register(Env env, TypesOfProgram types) {
      if (isBuffer()) {
        return RegState.pointer(type, Pointee.NONE);
      }
      Btf btf = types.kernel();
      int id = typeId != 0 ? typeId : types.kernelStruct(struct);
      if (btf == null || id == 0) {
        env.log.printf("invalid btf_id for context argument offset %d\n", 0);
        return null;
      }
      return RegState.pointer(type, new Pointee.BtfRef(btf, id));
    }
  }

  static @Nullable Arg of(Env env, int off) {
    if (off < 0) {
      return null;
    }
    if (env.attachType() == AttachType.TRACE_ITER && env.progType() == ProgType.TRACING) {
      return iterator(env.attach.target, off / SLOT);
    }
    return env.progType() == ProgType.STRUCT_OPS ? structOps(env, off / SLOT) : null;
  }

  private static @Nullable Arg iterator(String name, int arg) {
    IteratorArgs.Arg a = IteratorArgs.of(name, arg);
    if (a == null) {
      return null;
    }
    int type =
        switch (a.kind()) {
          case RDONLY_BUF -> RegType.BUF | RegType.RDONLY;
          case BUF -> RegType.BUF;
          case POINTER -> RegType.BTF_ID;
          case TRUSTED_POINTER -> RegType.BTF_ID | RegType.TRUSTED;
        };
    return new Arg(type | RegType.MAYBE_NULL, a.struct(), 0);
  }

  private static @Nullable Arg structOps(Env env, int arg) {
    Btf btf = env.attach.btf;
    if (btf == null) {
      return null;
    }
    int stub = btf.find(env.attach.target + "__" + env.attach.member, BtfKind.FUNC);
    if (stub == 0) {
      return null;
    }
    int proto = btf.target(stub);
    if (arg >= btf.vlen(proto) || !btf.paramName(proto, arg).endsWith("__nullable")) {
      return null;
    }
    int ptr = btf.skipModsAndTypedefs(btf.paramType(proto, arg));
    int target = btf.isKind(ptr, BtfKind.PTR) ? btf.skipModsAndTypedefs(btf.target(ptr)) : 0;
    return btf.kind(target).isComposite()
        ? new Arg(RegType.BTF_ID | RegType.TRUSTED | RegType.MAYBE_NULL, "", target)
        : null;
  }
}
