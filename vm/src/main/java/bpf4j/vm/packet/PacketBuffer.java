package bpf4j.vm.packet;

import bpf4j.maps.GuestMemory;

/// A packet in guest memory, in one piece. Where the kernel would keep a part of it in fragments,
/// [#linear] says how many bytes from the start programs may reach by pointers.
///
/// ```
/// head ─► headroom │ data: linear bytes │ fragments │ tailroom ─► head + capacity
/// ```
public abstract class PacketBuffer {
  protected final GuestMemory memory;
  private final String label;
  private long head;
  private int capacity;
  private int dataOff;
  private int length;
  private int linear;

  protected PacketBuffer(GuestMemory memory, String label) {
    this.memory = memory;
    this.label = label;
  }

  /// Takes room for a packet of `bytes`, of which `linearBytes` are reachable.
  protected final void fill(byte[] bytes, int linearBytes, int headroom, int tailroom) {
    int need = headroom + bytes.length + tailroom;
    if (need > capacity) {
      if (head != 0) {
        memory.free(head);
      }
      head = memory.allocate(need, label);
      capacity = need;
    }
    dataOff = headroom;
    length = bytes.length;
    linear = linearBytes;
    memory.putBytes(data(), bytes);
  }

  /// Gives the packet's memory back.
  public void free() {
    if (head != 0) {
      memory.free(head);
      head = 0;
      capacity = 0;
    }
  }

  /// Guest address of the first byte.
  public final long data() {
    return head + dataOff;
  }

  /// Guest address behind the last byte that pointers may reach.
  public final long dataEnd() {
    return data() + linear;
  }

  /// Bytes of the packet, fragments included.
  public final int length() {
    return length;
  }

  public final int linear() {
    return linear;
  }

  public final boolean isLinear() {
    return linear == length;
  }

  /// Bytes in front of the packet.
  public final int headroom() {
    return dataOff;
  }

  public final int tailroom() {
    return capacity - dataOff - length;
  }

  protected final long head() {
    return head;
  }

  /// The packet's bytes.
  public final byte[] bytes() {
    return memory.getBytes(data(), length);
  }

  /// Whether `size` bytes at `off` lie inside the packet.
  public final boolean contains(long off, long size) {
    return off >= 0 && size >= 0 && off + size <= length;
  }

  /// Makes the first `bytes` reachable; false when the packet is shorter.
  public final boolean pull(long bytes) {
    if (bytes > length) {
      return false;
    }
    linear = Math.max(linear, (int) bytes);
    return true;
  }

  /// Moves the start by `delta` bytes (negative: towards the headroom), without changing contents.
  /// The room must be there.
  protected final void moveStart(int delta) {
    if (dataOff + delta < 0 || delta > length) {
      throw new IllegalArgumentException("no room to move the start by " + delta);
    }
    dataOff += delta;
    length -= delta;
    linear = Math.max(linear - delta, 0);
  }

  /// Moves the end by `delta` bytes; new bytes keep what memory holds. The room must be there.
  protected final void moveEnd(int delta) {
    if (delta > tailroom() || length + delta < 0) {
      throw new IllegalArgumentException("no room to move the end by " + delta);
    }
    boolean wasLinear = isLinear();
    length += delta;
    linear = wasLinear ? length : Math.min(linear, length);
  }

  /// Sees to it that there is so much room around the packet, moving it when there is not. Pointers
  /// into it are lost then, as in the kernel.
  protected final void reserve(int wantHeadroom, int wantTailroom) {
    if (headroom() >= wantHeadroom && tailroom() >= wantTailroom) {
      return;
    }
    int newHeadroom = Math.max(headroom(), wantHeadroom);
    int newTailroom = Math.max(tailroom(), wantTailroom);
    int newCapacity = newHeadroom + length + newTailroom;
    long moved = memory.allocate(newCapacity, label);
    memory.copy(moved + newHeadroom, data(), length);
    memory.free(head);
    head = moved;
    capacity = newCapacity;
    dataOff = newHeadroom;
  }
}
