package bpf4j.vm.helper;

import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.packet.XdpBuff;

/// XDP frames.
final class XdpHelpers {
  private static final long MAX = 0xffff;

  private XdpHelpers() {}

  static void register(HelperRegistry r) {
    r.add(
        "xdp_adjust_head", (rc, _, delta, _, _, _) -> RunEnv.of(rc).xdp().adjustHead((int) delta));
    r.add(
        "xdp_adjust_meta", (rc, _, delta, _, _, _) -> RunEnv.of(rc).xdp().adjustMeta((int) delta));
    r.add(
        "xdp_adjust_tail", (rc, _, delta, _, _, _) -> RunEnv.of(rc).xdp().adjustTail((int) delta));
    r.add("xdp_get_buff_len", (rc, _, _, _, _, _) -> RunEnv.of(rc).xdp().length());
    r.add("xdp_load_bytes", XdpHelpers::load);
    r.add("xdp_store_bytes", XdpHelpers::store);
  }

  private static long check(XdpBuff xdp, long off, long len) {
    if (off > MAX || len > MAX) {
      return Errno.EFAULT.negated();
    }
    return off + len > xdp.length() ? Errno.EINVAL.negated() : 0;
  }

  private static long load(RunCtx rc, long ctx, long off, long to, long len, long r5) {
    XdpBuff xdp = RunEnv.of(rc).xdp();
    long o = off & 0xffff_ffffL;
    long n = len & 0xffff_ffffL;
    long error = check(xdp, o, n);
    if (error == 0) {
      rc.memory().copy(to, xdp.data() + o, n);
    }
    return error;
  }

  private static long store(RunCtx rc, long ctx, long off, long from, long len, long r5) {
    XdpBuff xdp = RunEnv.of(rc).xdp();
    long o = off & 0xffff_ffffL;
    long n = len & 0xffff_ffffL;
    long error = check(xdp, o, n);
    if (error == 0) {
      rc.memory().copy(xdp.data() + o, from, n);
    }
    return error;
  }
}
