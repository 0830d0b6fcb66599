package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.kernel.VirtualSocket;
import org.jspecify.annotations.Nullable;

/// Looking up and looking at the sockets of the virtual kernel.
final class SocketHelpers {
  private static final int TUPLE_IPV4 = 12;
  private static final int TUPLE_IPV6 = 36;
  private static final int IPPROTO_TCP = 6;
  private static final int IPPROTO_UDP = 17;
  private static final int OVERFLOW_UID = 65534;
  private static final int F_CURRENT_NETNS = -1;

  private SocketHelpers() {}

  static void register(HelperRegistry r) {
    r.add("sk_lookup_tcp", (rc, _, t, n, ns, f) -> lookup(rc, t, n, ns, f, IPPROTO_TCP));
    r.add("skc_lookup_tcp", (rc, _, t, n, ns, f) -> lookup(rc, t, n, ns, f, IPPROTO_TCP));
    r.add("sk_lookup_udp", (rc, _, t, n, ns, f) -> lookup(rc, t, n, ns, f, IPPROTO_UDP));
    r.add("sk_release", (_, _, _, _, _, _) -> 0);
    r.add("sk_fullsock", (rc, sk, _, _, _, _) -> GuestSock.isFull(rc.memory(), sk) ? sk : 0);
    r.add("tcp_sock", SocketHelpers::tcpSock);
    r.add("get_listener_sock", SocketHelpers::listener);
    r.add("get_socket_cookie", SocketHelpers::cookie);
    r.add("get_socket_uid", SocketHelpers::uid);
    r.add("get_netns_cookie", (_, _, _, _, _, _) -> 1);
    r.add("sk_cgroup_id", (_, _, _, _, _, _) -> 0);
    r.add("sk_ancestor_cgroup_id", (_, _, _, _, _, _) -> 0);
    r.add("sk_assign", SocketHelpers::assign);
    for (String name :
        new String[] {
          "skc_to_tcp6_sock",
          "skc_to_tcp_sock",
          "skc_to_tcp_timewait_sock",
          "skc_to_tcp_request_sock",
          "skc_to_udp6_sock",
          "skc_to_unix_sock",
          "skc_to_mptcp_sock"
        }) {
      r.add(name, (rc, sk, _, _, _, _) -> convert(rc, sk, name));
    }
  }

  private static long lookup(
      RunCtx rc, long tuple, long size, long netns, long flags, int protocol) {
    int n = (int) size;
    if ((n != TUPLE_IPV4 && n != TUPLE_IPV6) || flags != 0 || (int) netns < F_CURRENT_NETNS) {
      return 0;
    }
    RunEnv env = RunEnv.of(rc);
    GuestMemory m = rc.memory();
    int address = n == TUPLE_IPV4 ? 4 : 16;
    VirtualSocket found =
        env.kernel()
            .sockets()
            .lookup(
                protocol,
                m.getBytes(tuple, address),
                Checksum.networkU16(m, tuple + address * 2L),
                m.getBytes(tuple + address, address),
                Checksum.networkU16(m, tuple + address * 2L + 2));
    return found == null ? 0 : env.machine().socks().addressOf(found);
  }

  private static long tcpSock(RunCtx rc, long sk, long r2, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    return GuestSock.isFull(m, sk) && m.getU32(sk + GuestSock.PROTOCOL) == IPPROTO_TCP
        ? RunEnv.of(rc).machine().socks().tcpAddressOf(sk)
        : 0;
  }

  private static long listener(RunCtx rc, long sk, long r2, long r3, long r4, long r5) {
    return rc.memory().getU32(sk + GuestSock.STATE) == GuestSock.TCP_LISTEN ? sk : 0;
  }

  private static long cookie(RunCtx rc, long ctxOrSk, long r2, long r3, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    long sk = env.skbOrNull() != null ? env.skb().socketAddr() : ctxOrSk;
    return sk == 0 ? 0 : env.machine().socks().cookieOf(sk);
  }

  private static long uid(RunCtx rc, long ctx, long r2, long r3, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    long sk = env.skbOrNull() != null ? env.skb().socketAddr() : 0;
    return GuestSock.isFull(rc.memory(), sk) ? 0 : OVERFLOW_UID;
  }

  private static long assign(RunCtx rc, long ctx, long sk, long flags, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    if (env.type() == bpf4j.model.spec.ProgType.SK_LOOKUP) {
      long error = env.assignSocket(sk, flags);
      if (error == 0) {
        rc.memory().putU64(ctx, sk);
      }
      return error;
    }
    if (sk == 0 || flags != 0) {
      return Errno.EINVAL.negated();
    }
    // A test run's packet did not come in through a qdisc.
    return Errno.EOPNOTSUPP.negated();
  }

  private static long convert(RunCtx rc, long sk, String name) {
    @Nullable VirtualSocket socket = RunEnv.of(rc).machine().socks().socketAt(sk);
    if (socket == null) {
      return 0;
    }
    boolean v6 = socket.localAddress().length == 16;
    boolean fits =
        switch (name) {
          case "skc_to_tcp6_sock" -> socket.protocol() == IPPROTO_TCP && v6;
          case "skc_to_tcp_sock" -> socket.protocol() == IPPROTO_TCP;
          case "skc_to_udp6_sock" -> socket.protocol() == IPPROTO_UDP && v6;
          default -> false;
        };
    return fits ? sk : 0;
  }
}
