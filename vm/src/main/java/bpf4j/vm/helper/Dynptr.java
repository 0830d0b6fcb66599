package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.packet.SkBuff;
import bpf4j.vm.packet.XdpBuff;

/// A `struct bpf_dynptr` in guest memory, in the kernel's layout:
///
/// ```
///  0  data    u64  address of the memory, or of the packet's context; 0: no dynptr
///  8  size    u32  bits 0..23 bytes, bits 28..30 kind, bit 31 read-only
/// 12  offset  u32  where it begins in the data
/// ```
final class Dynptr {
  static final int LOCAL = 1;
  static final int RINGBUF = 2;
  static final int SKB = 3;
  static final int XDP = 4;
  static final int SKB_META = 5;

  /// `DYNPTR_MAX_SIZE`.
  static final long MAX_SIZE = (1 << 24) - 1;

  private static final int KIND_SHIFT = 28;
  private static final long RDONLY = 1L << 31;

  private Dynptr() {}

  static void init(GuestMemory m, long ptr, long data, int kind, long off, long size) {
    m.putU64(ptr, data);
    m.putU32(ptr + 8, (long) kind << KIND_SHIFT | size);
    m.putU32(ptr + 12, off);
  }

  static void clear(GuestMemory m, long ptr) {
    m.putU64(ptr, 0);
    m.putU64(ptr + 8, 0);
  }

  static long data(GuestMemory m, long ptr) {
    return m.getU64(ptr);
  }

  static int kind(GuestMemory m, long ptr) {
    return (int) (m.getU32(ptr + 8) >>> KIND_SHIFT & 7);
  }

  static long size(GuestMemory m, long ptr) {
    return m.getU32(ptr + 8) & MAX_SIZE;
  }

  static void setSize(GuestMemory m, long ptr, long size) {
    m.putU32(ptr + 8, (m.getU32(ptr + 8) & ~MAX_SIZE) | size);
  }

  static long off(GuestMemory m, long ptr) {
    return m.getU32(ptr + 12);
  }

  static void setOff(GuestMemory m, long ptr, long off) {
    m.putU32(ptr + 12, off);
  }

  static boolean isReadOnly(GuestMemory m, long ptr) {
    return (m.getU32(ptr + 8) & RDONLY) != 0;
  }

  static void setReadOnly(GuestMemory m, long ptr) {
    m.putU32(ptr + 8, m.getU32(ptr + 8) | RDONLY);
  }

  /// 0, or E2BIG negated when `len` bytes at `off` are not inside. Source:
  /// `bpf_dynptr_check_off_len`.
  static long check(GuestMemory m, long ptr, long off, long len) {
    long size = size(m, ptr);
    return Long.compareUnsigned(len, size) > 0 || Long.compareUnsigned(off, size - len) > 0
        ? Errno.E2BIG.negated()
        : 0;
  }

  /// Address of `len` bytes at `off` when they lie in one reachable piece of memory, else 0.
  static long address(RunCtx rc, long ptr, long off, long len) {
    GuestMemory m = rc.memory();
    long at = off(m, ptr) + off;
    return switch (kind(m, ptr)) {
      case LOCAL, RINGBUF -> data(m, ptr) + at;
      case SKB -> {
        SkBuff skb = RunEnv.of(rc).skb();
        yield at + len <= skb.linear() ? skb.data() + at : 0;
      }
      case XDP -> {
        XdpBuff xdp = RunEnv.of(rc).xdp();
        yield at + len <= xdp.linear() ? xdp.data() + at : 0;
      }
      default -> 0;
    };
  }

  /// Copies `len` bytes at `off` to `dst`; 0 or a negated errno. The range was checked.
  static long read(RunCtx rc, long dst, long ptr, long off, long len) {
    GuestMemory m = rc.memory();
    long at = off(m, ptr) + off;
    switch (kind(m, ptr)) {
      case LOCAL, RINGBUF -> m.copy(dst, data(m, ptr) + at, len);
      case SKB -> {
        SkBuff skb = RunEnv.of(rc).skb();
        if (!skb.contains(at, len)) {
          m.fill(dst, len, 0);
          return Errno.EFAULT.negated();
        }
        m.copy(dst, skb.data() + at, len);
      }
      case XDP -> {
        XdpBuff xdp = RunEnv.of(rc).xdp();
        if (!xdp.contains(at, len)) {
          return Errno.EINVAL.negated();
        }
        m.copy(dst, xdp.data() + at, len);
      }
      default -> {
        return Errno.EFAULT.negated();
      }
    }
    return 0;
  }

  /// Copies `len` bytes from `src` to `off`; 0 or a negated errno. The range was checked.
  static long write(RunCtx rc, long ptr, long off, long src, long len, long flags) {
    GuestMemory m = rc.memory();
    long at = off(m, ptr) + off;
    int kind = kind(m, ptr);
    if (kind == SKB) {
      var body = HelperRegistry.body(bpf4j.model.proto.HelperTable.id("skb_store_bytes"));
      return body == null ? Errno.EFAULT.negated() : body.call(rc, 0, at, src, len, flags);
    }
    if (flags != 0) {
      return Errno.EINVAL.negated();
    }
    if (kind == LOCAL || kind == RINGBUF) {
      m.copy(data(m, ptr) + at, src, len);
      return 0;
    }
    if (kind == XDP) {
      XdpBuff xdp = RunEnv.of(rc).xdp();
      if (!xdp.contains(at, len)) {
        return Errno.EINVAL.negated();
      }
      m.copy(xdp.data() + at, src, len);
      return 0;
    }
    return Errno.EFAULT.negated();
  }
}
