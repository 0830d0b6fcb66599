package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.packet.SkBuff;

/// Reading and writing the bytes of a socket buffer, and what is known about it.
final class SkbHelpers {
  private static final long F_RECOMPUTE_CSUM = 1;
  private static final long F_INVALIDATE_HASH = 2;
  private static final int MAX_OFFSET = 0xffff;

  private SkbHelpers() {}

  static void register(HelperRegistry r) {
    r.add("skb_load_bytes", SkbHelpers::loadBytes);
    r.add("skb_load_bytes_relative", SkbHelpers::loadBytesRelative);
    r.add("skb_store_bytes", SkbHelpers::storeBytes);
    r.add("skb_pull_data", SkbHelpers::pullData);
    r.add("get_hash_recalc", SkbHelpers::hash);
    r.add("set_hash_invalid", (rc, _, _, _, _, _) -> setHash(rc, 0));
    r.add("set_hash", (rc, _, hash, _, _, _) -> setHash(rc, (int) hash));
    r.add("skb_change_type", SkbHelpers::changeType);
    r.add("get_cgroup_classid", (_, _, _, _, _, _) -> 0);
    r.add("get_route_realm", (_, _, _, _, _, _) -> 0);
    r.add("skb_cgroup_classid", (_, _, _, _, _, _) -> 0);
    r.add("skb_cgroup_id", (_, _, _, _, _, _) -> 0);
    r.add("skb_ancestor_cgroup_id", (_, _, _, _, _, _) -> 0);
    r.add("skb_ecn_set_ce", SkbHelpers::setCongestionExperienced);
    r.add("skb_set_tstamp", SkbHelpers::setTimestamp);
    r.add("skb_get_tunnel_key", SkbHelpers::getTunnelKey);
    r.add("skb_set_tunnel_key", SkbHelpers::setTunnelKey);
    r.add("skb_get_tunnel_opt", SkbHelpers::getTunnelOptions);
    r.add("skb_set_tunnel_opt", SkbHelpers::setTunnelOptions);
  }

  private static long loadBytes(RunCtx rc, long ctx, long off, long to, long len, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    return load(rc.memory(), skb, off & 0xffff_ffffL, to, len & 0xffff_ffffL);
  }

  private static long load(GuestMemory memory, SkBuff skb, long off, long to, long len) {
    if (off > Integer.MAX_VALUE || !skb.contains(off, len)) {
      memory.fill(to, len, 0);
      return Errno.EFAULT.negated();
    }
    memory.copy(to, skb.data() + off, len);
    return 0;
  }

  private static long loadBytesRelative(
      RunCtx rc, long ctx, long off, long to, long len, long start) {
    SkBuff skb = RunEnv.of(rc).skb();
    long o = off & 0xffff_ffffL;
    long n = len & 0xffff_ffffL;
    long base = start == 0 ? skb.macOff() : skb.networkOff();
    boolean ok = o <= MAX_OFFSET && (start == 0 || start == 1) && base + o + n <= skb.linear();
    if (!ok) {
      rc.memory().fill(to, n, 0);
      return Errno.EFAULT.negated();
    }
    rc.memory().copy(to, skb.data() + base + o, n);
    return 0;
  }

  private static long storeBytes(RunCtx rc, long ctx, long off, long from, long len, long flags) {
    SkBuff skb = RunEnv.of(rc).skb();
    if ((flags & ~(F_RECOMPUTE_CSUM | F_INVALIDATE_HASH)) != 0) {
      return Errno.EINVAL.negated();
    }
    long o = off & 0xffff_ffffL;
    long n = len & 0xffff_ffffL;
    if (o > Integer.MAX_VALUE || !skb.pull(o + n)) {
      return Errno.EFAULT.negated();
    }
    boolean recompute = (flags & F_RECOMPUTE_CSUM) != 0 && skb.checksumComplete() >= 0;
    long without = recompute ? sumWithout(skb, rc.memory(), o, n) : 0;
    rc.memory().copy(skb.data() + o, from, n);
    if (recompute) {
      skb.setChecksumComplete(
          Checksum.add(without, Checksum.partial(rc.memory(), skb.data() + o, n, 0)));
    }
    if ((flags & F_INVALIDATE_HASH) != 0) {
      skb.put(SkBuff.HASH, 0);
    }
    skb.publish();
    return 0;
  }

  private static long sumWithout(SkBuff skb, GuestMemory memory, long off, long len) {
    return Checksum.subtract(
        skb.checksumComplete(), Checksum.partial(memory, skb.data() + off, len, 0));
  }

  private static long pullData(RunCtx rc, long ctx, long len, long r3, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    long n = len & 0xffff_ffffL;
    if (!skb.pull(n == 0 ? skb.linear() : n)) {
      return Errno.ENOMEM.negated();
    }
    skb.publish();
    return 0;
  }

  /// The virtual kernel does not compute a flow hash: it is what the context says.
  private static long hash(RunCtx rc, long ctx, long r2, long r3, long r4, long r5) {
    return RunEnv.of(rc).skb().get(SkBuff.HASH) & 0xffff_ffffL;
  }

  private static long setHash(RunCtx rc, int hash) {
    RunEnv.of(rc).skb().put(SkBuff.HASH, hash);
    return 0;
  }

  private static long changeType(RunCtx rc, long ctx, long type, long r3, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    int packetOtherHost = 3;
    if (Integer.compareUnsigned((int) type, packetOtherHost) > 0
        || skb.get(SkBuff.PKT_TYPE) > packetOtherHost) {
      return Errno.EINVAL.negated();
    }
    skb.put(SkBuff.PKT_TYPE, (int) type);
    return 0;
  }

  /// Marks an ECN-capable packet; 1 when it carries the mark afterwards.
  private static long setCongestionExperienced(
      RunCtx rc, long ctx, long r2, long r3, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    GuestMemory memory = rc.memory();
    long ip = skb.data() + skb.networkOff();
    int protocol = SkBuff.bigEndian16(skb.get(SkBuff.PROTOCOL));
    if (protocol == 0x0800 && skb.pull(skb.networkOff() + 20)) {
      int tos = (int) memory.getU8(ip + 1);
      if ((tos & 3) == 0) {
        return 0;
      }
      if ((tos & 3) != 3) {
        memory.putU8(ip + 1, tos | 3);
        int delta = (tos | 3) - tos;
        int sum = Checksum.networkU16(memory, ip + 10);
        Checksum.putNetworkU16(memory, ip + 10, Checksum.replace16(sum, tos, tos + delta));
      }
      return 1;
    }
    if (protocol == 0x86dd && skb.pull(skb.networkOff() + 40)) {
      int second = (int) memory.getU8(ip + 1);
      if ((second & 0x30) == 0) {
        return 0;
      }
      memory.putU8(ip + 1, second | 0x30);
      return 1;
    }
    return 0;
  }

  private static long setTimestamp(RunCtx rc, long ctx, long nanos, long type, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    int protocol = SkBuff.bigEndian16(skb.get(SkBuff.PROTOCOL));
    if (protocol != 0x0800 && protocol != 0x86dd) {
      return Errno.EOPNOTSUPP.negated();
    }
    int kind = (int) type;
    // SKB_CLOCK_REALTIME takes no time, the monotonic clock and TAI need one.
    boolean ok = kind == 0 ? nanos == 0 : (kind == 1 || kind == 2) && nanos != 0;
    if (!ok) {
      return Errno.EINVAL.negated();
    }
    rc.memory().putU64(skb.ctxAddr() + SkBuff.TSTAMP, nanos);
    skb.put(SkBuff.TSTAMP_TYPE, kind);
    return 0;
  }

  /// `sizeof(struct bpf_tunnel_key)` of 6.18, and the sizes older programs pass.
  private static boolean isTunnelKeySize(long size) {
    return size == 44 || size == 40 || size == 28 || size == 24;
  }

  private static long getTunnelKey(RunCtx rc, long ctx, long to, long size, long flags, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    byte[] key = skb.tunnelKey();
    int n = (int) size;
    if (key.length == 0 || (flags & ~0x11L) != 0) {
      rc.memory().fill(to, n, 0);
      return Errno.EINVAL.negated();
    }
    if (!isTunnelKeySize(n)) {
      rc.memory().fill(to, n, 0);
      return Errno.EINVAL.negated();
    }
    rc.memory().putBytes(to, key, 0, Math.min(n, key.length));
    return 0;
  }

  private static long setTunnelKey(RunCtx rc, long ctx, long from, long size, long flags, long r5) {
    if ((flags & ~0x1fL) != 0) {
      return Errno.EINVAL.negated();
    }
    if (!isTunnelKeySize((int) size)) {
      return Errno.EINVAL.negated();
    }
    byte[] key = new byte[44];
    System.arraycopy(rc.memory().getBytes(from, (int) size), 0, key, 0, (int) size);
    RunEnv.of(rc).skb().setTunnelKey(key);
    return 0;
  }

  private static long getTunnelOptions(RunCtx rc, long ctx, long to, long size, long r4, long r5) {
    byte[] options = RunEnv.of(rc).skb().tunnelOptions();
    if (options.length == 0) {
      rc.memory().fill(to, (int) size, 0);
      return Errno.ENOENT.negated();
    }
    if ((int) size < options.length) {
      rc.memory().fill(to, (int) size, 0);
      return Errno.ENOMEM.negated();
    }
    rc.memory().fill(to, (int) size, 0);
    rc.memory().putBytes(to, options);
    return options.length;
  }

  private static long setTunnelOptions(
      RunCtx rc, long ctx, long from, long size, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    if (skb.tunnelKey().length == 0 || (size & 3) != 0) {
      return Errno.EINVAL.negated();
    }
    if ((int) size > 255) {
      return Errno.ENOMEM.negated();
    }
    skb.setTunnelOptions(rc.memory().getBytes(from, (int) size));
    return 0;
  }
}
