package bpf4j.vm.packet;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;

/// An XDP buffer: a frame in a 4 KiB page with headroom, and the `struct xdp_md` in guest memory
/// that programs see.
public final class XdpBuff extends PacketBuffer {
  /// `sizeof(struct xdp_md)`.
  public static final int CTX_SIZE = 24;

  /// `XDP_PACKET_HEADROOM`.
  public static final int HEADROOM = 256;

  public static final int FRAME_SIZE = 4096;

  /// `SKB_DATA_ALIGN(sizeof(struct skb_shared_info))`, kept free at the frame's end.
  public static final int TAILROOM = 320;

  /// `sizeof(struct xdp_frame)`, kept free at the frame's start.
  public static final int FRAME_HEADER = 40;

  private static final int ETH_HLEN = 14;
  private static final int MAX_META = 255;

  // Offsets in struct xdp_md.
  public static final int DATA = 0;
  public static final int DATA_END = 4;
  public static final int DATA_META = 8;
  public static final int INGRESS_IFINDEX = 12;
  public static final int RX_QUEUE_INDEX = 16;
  public static final int EGRESS_IFINDEX = 20;

  private final long ctxAddr;
  private int metaLength;

  /// @param ctxAddr guest address of [#CTX_SIZE] bytes
  public XdpBuff(GuestMemory memory, long ctxAddr) {
    super(memory, "packet");
    this.ctxAddr = ctxAddr;
  }

  /// Guest address of the `struct xdp_md`.
  public long ctxAddr() {
    return ctxAddr;
  }

  /// Takes `metaBytes` of metadata followed by a frame, of which so much lies in the first page
  /// that `linearBytes` of both together are reachable.
  public void receive(byte[] metaAndFrame, int metaBytes, int linearBytes) {
    fill(metaAndFrame, linearBytes, HEADROOM - metaBytes, FRAME_SIZE);
    moveStart(metaBytes);
    metaLength = metaBytes;
    publish();
  }

  /// Writes the pointers into the context.
  public void publish() {
    memory.putU32(ctxAddr + DATA, data());
    memory.putU32(ctxAddr + DATA_END, dataEnd());
    memory.putU32(ctxAddr + DATA_META, data() - metaLength);
  }

  public int metaLength() {
    return metaLength;
  }

  /// Metadata and frame.
  public byte[] metaAndFrame() {
    return memory.getBytes(data() - metaLength, metaLength + length());
  }

  /// `bpf_xdp_adjust_head`: 0 or a negated errno.
  public int adjustHead(int delta) {
    long start = head() + FRAME_HEADER + metaLength;
    long data = data() + delta;
    if (data < start || data > dataEnd() - ETH_HLEN) {
      return Errno.EINVAL.negated();
    }
    if (metaLength > 0) {
      memory.copy(data - metaLength, data() - metaLength, metaLength);
    }
    moveStart(delta);
    publish();
    return 0;
  }

  /// `bpf_xdp_adjust_meta`: 0 or a negated errno.
  public int adjustMeta(int delta) {
    long meta = data() - metaLength + delta;
    if (meta < head() + FRAME_HEADER || meta > data()) {
      return Errno.EINVAL.negated();
    }
    int newLength = (int) (data() - meta);
    if ((newLength & 3) != 0 || newLength > MAX_META) {
      return Errno.EACCES.negated();
    }
    metaLength = newLength;
    publish();
    return 0;
  }

  /// `bpf_xdp_adjust_tail`: 0 or a negated errno.
  public int adjustTail(int delta) {
    if (!isLinear()) {
      return adjustFragments(delta);
    }
    long end = dataEnd() + delta;
    if (end > head() + FRAME_SIZE - TAILROOM || end < data() + ETH_HLEN) {
      return Errno.EINVAL.negated();
    }
    int old = length();
    moveEnd(delta);
    if (delta > 0) {
      memory.fill(data() + old, delta, 0);
    }
    publish();
    return 0;
  }

  private int adjustFragments(int delta) {
    int fragments = length() - linear();
    int last = (fragments - 1) % FRAME_SIZE + 1;
    if (delta >= 0) {
      if (delta > FRAME_SIZE - TAILROOM - last) {
        return Errno.EINVAL.negated();
      }
      int old = length();
      moveEnd(delta);
      memory.fill(data() + old, delta, 0);
    } else {
      if (-delta > length() - ETH_HLEN) {
        return Errno.EINVAL.negated();
      }
      moveEnd(delta);
    }
    publish();
    return 0;
  }
}
