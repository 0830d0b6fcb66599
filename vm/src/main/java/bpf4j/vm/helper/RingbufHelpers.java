package bpf4j.vm.helper;

import bpf4j.maps.RingbufMap;
import bpf4j.maps.UserRingbufMap;
import bpf4j.model.spec.Errno;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.RunCtx;

/// Ring buffers in both directions, and perf buffers.
final class RingbufHelpers {
  private static final long F_CTXLEN_MASK = 0xf_ffffL << 32;
  private static final long F_INDEX_MASK = 0xffff_ffffL;

  private RingbufHelpers() {}

  static void register(HelperRegistry r) {
    r.add("ringbuf_output", RingbufHelpers::output);
    r.add("ringbuf_reserve", RingbufHelpers::reserve);
    r.add("ringbuf_submit", (rc, sample, flags, _, _, _) -> finish(rc, sample, flags, true));
    r.add("ringbuf_discard", (rc, sample, flags, _, _, _) -> finish(rc, sample, flags, false));
    r.add("ringbuf_query", (rc, map, what, _, _, _) -> ring(rc, map).query(what));
    r.add("user_ringbuf_drain", RingbufHelpers::drain);
    r.add("perf_event_output", RingbufHelpers::perfOutput);
    r.add("skb_output", RingbufHelpers::perfOutput);
    r.add("xdp_output", RingbufHelpers::perfOutput);
    r.add("perf_event_read", RingbufHelpers::perfRead);
    r.add("perf_event_read_value", RingbufHelpers::perfReadValue);
  }

  static RingbufMap ring(RunCtx rc, long map) {
    if (RunEnv.of(rc).map(map) instanceof RingbufMap ring) {
      return ring;
    }
    throw new GuestTrap(0, "not a ring buffer: 0x" + Long.toHexString(map));
  }

  private static long output(RunCtx rc, long map, long data, long size, long flags, long r5) {
    return ring(rc, map).output(data, size, flags);
  }

  private static long reserve(RunCtx rc, long map, long size, long flags, long r4, long r5) {
    RingbufMap ring = ring(rc, map);
    long sample = ring.reserve(size, flags);
    if (sample != 0) {
      RunEnv.of(rc).rememberRecord(sample, ring);
    }
    return sample;
  }

  static long finish(RunCtx rc, long sample, long flags, boolean submit) {
    RingbufMap ring = RunEnv.of(rc).takeRecord(sample);
    if (ring == null) {
      throw new GuestTrap(0, "not a ring buffer record: 0x" + Long.toHexString(sample));
    }
    if (submit) {
      ring.submit(sample, flags);
    } else {
      ring.discard(sample, flags);
    }
    return 0;
  }

  private static long drain(RunCtx rc, long map, long callback, long ctx, long flags, long r5) {
    if (!(RunEnv.of(rc).map(map) instanceof UserRingbufMap ring)) {
      throw new GuestTrap(0, "not a user ring buffer: 0x" + Long.toHexString(map));
    }
    long dynptr = rc.memory().allocate(16, "struct bpf_dynptr");
    try {
      return ring.drain(
          (sample, size) -> {
            Dynptr.init(rc.memory(), dynptr, sample, Dynptr.LOCAL, 0, size);
            Dynptr.setReadOnly(rc.memory(), dynptr);
            return rc.callBack(callback, dynptr, ctx, 0, 0, 0);
          },
          flags);
    } finally {
      rc.memory().free(dynptr);
    }
  }

  private static long perfOutput(RunCtx rc, long ctx, long map, long flags, long data, long size) {
    RunEnv env = RunEnv.of(rc);
    boolean packet = env.skbOrNull() != null || env.xdpOrNull() != null;
    long known = packet ? F_INDEX_MASK | F_CTXLEN_MASK : F_INDEX_MASK;
    if ((flags & ~known) != 0) {
      return Errno.EINVAL.negated();
    }
    int copied = (int) ((flags & F_CTXLEN_MASK) >>> 32);
    byte[] payload = packet ? packetStart(env, copied) : new byte[0];
    if (payload.length < copied) {
      return Errno.EFAULT.negated();
    }
    byte[] sample = new byte[(int) size + payload.length];
    System.arraycopy(rc.memory().getBytes(data, (int) size), 0, sample, 0, (int) size);
    System.arraycopy(payload, 0, sample, (int) size, payload.length);
    if (env.map(map) instanceof bpf4j.maps.PerfEventArrayMap events) {
      return events.output(flags & F_INDEX_MASK, sample, rc.cpu());
    }
    throw new GuestTrap(0, "not a perf event array: 0x" + Long.toHexString(map));
  }

  private static byte[] packetStart(RunEnv env, int size) {
    var skb = env.skbOrNull();
    byte[] bytes = skb != null ? skb.bytes() : env.xdp().bytes();
    return java.util.Arrays.copyOf(bytes, Math.min(size, bytes.length));
  }

  private static long perfRead(RunCtx rc, long map, long flags, long r3, long r4, long r5) {
    long[] counter = counter(rc, map, flags);
    return counter.length == 1 ? counter[0] : counter[0];
  }

  private static long perfReadValue(RunCtx rc, long map, long flags, long buf, long size, long r5) {
    int valueSize = 24; // struct bpf_perf_event_value
    long[] counter = (int) size == valueSize ? counter(rc, map, flags) : error(Errno.EINVAL);
    if (counter.length == 1) {
      rc.memory().fill(buf, (int) size, 0);
      return counter[0];
    }
    for (int i = 0; i < 3; i++) {
      rc.memory().putU64(buf + i * 8L, counter[i]);
    }
    return 0;
  }

  private static long[] error(Errno errno) {
    return new long[] {errno.negated()};
  }

  /// Three numbers, or one negated errno.
  private static long[] counter(RunCtx rc, long map, long flags) {
    if ((flags & ~F_INDEX_MASK) != 0) {
      return error(Errno.EINVAL);
    }
    if (!(RunEnv.of(rc).map(map) instanceof bpf4j.maps.PerfEventArrayMap events)) {
      throw new GuestTrap(0, "not a perf event array: 0x" + Long.toHexString(map));
    }
    long index = flags & F_INDEX_MASK;
    if (index == F_INDEX_MASK) {
      index = rc.cpu();
    }
    if (index >= Integer.toUnsignedLong(events.spec().maxEntries())) {
      return error(Errno.E2BIG);
    }
    var event = events.eventAt(index);
    return event == null ? error(Errno.ENOENT) : event.read();
  }
}
