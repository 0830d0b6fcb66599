package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.packet.SkBuff;

/// The socket that a test run gives its packet: unconnected, with the addresses of the packet's IP
/// header. Programs see it as a `struct bpf_sock` and in fields of `struct __sk_buff`.
final class SkbSocket {
  private static final int SIZE = 80;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int TCP_CLOSE = 7;

  // Offsets in struct bpf_sock.
  private static final int FAMILY = 4;
  private static final int TYPE = 8;
  private static final int SRC_IP4 = 24;
  private static final int SRC_IP6 = 28;
  private static final int DST_IP4 = 52;
  private static final int DST_IP6 = 56;
  private static final int STATE = 72;
  private static final int RX_QUEUE_MAPPING = 76;

  private SkbSocket() {}

  static void attach(RunSession session, SkBuff skb, byte[] frame) {
    GuestMemory memory = session.memory();
    long sock = session.allocate(SIZE, "struct bpf_sock");
    memory.putU32(sock + TYPE, 0);
    memory.putU32(sock + STATE, TCP_CLOSE);
    memory.putU32(sock + RX_QUEUE_MAPPING, -1);
    int protocol = SkBuff.bigEndian16(skb.get(SkBuff.PROTOCOL));
    int behindLink = frame.length - SkBuff.ETH_HLEN;
    if (protocol == 0x0800) {
      if (behindLink < 20) {
        throw invalid("an IPv4 packet has at least 20 bytes, this one %d".formatted(behindLink));
      }
      addresses(memory, skb, sock, frame, 26, 30, 4);
    } else if (protocol == 0x86dd) {
      if (behindLink < 40) {
        throw invalid("an IPv6 packet has at least 40 bytes, this one %d".formatted(behindLink));
      }
      addresses(memory, skb, sock, frame, 22, 38, 16);
    }
    memory.putU64(skb.ctxAddr() + SkBuff.SK, sock);
  }

  private static void addresses(
      GuestMemory memory, SkBuff skb, long sock, byte[] frame, int source, int dest, int size) {
    boolean v4 = size == 4;
    int family = v4 ? AF_INET : AF_INET6;
    memory.putU32(sock + FAMILY, family);
    memory.putBytes(sock + (v4 ? SRC_IP4 : SRC_IP6), frame, source, size);
    memory.putBytes(sock + (v4 ? DST_IP4 : DST_IP6), frame, dest, size);
    skb.put(SkBuff.FAMILY, family);
    long ctx = skb.ctxAddr();
    memory.putBytes(ctx + (v4 ? SkBuff.LOCAL_IP4 : SkBuff.LOCAL_IP6), frame, source, size);
    memory.putBytes(ctx + (v4 ? SkBuff.REMOTE_IP4 : SkBuff.REMOTE_IP6), frame, dest, size);
  }
}
