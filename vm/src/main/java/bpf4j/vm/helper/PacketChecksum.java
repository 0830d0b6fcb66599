package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.packet.SkBuff;

/// The checksum over a whole packet that `BPF_F_TEST_SKB_CHECKSUM_COMPLETE` checks.
public final class PacketChecksum {
  private PacketChecksum() {}

  /// The sum of everything behind the network header's start.
  public static long behindNetworkHeader(GuestMemory memory, SkBuff skb) {
    int off = skb.networkOff();
    return Checksum.partial(memory, skb.data() + off, skb.length() - off, 0);
  }

  /// Whether the sum that the program kept up belongs to the packet. `l2`: the packet's start was
  /// the link header all along; otherwise that header was just put back.
  public static boolean matches(GuestMemory memory, SkBuff skb, boolean l2) {
    int off = l2 ? skb.networkOff() : skb.networkOff() + SkBuff.ETH_HLEN;
    long sum = Checksum.partial(memory, skb.data() + off, skb.length() - off, 0);
    return Checksum.finish(sum) == Checksum.finish(skb.checksumComplete());
  }
}
