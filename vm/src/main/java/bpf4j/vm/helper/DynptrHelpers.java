package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.maps.RingbufMap;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Dynptrs: the helpers and the kfuncs.
final class DynptrHelpers {
  private DynptrHelpers() {}

  static void register(HelperRegistry r) {
    r.add("dynptr_from_mem", DynptrHelpers::fromMem);
    r.add("dynptr_read", DynptrHelpers::read);
    r.add("dynptr_write", DynptrHelpers::write);
    r.add("dynptr_data", DynptrHelpers::data);
    r.add("ringbuf_reserve_dynptr", DynptrHelpers::reserve);
    r.add("ringbuf_submit_dynptr", (rc, ptr, flags, _, _, _) -> finish(rc, ptr, flags, true));
    r.add("ringbuf_discard_dynptr", (rc, ptr, flags, _, _, _) -> finish(rc, ptr, flags, false));
  }

  static void register(KfuncRegistry r) {
    r.add("bpf_dynptr_from_skb", (rc, _, flags, ptr, _, _) -> fromPacket(rc, flags, ptr, true));
    r.add("bpf_dynptr_from_xdp", (rc, _, flags, ptr, _, _) -> fromPacket(rc, flags, ptr, false));
    r.add("bpf_dynptr_slice", (rc, p, off, buf, size, _) -> slice(rc, p, off, buf, size, false));
    r.add(
        "bpf_dynptr_slice_rdwr", (rc, p, off, buf, size, _) -> slice(rc, p, off, buf, size, true));
    r.add("bpf_dynptr_adjust", DynptrHelpers::adjust);
    r.add("bpf_dynptr_is_null", (rc, p, _, _, _, _) -> Dynptr.data(rc.memory(), p) == 0 ? 1 : 0);
    r.add("bpf_dynptr_is_rdonly", DynptrHelpers::isReadOnly);
    r.add("bpf_dynptr_size", DynptrHelpers::size);
    r.add("bpf_dynptr_clone", DynptrHelpers::cloneTo);
    r.add("bpf_dynptr_copy", DynptrHelpers::copy);
    r.add("bpf_dynptr_memset", DynptrHelpers::memset);
  }

  private static long fromMem(RunCtx rc, long data, long size, long flags, long ptr, long r5) {
    GuestMemory m = rc.memory();
    long n = size & 0xffff_ffffL;
    if (n > Dynptr.MAX_SIZE) {
      Dynptr.clear(m, ptr);
      return Errno.E2BIG.negated();
    }
    if (flags != 0) {
      Dynptr.clear(m, ptr);
      return Errno.EINVAL.negated();
    }
    Dynptr.init(m, ptr, data, Dynptr.LOCAL, 0, n);
    return 0;
  }

  private static long read(RunCtx rc, long dst, long len, long ptr, long off, long flags) {
    GuestMemory m = rc.memory();
    if (Dynptr.data(m, ptr) == 0 || flags != 0) {
      return Errno.EINVAL.negated();
    }
    long o = off & 0xffff_ffffL;
    long n = len & 0xffff_ffffL;
    long error = Dynptr.check(m, ptr, o, n);
    return error != 0 ? error : Dynptr.read(rc, dst, ptr, o, n);
  }

  private static long write(RunCtx rc, long ptr, long off, long src, long len, long flags) {
    GuestMemory m = rc.memory();
    if (Dynptr.data(m, ptr) == 0 || Dynptr.isReadOnly(m, ptr)) {
      return Errno.EINVAL.negated();
    }
    long o = off & 0xffff_ffffL;
    long n = len & 0xffff_ffffL;
    long error = Dynptr.check(m, ptr, o, n);
    return error != 0 ? error : Dynptr.write(rc, ptr, o, src, n, flags);
  }

  private static long data(RunCtx rc, long ptr, long off, long len, long r4, long r5) {
    GuestMemory m = rc.memory();
    long o = off & 0xffff_ffffL;
    long n = len & 0xffff_ffffL;
    int kind = Dynptr.kind(m, ptr);
    if (Dynptr.data(m, ptr) == 0
        || Dynptr.check(m, ptr, o, n) != 0
        || Dynptr.isReadOnly(m, ptr)
        || (kind != Dynptr.LOCAL && kind != Dynptr.RINGBUF)) {
      return 0;
    }
    return Dynptr.address(rc, ptr, o, n);
  }

  private static long reserve(RunCtx rc, long map, long size, long flags, long ptr, long r5) {
    GuestMemory m = rc.memory();
    Dynptr.clear(m, ptr);
    long n = size & 0xffff_ffffL;
    if (flags != 0) {
      return Errno.EINVAL.negated();
    }
    if (n > Dynptr.MAX_SIZE) {
      return Errno.E2BIG.negated();
    }
    RingbufMap ring = RingbufHelpers.ring(rc, map);
    long sample = ring.reserve(n, 0);
    if (sample == 0) {
      return Errno.EINVAL.negated();
    }
    Dynptr.init(m, ptr, sample, Dynptr.RINGBUF, 0, n);
    RunEnv.of(rc).rememberRecord(sample, ring);
    return 0;
  }

  private static long finish(RunCtx rc, long ptr, long flags, boolean submit) {
    GuestMemory m = rc.memory();
    long sample = Dynptr.data(m, ptr);
    if (sample != 0) {
      RingbufHelpers.finish(rc, sample, flags, submit);
      Dynptr.clear(m, ptr);
    }
    return 0;
  }

  private static long fromPacket(RunCtx rc, long flags, long ptr, boolean skb) {
    GuestMemory m = rc.memory();
    if (flags != 0) {
      Dynptr.clear(m, ptr);
      return Errno.EINVAL.negated();
    }
    RunEnv env = RunEnv.of(rc);
    if (skb) {
      Dynptr.init(m, ptr, env.skb().ctxAddr(), Dynptr.SKB, 0, env.skb().length());
      if (!env.writesPackets()) {
        Dynptr.setReadOnly(m, ptr);
      }
    } else {
      Dynptr.init(m, ptr, env.xdp().ctxAddr(), Dynptr.XDP, 0, env.xdp().length());
    }
    return 0;
  }

  private static long slice(
      RunCtx rc, long ptr, long off, long buffer, long size, boolean writable) {
    GuestMemory m = rc.memory();
    long o = off & 0xffff_ffffL;
    long n = size & 0xffff_ffffL;
    if (Dynptr.data(m, ptr) == 0
        || Dynptr.check(m, ptr, o, n) != 0
        || (writable && Dynptr.isReadOnly(m, ptr))) {
      return 0;
    }
    long addr = Dynptr.address(rc, ptr, o, n);
    if (addr != 0) {
      return addr;
    }
    if (buffer == 0 || Dynptr.read(rc, buffer, ptr, o, n) != 0) {
      return 0;
    }
    return buffer;
  }

  private static long adjust(RunCtx rc, long ptr, long start, long end, long r4, long r5) {
    GuestMemory m = rc.memory();
    long s = start & 0xffff_ffffL;
    long e = end & 0xffff_ffffL;
    if (Dynptr.data(m, ptr) == 0 || s > e) {
      return Errno.EINVAL.negated();
    }
    if (e > Dynptr.size(m, ptr)) {
      return Errno.ERANGE.negated();
    }
    Dynptr.setOff(m, ptr, Dynptr.off(m, ptr) + s);
    Dynptr.setSize(m, ptr, e - s);
    return 0;
  }

  private static long isReadOnly(RunCtx rc, long ptr, long r2, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    return Dynptr.data(m, ptr) != 0 && Dynptr.isReadOnly(m, ptr) ? 1 : 0;
  }

  private static long size(RunCtx rc, long ptr, long r2, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    return Dynptr.data(m, ptr) == 0 ? Errno.EINVAL.negated() : Dynptr.size(m, ptr);
  }

  private static long cloneTo(RunCtx rc, long ptr, long to, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    if (Dynptr.data(m, ptr) == 0) {
      Dynptr.clear(m, to);
      return Errno.EINVAL.negated();
    }
    m.copy(to, ptr, 16);
    return 0;
  }

  private static long copy(RunCtx rc, long dst, long dstOff, long src, long srcOff, long size) {
    GuestMemory m = rc.memory();
    long d = dstOff & 0xffff_ffffL;
    long s = srcOff & 0xffff_ffffL;
    long n = size & 0xffff_ffffL;
    if (Dynptr.data(m, dst) == 0 || Dynptr.data(m, src) == 0 || Dynptr.isReadOnly(m, dst)) {
      return Errno.EINVAL.negated();
    }
    if (Dynptr.check(m, dst, d, n) != 0 || Dynptr.check(m, src, s, n) != 0) {
      return Errno.E2BIG.negated();
    }
    long from = Dynptr.address(rc, src, s, n);
    long to = Dynptr.address(rc, dst, d, n);
    if (from == 0 || to == 0) {
      return Errno.EFAULT.negated();
    }
    m.copy(to, from, n);
    return 0;
  }

  private static long memset(RunCtx rc, long ptr, long off, long size, long value, long r5) {
    GuestMemory m = rc.memory();
    long o = off & 0xffff_ffffL;
    long n = size & 0xffff_ffffL;
    if (Dynptr.data(m, ptr) == 0 || Dynptr.isReadOnly(m, ptr)) {
      return Errno.EINVAL.negated();
    }
    long error = Dynptr.check(m, ptr, o, n);
    if (error != 0) {
      return error;
    }
    long addr = Dynptr.address(rc, ptr, o, n);
    if (addr == 0) {
      return Errno.EFAULT.negated();
    }
    m.fill(addr, n, (int) value);
    return 0;
  }
}
