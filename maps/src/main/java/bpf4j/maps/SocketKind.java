package bpf4j.maps;

import bpf4j.maps.VirtualKernel.Socket;
import bpf4j.model.spec.Errno;

/// Which sockets a map takes, and how it refuses others.
enum SocketKind {
  SOCKMAP,
  SOCKHASH,
  XSK,
  REUSEPORT;

  /// Throws [MapException] where user space cannot look sockets up.
  void checkLookup(BpfMap map) {
    if (this == XSK) {
      throw map.refused(Errno.EOPNOTSUPP, "user space cannot look up AF_XDP sockets");
    }
    if (map.spec().valueSize() != 8) {
      throw map.refused(Errno.ENOSPC, "a lookup gives a socket cookie of 8 bytes");
    }
  }

  /// The socket that a value names by its file descriptor; throws [MapException] where there is
  /// none.
  Socket socket(BpfMap map, byte[] value) {
    long fd = SocketArrayMap.fdOf(value);
    if (!SocketArrayMap.isFd(fd)) {
      throw map.refused(Errno.EINVAL, "fd " + Long.toUnsignedString(fd));
    }
    if (!(map.table.fds().get((int) fd) instanceof Socket socket)) {
      throw map.refused(Errno.ENOTSOCK, "fd " + fd + " is not a socket");
    }
    return socket;
  }

  /// Throws [MapException] where a map of this kind does not take `socket`.
  void checkFits(BpfMap map, Socket socket) {
    boolean fits =
        switch (this) {
          case SOCKMAP, SOCKHASH -> socket.fitsSockmap();
          case XSK -> socket.isXsk();
          case REUSEPORT -> socket.isReuseport();
        };
    if (!fits) {
      Errno errno = this == REUSEPORT ? Errno.EINVAL : Errno.EOPNOTSUPP;
      throw map.refused(errno, "socket " + socket.id() + " does not fit this map");
    }
  }

  /// The error of deleting an empty slot.
  Errno missing() {
    return this == SOCKMAP ? Errno.EINVAL : Errno.ENOENT;
  }
}
