package bpf4j.verifier.call;

import bpf4j.model.proto.ArgFlags;
import bpf4j.model.proto.ArgProto;
import bpf4j.model.proto.ArgType;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import java.util.EnumMap;
import java.util.Map;

/// Which register types fit which argument types of helpers, and the message where none does.
final class HelperArgs {
  private static final int KPTR_XCHG = HelperTable.id("kptr_xchg");

  private static final int[] MEM = {
    RegType.STACK,
    RegType.PACKET,
    RegType.PACKET_META,
    RegType.MAP_KEY,
    RegType.MAP_VALUE,
    RegType.MEM,
    RegType.MEM | RegType.RINGBUF,
    RegType.BUF,
    RegType.BTF_ID | RegType.TRUSTED
  };
  private static final int[] SOCK = {
    RegType.SOCK_COMMON, RegType.SOCKET, RegType.TCP_SOCK, RegType.XDP_SOCK
  };
  private static final int[] BTF_SOCK = {
    RegType.SOCK_COMMON,
    RegType.SOCKET,
    RegType.TCP_SOCK,
    RegType.XDP_SOCK,
    RegType.BTF_ID,
    RegType.BTF_ID | RegType.TRUSTED
  };
  private static final int[] BTF = {
    RegType.BTF_ID, RegType.BTF_ID | RegType.TRUSTED, RegType.BTF_ID | RegType.RCU
  };
  private static final int[] PERCPU_BTF = {
    RegType.BTF_ID | RegType.PERCPU,
    RegType.BTF_ID | RegType.PERCPU | RegType.RCU,
    RegType.BTF_ID | RegType.PERCPU | RegType.TRUSTED
  };
  private static final int[] OBJECT_OR_VALUE = {RegType.MAP_VALUE, RegType.BTF_ID | RegType.ALLOC};

  private static final Map<ArgType, int[]> COMPATIBLE = compatible();

  private HelperArgs() {}

  private static Map<ArgType, int[]> compatible() {
    Map<ArgType, int[]> t = new EnumMap<>(ArgType.class);
    t.put(ArgType.PTR_TO_MAP_KEY, MEM);
    t.put(ArgType.PTR_TO_MAP_VALUE, MEM);
    t.put(ArgType.PTR_TO_MEM, MEM);
    t.put(ArgType.CONST_SIZE, new int[] {RegType.SCALAR});
    t.put(ArgType.CONST_SIZE_OR_ZERO, new int[] {RegType.SCALAR});
    t.put(ArgType.CONST_ALLOC_SIZE_OR_ZERO, new int[] {RegType.SCALAR});
    t.put(ArgType.CONST_MAP_PTR, new int[] {RegType.MAP_PTR});
    t.put(ArgType.PTR_TO_CTX, new int[] {RegType.CTX});
    t.put(ArgType.PTR_TO_SOCK_COMMON, SOCK);
    t.put(ArgType.PTR_TO_BTF_ID_SOCK_COMMON, BTF_SOCK);
    t.put(ArgType.PTR_TO_SOCKET, new int[] {RegType.SOCKET});
    t.put(ArgType.PTR_TO_BTF_ID, BTF);
    t.put(ArgType.PTR_TO_SPIN_LOCK, OBJECT_OR_VALUE);
    t.put(ArgType.PTR_TO_RINGBUF_MEM, new int[] {RegType.MEM | RegType.RINGBUF});
    t.put(ArgType.PTR_TO_PERCPU_BTF_ID, PERCPU_BTF);
    t.put(ArgType.PTR_TO_FUNC, new int[] {RegType.FUNC});
    t.put(ArgType.PTR_TO_STACK, new int[] {RegType.STACK});
    t.put(ArgType.PTR_TO_CONST_STR, new int[] {RegType.MAP_VALUE});
    t.put(ArgType.PTR_TO_TIMER, new int[] {RegType.MAP_VALUE});
    t.put(ArgType.KPTR_XCHG_DEST, OBJECT_OR_VALUE);
    t.put(ArgType.PTR_TO_DYNPTR, new int[] {RegType.STACK, RegType.DYNPTR});
    return t;
  }

  /// Refuses a register whose type the argument does not take.
  static void checkType(Env env, int regno, ArgProto arg, CallMeta meta) {
    RegState reg = env.reg(regno);
    int[] types = COMPATIBLE.get(arg.type());
    if (types == null) {
      throw env.unsupported("argument type " + arg.type());
    }
    int type = reg.type();
    if (arg.has(ArgFlags.RDONLY)) {
      type &= ~RegType.RDONLY;
    }
    if (arg.has(ArgFlags.MAYBE_NULL)) {
      type &= ~RegType.MAYBE_NULL;
    }
    if (arg.type() == ArgType.PTR_TO_MEM) {
      type &= ~RegType.DYNPTR_FLAGS;
    }
    if (meta.funcId == KPTR_XCHG && RegType.isAlloc(type) && regno == 2) {
      type &= ~(RegType.ALLOC | RegType.PERCPU);
    }
    for (int t : types) {
      if (t == type) {
        return;
      }
    }
    StringBuilder names = new StringBuilder();
    for (int t : types) {
      names.append(names.isEmpty() ? "" : ", ").append(RegType.name(t));
    }
    throw env.reject(
        Errno.EACCES, "R%d type=%s expected=%s", regno, RegType.name(reg.type()), names);
  }
}
