package bpf4j.verifier.btf;

import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Which pointers may be relied on, and when the program is protected by RCU. Source of the rules:
/// `is_trusted_reg`, `in_rcu_cs` of Linux 6.18.
public final class Trust {
  private Trust() {}

  /// Whether the kernel guarantees that the pointer is valid.
  public static boolean isTrusted(RegState r) {
    if (r.refObjId() != 0) {
      return true;
    }
    int type = r.type();
    if (hasKernelStruct(type) && !RegType.hasUnsafeModifiers(type)) {
      return true;
    }
    return (type & RegType.TRUSTED_MODIFIERS) != 0 && !RegType.hasUnsafeModifiers(type);
  }

  /// Whether the pointer lives as long as the RCU read section.
  public static boolean isRcu(RegState r) {
    return (r.type() & RegType.RCU) != 0;
  }

  /// Whether the base type stands for one kernel struct though it is no BTF pointer.
  public static boolean hasKernelStruct(int type) {
    return !kernelStruct(type).isEmpty();
  }

  /// The kernel struct that a base type stands for, else empty.
  public static String kernelStruct(int type) {
    return switch (RegType.base(type)) {
      case RegType.SOCKET -> "sock";
      case RegType.SOCK_COMMON -> "sock_common";
      case RegType.TCP_SOCK -> "tcp_sock";
      case RegType.MAP_PTR -> "bpf_map";
      default -> "";
    };
  }

  /// Whether the program, or the callback under execution, may sleep.
  public static boolean inSleepable(Env env) {
    return env.sleepable() || env.cur().inSleepable;
  }

  /// Whether RCU protects what is read here.
  public static boolean inRcu(Env env) {
    return env.cur().activeRcuLocks != 0 || env.cur().activeLocks != 0 || !inSleepable(env);
  }
}
