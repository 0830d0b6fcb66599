package bpf4j.vm.kernel;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The sockets of the virtual kernel.
public final class SocketTable {
  private static final int LISTEN = 10;
  private static final int ESTABLISHED = 1;
  private static final int CLOSE = 7;

  private final List<VirtualSocket> sockets = new ArrayList<>();
  private long lastCookie = 1;

  SocketTable() {}

  /// Adds a listening TCP socket or an unconnected UDP socket.
  public synchronized VirtualSocket listen(int protocol, byte[] address, int port) {
    int state = protocol == 6 ? LISTEN : CLOSE;
    VirtualSocket s =
        new VirtualSocket(
            ++lastCookie, protocol, address, port, new byte[address.length], 0, state);
    sockets.add(s);
    return s;
  }

  /// Adds a connected socket.
  public synchronized VirtualSocket connect(
      int protocol, byte[] address, int port, byte[] remoteAddress, int remotePort) {
    VirtualSocket s =
        new VirtualSocket(
            ++lastCookie, protocol, address, port, remoteAddress, remotePort, ESTABLISHED);
    sockets.add(s);
    return s;
  }

  public synchronized void remove(VirtualSocket socket) {
    sockets.remove(socket);
  }

  /// The socket that a packet from `source` to `dest` belongs to: a connected one first, then one
  /// bound to the address, then one bound to any.
  public synchronized @Nullable VirtualSocket lookup(
      int protocol, byte[] source, int sourcePort, byte[] dest, int destPort) {
    VirtualSocket best = null;
    int bestScore = 0;
    for (VirtualSocket s : sockets) {
      int score = score(s, protocol, source, sourcePort, dest, destPort);
      if (score > bestScore) {
        best = s;
        bestScore = score;
      }
    }
    return best;
  }

  private static int score(
      VirtualSocket s, int protocol, byte[] source, int sourcePort, byte[] dest, int destPort) {
    if (s.protocol() != protocol
        || s.localPort() != destPort
        || s.localAddress().length != dest.length) {
      return 0;
    }
    boolean any = Arrays.equals(s.localAddress(), new byte[dest.length]);
    if (!any && !Arrays.equals(s.localAddress(), dest)) {
      return 0;
    }
    if (s.remotePort() != 0) {
      boolean same = s.remotePort() == sourcePort && Arrays.equals(s.remoteAddress(), source);
      return same ? 4 : 0;
    }
    return any ? 1 : 2;
  }
}
