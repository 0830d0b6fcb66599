package bpf4j.vm.kernel;

/// A socket of the virtual kernel.
///
/// @param cookie its number, which is also its id
/// @param protocol 6 for TCP, 17 for UDP
/// @param localAddress 4 or 16 bytes
/// @param remoteAddress as many bytes, zero for an unconnected socket
/// @param state as the kernel's TCP states: 1 established, 7 closed, 10 listening
public record VirtualSocket(
    long cookie,
    int protocol,
    byte[] localAddress,
    int localPort,
    byte[] remoteAddress,
    int remotePort,
    int state)
    implements bpf4j.maps.VirtualKernel.Socket {
  @Override
  public int id() {
    return (int) cookie;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VirtualSocket s && s.cookie == cookie;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(cookie);
  }
}
