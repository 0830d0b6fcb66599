package bpf4j.vm;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.engine.LegacyLoads;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.packet.SkBuff;

/// `LD_ABS` and `LD_IND` on a socket buffer. Negative offsets count from the network header
/// (`SKF_NET_OFF`) or the link header (`SKF_LL_OFF`).
record SkbLegacyLoads(SkBuff skb) implements LegacyLoads {
  private static final int NET_OFF = -0x100000;
  private static final int LL_OFF = -0x200000;

  @Override
  public long load(RunCtx rc, int off, int size) {
    long at = off;
    if (off < 0) {
      if (off >= NET_OFF) {
        at = (long) skb.networkOff() + off - NET_OFF;
      } else if (off >= LL_OFF) {
        at = (long) skb.macOff() + off - LL_OFF;
      } else {
        return -1;
      }
      if (at < -skb.headroom() || at + size > skb.linear()) {
        return -1;
      }
    } else if (!skb.contains(at, size)) {
      return -1;
    }
    GuestMemory memory = rc.memory();
    long addr = skb.data() + at;
    return switch (size) {
      case 1 -> memory.getU8(addr);
      case 2 -> Short.toUnsignedLong(Short.reverseBytes((short) memory.getU16(addr)));
      default -> Integer.toUnsignedLong(Integer.reverseBytes((int) memory.getU32(addr)));
    };
  }
}
