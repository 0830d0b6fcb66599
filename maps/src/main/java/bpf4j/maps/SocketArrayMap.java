package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.maps.VirtualKernel.Socket;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// SOCKMAP, XSKMAP and REUSEPORT_SOCKARRAY: sockets by index.
///
/// Source: linux-6.18 `sock_map.c`, `xskmap.c`, `reuseport_array.c`.
public final class SocketArrayMap extends BpfMap {
  private static final long MAX_FD = Integer.MAX_VALUE;

  private final SocketKind kind;
  private final ObjectSlots<Socket> slots;
  private final int maxEntries;

  SocketArrayMap(MapTable table, MapSpec spec, SocketKind kind) {
    super(table, spec, 0);
    this.kind = kind;
    this.maxEntries = spec.maxEntries();
    this.slots = new ObjectSlots<>(maxEntries);
  }

  private boolean outOfRange(int index) {
    return Integer.compareUnsigned(index, maxEntries) >= 0;
  }

  /// The socket at `index`, or null.
  public @Nullable Socket at(long index) {
    return index >= 0 && index < MapCreateCheck.unsigned(maxEntries)
        ? slots.get((int) index)
        : null;
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    kind.checkLookup(this);
    int index = GuestBytes.u32(key);
    Socket socket = outOfRange(index) ? null : slots.get(index);
    return socket == null ? null : GuestBytes.u64(socket.cookie());
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    int index = GuestBytes.u32(key);
    Socket socket = null;
    if (kind == SocketKind.SOCKMAP) {
      socket = kind.socket(this, value);
      kind.checkFits(this, socket);
    }
    if (flags < 0 || flags > BPF_EXIST) {
      check(Errno.EINVAL.negated(), "update", key, flags);
    }
    if (outOfRange(index)) {
      check(Errno.E2BIG.negated(), "update", key, flags);
    }
    if (socket == null) {
      socket = kind.socket(this, value);
    }
    if (kind == SocketKind.XSK) {
      kind.checkFits(this, socket);
    }
    Socket old = slots.get(index);
    if (old != null && flags == BPF_NOEXIST) {
      check(Errno.EEXIST.negated(), "update", key, flags);
    }
    if (old == null && flags == BPF_EXIST) {
      check(Errno.ENOENT.negated(), "update", key, flags);
    }
    kind.checkFits(this, socket);
    slots.exchange(index, socket);
  }

  /// Stores a socket from a program (`bpf_sock_map_update`); 0 or a negated errno.
  public int store(int index, Socket socket, long flags) {
    if (flags < 0 || flags > BPF_EXIST) {
      return Errno.EINVAL.negated();
    }
    if (outOfRange(index)) {
      return Errno.E2BIG.negated();
    }
    if (!socket.fitsSockmap()) {
      return Errno.EOPNOTSUPP.negated();
    }
    Socket old = slots.get(index);
    if (old != null && flags == BPF_NOEXIST) {
      return Errno.EEXIST.negated();
    }
    if (old == null && flags == BPF_EXIST) {
      return Errno.ENOENT.negated();
    }
    slots.exchange(index, socket);
    return 0;
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    int index = (int) memory.getU32(keyAddr);
    if (outOfRange(index)) {
      return kind == SocketKind.REUSEPORT ? Errno.E2BIG.negated() : Errno.EINVAL.negated();
    }
    Socket old = slots.exchange(index, null);
    return old != null || kind == SocketKind.XSK ? 0 : kind.missing().negated();
  }

  static long fdOf(byte[] value) {
    return value.length == 8
        ? GuestBytes.u64(value)
        : Integer.toUnsignedLong(GuestBytes.u32(value));
  }

  static boolean isFd(long fd) {
    return fd >= 0 && fd <= MAX_FD;
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    return GuestBytes.nextIndex(key, maxEntries);
  }

  @Override
  String why(Errno errno, byte[] key, long flags) {
    return ArrayMap.whyArray(super.why(errno, key, flags), errno, key, maxEntries);
  }
}
