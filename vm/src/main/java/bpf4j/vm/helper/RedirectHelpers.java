package bpf4j.vm.helper;

import bpf4j.maps.BpfMap;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import bpf4j.vm.engine.RunCtx;

/// Sending packets elsewhere. A test run transmits nothing: the verdict and the device are what
/// remains.
final class RedirectHelpers {
  private static final long F_INGRESS = 1;
  private static final long F_BROADCAST = 1 << 3;
  private static final long F_EXCLUDE_INGRESS = 1 << 4;
  private static final long ACTION_MASK = 3;
  private static final int XDP_REDIRECT = 4;
  private static final int XDP_ABORTED = 0;
  private static final int TC_ACT_SHOT = 2;
  private static final int TC_ACT_REDIRECT = 7;

  private RedirectHelpers() {}

  static void register(HelperRegistry r) {
    r.add("redirect", RedirectHelpers::redirect);
    r.add("redirect_peer", RedirectHelpers::redirectPeer);
    r.add("redirect_neigh", RedirectHelpers::redirectNeighbour);
    r.add("redirect_map", RedirectHelpers::redirectMap);
    r.add("clone_redirect", RedirectHelpers::cloneRedirect);
  }

  private static long redirect(RunCtx rc, long ifindex, long flags, long r3, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    if (env.xdpOrNull() != null) {
      if (flags != 0) {
        return XDP_ABORTED;
      }
      env.setRedirectIfindex((int) ifindex);
      return XDP_REDIRECT;
    }
    if ((flags & ~F_INGRESS) != 0) {
      return TC_ACT_SHOT;
    }
    env.setRedirectIfindex((int) ifindex);
    return TC_ACT_REDIRECT;
  }

  private static long redirectPeer(RunCtx rc, long ifindex, long flags, long r3, long r4, long r5) {
    if (flags != 0) {
      return TC_ACT_SHOT;
    }
    RunEnv.of(rc).setRedirectIfindex((int) ifindex);
    return TC_ACT_REDIRECT;
  }

  private static long redirectNeighbour(
      RunCtx rc, long ifindex, long params, long paramsSize, long flags, long r5) {
    int paramsLength = 20; // sizeof(struct bpf_redir_neigh)
    if (((int) paramsSize != 0 && (int) paramsSize < paramsLength) || flags != 0) {
      return TC_ACT_SHOT;
    }
    RunEnv.of(rc).setRedirectIfindex((int) ifindex);
    return TC_ACT_REDIRECT;
  }

  private static long redirectMap(RunCtx rc, long mapAddr, long key, long flags, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    BpfMap map = env.map(mapAddr);
    boolean devices = map.type() == MapType.DEVMAP || map.type() == MapType.DEVMAP_HASH;
    long known = ACTION_MASK | (devices ? F_BROADCAST | F_EXCLUDE_INGRESS : 0);
    if ((flags & ~known) != 0) {
      return XDP_ABORTED;
    }
    long scratch = rc.scratch();
    rc.memory().putU64(scratch, key);
    long target = map.lookupElem(scratch, rc.cpu());
    if (target == 0 && (flags & F_BROADCAST) == 0) {
      return flags & ACTION_MASK;
    }
    if (devices && target != 0) {
      env.setRedirectIfindex((int) rc.memory().getU32(target));
    }
    return XDP_REDIRECT;
  }

  private static long cloneRedirect(
      RunCtx rc, long ctx, long ifindex, long flags, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    if ((flags & ~F_INGRESS) != 0 || env.kernel().device((int) ifindex) == null) {
      return Errno.EINVAL.negated();
    }
    return 0;
  }
}
