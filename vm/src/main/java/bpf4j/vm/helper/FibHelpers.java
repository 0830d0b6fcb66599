package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.kernel.NetDevice;
import bpf4j.vm.kernel.RoutingTable;

/// Routes and MTUs of the virtual kernel.
final class FibHelpers {
  /// `sizeof(struct bpf_fib_lookup)`.
  private static final int SIZE = 64;

  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;

  // Offsets in struct bpf_fib_lookup.
  private static final int FAMILY = 0;
  private static final int TOT_LEN = 6;
  private static final int IFINDEX = 8;
  private static final int METRIC = 12;
  private static final int SRC = 16;
  private static final int DST = 32;
  private static final int SMAC = 52;
  private static final int DMAC = 58;

  private static final long F_OUTPUT = 1 << 1;
  private static final long F_SKIP_NEIGH = 1 << 2;
  private static final long F_SRC = 1 << 4;
  private static final long F_KNOWN = 0x3f;

  private static final int RET_SUCCESS = 0;
  private static final int RET_NOT_FWDED = 4;
  private static final int RET_NO_NEIGH = 7;
  private static final int RET_FRAG_NEEDED = 8;

  private static final long MTU_CHECK_SEGS = 1;
  private static final int MTU_RET_FRAG_NEEDED = 1;
  private static final int ETH_HLEN = 14;

  private FibHelpers() {}

  static void register(HelperRegistry r) {
    r.add("fib_lookup", FibHelpers::lookup);
    r.add("check_mtu", FibHelpers::checkMtu);
  }

  private static long lookup(RunCtx rc, long ctx, long params, long size, long flags, long r5) {
    if ((int) size < SIZE || (flags & 0xffff_ffffL & ~F_KNOWN) != 0) {
      return Errno.EINVAL.negated();
    }
    GuestMemory m = rc.memory();
    int family = (int) m.getU8(params + FAMILY);
    if (family != AF_INET && family != AF_INET6) {
      return Errno.EAFNOSUPPORT.negated();
    }
    RunEnv env = RunEnv.of(rc);
    if (env.kernel().device((int) m.getU32(params + IFINDEX)) == null) {
      return Errno.ENODEV.negated();
    }
    int length = family == AF_INET ? 4 : 16;
    byte[] destination = m.getBytes(params + DST, length);
    RoutingTable.Route route = env.kernel().routes().lookup(destination);
    if (route == null) {
      return RET_NOT_FWDED;
    }
    return forward(env, m, params, route, destination, flags);
  }

  private static long forward(
      RunEnv env, GuestMemory m, long params, RoutingTable.Route r, byte[] dst, long flags) {
    NetDevice out = env.kernel().device(r.ifindex());
    if (out == null) {
      return RET_NOT_FWDED;
    }
    int mtu = r.mtu() != 0 ? r.mtu() : out.mtu();
    int total = (int) m.getU16(params + TOT_LEN);
    m.putU16(params + TOT_LEN, mtu);
    if ((flags & F_OUTPUT) == 0 && total > mtu) {
      return RET_FRAG_NEEDED;
    }
    byte[] gateway = r.gateway();
    byte[] hop = gateway != null ? gateway : dst;
    byte[] source = r.source();
    if ((flags & F_SRC) != 0 && source != null) {
      m.putBytes(params + SRC, source);
    }
    m.putU32(params + METRIC, 0);
    m.putU32(params + IFINDEX, out.ifindex());
    if (gateway != null) {
      m.putBytes(params + DST, gateway);
    }
    if ((flags & F_SKIP_NEIGH) != 0) {
      return RET_SUCCESS;
    }
    byte[] mac = env.kernel().routes().neighbour(out.ifindex(), hop);
    if (mac == null) {
      return RET_NO_NEIGH;
    }
    m.putBytes(params + DMAC, mac);
    m.putBytes(params + SMAC, out.macAddress());
    return RET_SUCCESS;
  }

  private static long checkMtu(
      RunCtx rc, long ctx, long ifindex, long mtuLength, long difference, long flags) {
    RunEnv env = RunEnv.of(rc);
    boolean xdp = env.xdpOrNull() != null;
    if ((flags & ~(xdp ? 0 : MTU_CHECK_SEGS)) != 0) {
      return Errno.EINVAL.negated();
    }
    int index = (int) ifindex;
    NetDevice device = env.kernel().device(index == 0 ? ownDevice(env) : index);
    if (device == null) {
      return Errno.ENODEV.negated();
    }
    GuestMemory m = rc.memory();
    int wanted = (int) m.getU32(mtuLength);
    int length = xdp ? env.xdp().length() : env.skb().length();
    // The caller may give the length of the IP packet; else the frame's counts, without link
    // header.
    int packet = (wanted != 0 ? wanted : length - ETH_HLEN) + (int) difference;
    m.putU32(mtuLength, device.mtu());
    return packet > device.mtu() ? MTU_RET_FRAG_NEEDED : 0;
  }

  private static int ownDevice(RunEnv env) {
    return env.xdpOrNull() != null ? 1 : env.skb().get(bpf4j.vm.packet.SkBuff.IFINDEX);
  }
}
