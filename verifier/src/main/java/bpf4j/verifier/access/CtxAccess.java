package bpf4j.verifier.access;

import bpf4j.model.proto.CtxField;
import bpf4j.model.proto.CtxKind;
import bpf4j.model.proto.CtxLayout;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.cfg.Callees;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Access to the program's context by the tables of its type.
final class CtxAccess {
  private static final Set<ProgType> UNCONVERTED =
      EnumSet.of(
          ProgType.KPROBE,
          ProgType.TRACEPOINT,
          ProgType.RAW_TRACEPOINT,
          ProgType.RAW_TRACEPOINT_WRITABLE,
          ProgType.TRACING,
          ProgType.LSM,
          ProgType.STRUCT_OPS,
          ProgType.SYSCALL,
          ProgType.LIRC_MODE2,
          ProgType.CGROUP_DEVICE,
          ProgType.NETFILTER,
          ProgType.EXT);

  private final Machine m;
  private final Env env;
  private @Nullable CtxLayout layout;

  CtxAccess(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  private CtxLayout layout() {
    CtxLayout l = layout;
    if (l == null) {
      AttachType attach = env.attachType();
      l =
          CtxLayout.of(
              env.progType(),
              attach == null ? AttachType.CGROUP_INET_INGRESS : attach,
              Callees.scope(env).caps());
      layout = l;
    }
    return l;
  }

  /// Whether the program's context is a stand-in whose loads the kernel rewrites; any other context
  /// may be passed as memory.
  boolean isConverted() {
    return !UNCONVERTED.contains(env.progType());
  }

  void access(MemAccess.Access a, RegState reg) {
    if (reg.type() != RegType.CTX) {
      throw env.reject(
          Errno.EACCES, "R%d invalid mem access '%s'", a.regno(), RegType.name(reg.type()));
    }
    if (a.stores() && env.isPointerValue(a.valueRegno())) {
      throw env.reject(Errno.EACCES, "R%d leaks addr into ctx", a.valueRegno());
    }
    m.mem.checkUnmoved(reg, a.regno(), false);
    RegState loaded = result(a);
    if (loaded == null) {
      env.log.printf("invalid bpf_context access off=%d size=%d\n", a.off(), a.size());
      env.printLine(a.insnIdx(), "; ");
      throw new Rejection(Errno.EACCES);
    }
    if (a.loads()) {
      if (RegType.mayBeNull(loaded.type())) {
        loaded = loaded.withId(env.newId());
      }
      env.setReg(a.valueRegno(), loaded);
    }
  }

  /// What the access loads (for a store, anything), or null where it is not allowed.
  private @Nullable RegState result(MemAccess.Access a) {
    return switch (layout().rule()) {
      case TABLE -> {
        CtxField f = layout().access(a.off(), a.size(), a.write(), a.signExtend());
        yield f == null ? null : value(f);
      }
      case BTF -> m.btf.ctxAccess(m, a.off(), a.size(), a.write(), a.signExtend());
      case REGION ->
          a.off() >= 0 && a.off() < CtxLayout.SYSCALL_CTX_MAX && a.off() % a.size() == 0
              ? unknown()
              : null;
      case NONE -> null;
    };
  }

  private RegState unknown() {
    return RegState.unknown(!env.priv.bpfCapable());
  }

  private RegState value(CtxField f) {
    return switch (f.kind()) {
      case SCALAR -> unknown();
      case PACKET -> MemAccess.packetPointer(RegType.PACKET);
      case PACKET_META -> MemAccess.packetPointer(RegType.PACKET_META);
      case PACKET_END -> RegState.pointer(RegType.PACKET_END, Pointee.NONE);
      case FLOW_KEYS -> RegState.pointer(RegType.FLOW_KEYS, Pointee.NONE);
      case SOCK_COMMON_OR_NULL ->
          RegState.pointer(RegType.SOCK_COMMON | RegType.MAYBE_NULL, Pointee.NONE);
      case SOCKET -> RegState.pointer(RegType.SOCKET, Pointee.NONE);
      case SOCKET_OR_NULL -> RegState.pointer(RegType.SOCKET | RegType.MAYBE_NULL, Pointee.NONE);
      case TP_BUFFER -> RegState.pointer(RegType.TP_BUFFER, Pointee.NONE);
      case TRUSTED_BTF_ID -> trusted(f);
    };
  }

  private RegState trusted(CtxField f) {
    int id = m.btf.kernelStruct(m, f.struct());
    bpf4j.model.btf.Btf btf = env.kernelBtf;
    if (id == 0 || btf == null) {
      throw env.unsupported("context field of type struct " + f.struct());
    }
    return RegState.pointer(RegType.BTF_ID | RegType.TRUSTED, new Pointee.BtfRef(btf, id));
  }

  /// Whether a load of a socket pointer's field is allowed.
  boolean isValidSock(int type, int off, int size) {
    return CtxLayout.ofPointer(RegType.name(type)).access(off, size, false, false) != null;
  }

  static boolean isScalar(CtxField f) {
    return f.kind() == CtxKind.SCALAR;
  }
}
