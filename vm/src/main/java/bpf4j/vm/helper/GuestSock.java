package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.kernel.VirtualSocket;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Sockets in guest memory: a `struct bpf_sock`, followed by a `struct bpf_tcp_sock`, for each
/// socket that programs have seen.
public final class GuestSock {
  /// `sizeof(struct bpf_sock)`.
  static final int SIZE = 80;

  private static final int TCP_SIZE = 96;

  // Offsets in struct bpf_sock.
  static final int FAMILY = 4;
  static final int TYPE = 8;
  static final int PROTOCOL = 12;
  static final int SRC_IP4 = 24;
  static final int SRC_IP6 = 28;
  static final int SRC_PORT = 44;
  static final int DST_PORT = 48;
  static final int DST_IP4 = 52;
  static final int DST_IP6 = 56;
  static final int STATE = 72;
  static final int RX_QUEUE_MAPPING = 76;

  static final int TCP_LISTEN = 10;
  private static final int TCP_TIME_WAIT = 6;
  private static final int TCP_NEW_SYN_RECV = 12;

  private final GuestMemory memory;
  private final Map<VirtualSocket, Long> addresses = new HashMap<>();
  private final Map<Long, VirtualSocket> sockets = new HashMap<>();

  GuestSock(GuestMemory memory) {
    this.memory = memory;
  }

  /// Whether the socket at `sk` is more than a half-open or closing connection.
  static boolean isFull(GuestMemory m, long sk) {
    long state = sk == 0 ? TCP_TIME_WAIT : m.getU32(sk + STATE);
    return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
  }

  /// Where programs see `socket`.
  public synchronized long addressOf(VirtualSocket socket) {
    Long known = addresses.get(socket);
    if (known != null) {
      return known;
    }
    long sk = memory.allocate(SIZE + TCP_SIZE, "struct bpf_sock");
    boolean v4 = socket.localAddress().length == 4;
    memory.putU32(sk + FAMILY, v4 ? 2 : 10);
    memory.putU32(sk + TYPE, socket.protocol() == 6 ? 1 : 2);
    memory.putU32(sk + PROTOCOL, socket.protocol());
    memory.putBytes(sk + (v4 ? SRC_IP4 : SRC_IP6), socket.localAddress());
    memory.putBytes(sk + (v4 ? DST_IP4 : DST_IP6), socket.remoteAddress());
    memory.putU32(sk + SRC_PORT, socket.localPort());
    Checksum.putNetworkU16(memory, sk + DST_PORT, socket.remotePort());
    memory.putU32(sk + STATE, socket.state());
    memory.putU32(sk + RX_QUEUE_MAPPING, -1);
    addresses.put(socket, sk);
    sockets.put(sk, socket);
    return sk;
  }

  /// The `struct bpf_tcp_sock` of the socket at `sk`, or 0.
  synchronized long tcpAddressOf(long sk) {
    return sockets.containsKey(sk) ? sk + SIZE : 0;
  }

  synchronized @Nullable VirtualSocket socketAt(long sk) {
    return sockets.get(sk);
  }

  /// A number that stands for the socket at `sk` as long as it lives; the packet's own socket is 1.
  public synchronized long cookieOf(long sk) {
    VirtualSocket socket = sockets.get(sk);
    return socket == null ? 1 : socket.cookie();
  }
}
