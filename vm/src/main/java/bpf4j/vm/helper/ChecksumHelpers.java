package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.packet.SkBuff;

/// Checksums.
final class ChecksumHelpers {
  private static final long F_HDR_FIELD_MASK = 0xf;
  private static final long F_PSEUDO_HDR = 0x10;
  private static final long F_MARK_MANGLED_0 = 0x20;
  private static final long F_MARK_ENFORCE = 0x40;
  private static final long F_IPV6 = 0x80;
  private static final int CSUM_MANGLED_0 = 0xffff;
  private static final int MAX_OFFSET = 0xffff;

  private ChecksumHelpers() {}

  static void register(HelperRegistry r) {
    r.add("csum_diff", ChecksumHelpers::diff);
    r.add("l3_csum_replace", ChecksumHelpers::replaceL3);
    r.add("l4_csum_replace", ChecksumHelpers::replaceL4);
    r.add("csum_update", ChecksumHelpers::update);
    r.add("csum_level", ChecksumHelpers::level);
  }

  private static long diff(RunCtx rc, long from, long fromSize, long to, long toSize, long seed) {
    long a = fromSize & 0xffff_ffffL;
    long b = toSize & 0xffff_ffffL;
    GuestMemory m = rc.memory();
    long s = seed & 0xffff_ffffL;
    long sum;
    if (a != 0 && b != 0) {
      sum = Checksum.subtract(Checksum.partial(m, to, b, s), Checksum.partial(m, from, a, 0));
    } else if (b != 0) {
      sum = Checksum.partial(m, to, b, s);
    } else if (a != 0) {
      sum = ~Checksum.partial(m, from, a, ~s) & 0xffff_ffffL;
    } else {
      sum = s;
    }
    return Checksum.fold16(sum);
  }

  private static boolean writable(SkBuff skb, long off) {
    return off <= MAX_OFFSET && (off & 1) == 0 && skb.pull(off + 2);
  }

  private static long replaceL3(RunCtx rc, long ctx, long off, long from, long to, long flags) {
    SkBuff skb = RunEnv.of(rc).skb();
    if ((flags & ~F_HDR_FIELD_MASK) != 0) {
      return Errno.EINVAL.negated();
    }
    long o = off & 0xffff_ffffL;
    if (!writable(skb, o)) {
      return Errno.EFAULT.negated();
    }
    long at = skb.data() + o;
    int sum = replaced((int) rc.memory().getU16(at), (int) flags, from, to);
    if (sum < 0) {
      return Errno.EINVAL.negated();
    }
    rc.memory().putU16(at, sum);
    skb.publish();
    return 0;
  }

  /// The new field, or -1 for arguments that do not fit.
  private static int replaced(int field, int size, long from, long to) {
    return switch (size) {
      case 0 -> from != 0 ? -1 : Checksum.replaceByDiff(field, to & 0xffff_ffffL);
      case 2 -> Checksum.replace16(field, (int) from & 0xffff, (int) to & 0xffff);
      case 4 -> Checksum.replace32(field, from & 0xffff_ffffL, to & 0xffff_ffffL);
      default -> -1;
    };
  }

  private static long replaceL4(RunCtx rc, long ctx, long off, long from, long to, long flags) {
    SkBuff skb = RunEnv.of(rc).skb();
    long known = F_MARK_MANGLED_0 | F_MARK_ENFORCE | F_PSEUDO_HDR | F_HDR_FIELD_MASK | F_IPV6;
    if ((flags & ~known) != 0) {
      return Errno.EINVAL.negated();
    }
    long o = off & 0xffff_ffffL;
    if (!writable(skb, o)) {
      return Errno.EFAULT.negated();
    }
    long at = skb.data() + o;
    int field = (int) rc.memory().getU16(at);
    boolean mangled = (flags & F_MARK_MANGLED_0) != 0;
    if (mangled && (flags & F_MARK_ENFORCE) == 0 && field == 0) {
      return 0;
    }
    int sum = replaced(field, (int) (flags & F_HDR_FIELD_MASK), from, to);
    if (sum < 0) {
      return Errno.EINVAL.negated();
    }
    rc.memory().putU16(at, mangled && sum == 0 ? CSUM_MANGLED_0 : sum);
    skb.publish();
    return 0;
  }

  private static long update(RunCtx rc, long ctx, long sum, long r3, long r4, long r5) {
    SkBuff skb = RunEnv.of(rc).skb();
    if (skb.checksumComplete() < 0) {
      return Errno.ENOTSUPP.negated();
    }
    long total = Checksum.add(skb.checksumComplete(), sum);
    skb.setChecksumComplete(total);
    return total;
  }

  /// The virtual kernel's packets carry no verified checksum levels.
  private static long level(RunCtx rc, long ctx, long level, long r3, long r4, long r5) {
    int query = 0;
    int reset = 3;
    if (level == query) {
      return Errno.EACCES.negated();
    }
    return Long.compareUnsigned(level, reset) <= 0 ? 0 : Errno.EINVAL.negated();
  }
}
