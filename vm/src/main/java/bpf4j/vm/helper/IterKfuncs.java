package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Open-coded iterators over numbers and bits. Their state lies in the 8 or 16 bytes of the
/// program's iterator, as in the kernel; `next` gives the address of the current element there.
final class IterKfuncs {
  /// `BPF_MAX_LOOPS`.
  private static final long MAX_LOOPS = 8 << 20;

  private static final int MAX_WORDS = 511;

  private IterKfuncs() {}

  static void register(KfuncRegistry r) {
    r.add("bpf_iter_num_new", IterKfuncs::numNew);
    r.add("bpf_iter_num_next", IterKfuncs::numNext);
    r.add("bpf_iter_num_destroy", IterKfuncs::destroy8);
    r.add("bpf_iter_bits_new", IterKfuncs::bitsNew);
    r.add("bpf_iter_bits_next", IterKfuncs::bitsNext);
    r.add("bpf_iter_bits_destroy", IterKfuncs::bitsDestroy);
  }

  /// State: the current number (s32), the end (s32).
  private static long numNew(RunCtx rc, long it, long start, long end, long r4, long r5) {
    GuestMemory m = rc.memory();
    int s = (int) start;
    int e = (int) end;
    m.putU64(it, 0);
    if (s > e) {
      return Errno.EINVAL.negated();
    }
    if ((long) e - s > MAX_LOOPS) {
      return Errno.E2BIG.negated();
    }
    m.putU32(it, s - 1L);
    m.putU32(it + 4, e);
    return 0;
  }

  private static long numNext(RunCtx rc, long it, long r2, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    int current = (int) m.getU32(it) + 1;
    if (current >= (int) m.getU32(it + 4)) {
      m.putU64(it, 0);
      return 0;
    }
    m.putU32(it, current);
    return it;
  }

  private static long destroy8(RunCtx rc, long it, long r2, long r3, long r4, long r5) {
    rc.memory().putU64(it, 0);
    return 0;
  }

  /// State: address of a copy of the words (or the only word), number of bits (s32), current bit
  /// (s32).
  private static long bitsNew(RunCtx rc, long it, long words, long count, long r4, long r5) {
    GuestMemory m = rc.memory();
    m.fill(it, 16, 0);
    int n = (int) count;
    if (n == 0 || words == 0) {
      return Errno.EINVAL.negated();
    }
    if (Integer.compareUnsigned(n, MAX_WORDS) > 0) {
      return Errno.E2BIG.negated();
    }
    if (!RunEnv.of(rc).isReadable(words, n * 8L)) {
      return Errno.EFAULT.negated();
    }
    if (n == 1) {
      m.putU64(it, m.getU64(words));
    } else {
      long copy = m.tryAllocate(n * 8L, "bpf_iter_bits");
      if (copy == 0) {
        return Errno.ENOMEM.negated();
      }
      m.copy(copy, words, n * 8L);
      m.putU64(it, copy);
    }
    m.putU32(it + 8, n * 64L);
    m.putU32(it + 12, -1);
    return 0;
  }

  private static long bitsNext(RunCtx rc, long it, long r2, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    int bits = (int) m.getU32(it + 8);
    int bit = (int) m.getU32(it + 12);
    if (bits == 0 || bit >= bits) {
      return 0;
    }
    long words = bits == 64 ? it : m.getU64(it);
    for (bit++; bit < bits; bit++) {
      if ((m.getU64(words + (bit >> 6) * 8L) >>> bit & 1) != 0) {
        break;
      }
    }
    m.putU32(it + 12, bit);
    return bit >= bits ? 0 : it + 12;
  }

  private static long bitsDestroy(RunCtx rc, long it, long r2, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    if ((int) m.getU32(it + 8) > 64) {
      m.free(m.getU64(it));
    }
    m.fill(it, 16, 0);
    return 0;
  }
}
