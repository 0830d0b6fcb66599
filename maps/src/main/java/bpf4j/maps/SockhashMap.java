package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.maps.VirtualKernel.Socket;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// SOCKHASH: sockets by key. Source: linux-6.18 `sock_map.c`.
public final class SockhashMap extends BpfMap {
  private final IndexHash<ByteBuffer, Socket> sockets;

  SockhashMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
    this.sockets = new IndexHash<>(spec.maxEntries());
  }

  private int hash(byte[] key) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      return HashLayout.hash(memory, addr, key.length, 0);
    } finally {
      giveStaging(addr);
    }
  }

  /// The socket stored for the key at `keyAddr`, or null.
  public @Nullable Socket at(long keyAddr) {
    byte[] key = memory.getBytes(keyAddr, spec().keySize());
    synchronized (this) {
      return sockets.get(ByteBuffer.wrap(key));
    }
  }

  @Override
  synchronized byte @Nullable [] sysLookup(byte[] key, long flags) {
    SocketKind.SOCKHASH.checkLookup(this);
    Socket socket = sockets.get(ByteBuffer.wrap(key));
    return socket == null ? null : GuestBytes.u64(socket.cookie());
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    Socket socket = SocketKind.SOCKHASH.socket(this, value);
    SocketKind.SOCKHASH.checkFits(this, socket);
    check(store(key, socket, flags), "update", key, flags);
  }

  /// Stores a socket from a program (`bpf_sock_hash_update`); 0 or a negated errno.
  public synchronized int store(byte[] key, Socket socket, long flags) {
    if (flags < 0 || flags > BPF_EXIST) {
      return Errno.EINVAL.negated();
    }
    if (!socket.fitsSockmap()) {
      return Errno.EOPNOTSUPP.negated();
    }
    ByteBuffer wrapped = ByteBuffer.wrap(key.clone());
    Socket old = sockets.get(wrapped);
    if (old != null && flags == BPF_NOEXIST) {
      return Errno.EEXIST.negated();
    }
    if (old == null && flags == BPF_EXIST) {
      return Errno.ENOENT.negated();
    }
    int hash = hash(key);
    if (old != null) {
      sockets.remove(wrapped, hash);
    } else if (sockets.size() >= MapCreateCheck.unsigned(spec().maxEntries())) {
      return Errno.E2BIG.negated();
    }
    sockets.put(wrapped, hash, socket);
    return 0;
  }

  @Override
  public synchronized int deleteElem(long keyAddr, int cpu) {
    byte[] key = memory.getBytes(keyAddr, spec().keySize());
    return sockets.remove(ByteBuffer.wrap(key), hash(key)) == null ? Errno.ENOENT.negated() : 0;
  }

  @Override
  synchronized byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    ByteBuffer next =
        sockets.next(key == null ? null : ByteBuffer.wrap(key), key == null ? 0 : hash(key));
    return next == null ? null : next.array().clone();
  }
}
