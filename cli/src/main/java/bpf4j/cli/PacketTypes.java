package bpf4j.cli;

import bpf4j.model.spec.ProgType;

/// Which program types work on packets.
final class PacketTypes {
  private PacketTypes() {}

  /// Whether a test run of this type takes a packet.
  static boolean takePacket(ProgType type) {
    return switch (type) {
      case XDP,
          SOCKET_FILTER,
          SCHED_CLS,
          SCHED_ACT,
          CGROUP_SKB,
          LWT_IN,
          LWT_OUT,
          LWT_XMIT,
          LWT_SEG6LOCAL,
          SK_SKB,
          FLOW_DISSECTOR,
          NETFILTER ->
          true;
      default -> false;
    };
  }
}
