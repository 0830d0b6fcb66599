package bpf4j.verifier.domain;

import static java.lang.Integer.compareUnsigned;
import static java.lang.Long.compareUnsigned;

/// Scratch form of a [ScalarRange]: transfer functions change it in place, then [#freeze] it.
///
/// [#sync] propagates knowledge between tnum and intervals. Each step below only intersects with a
/// superset of the concrete values, so γ never loses a value it had; the order and number of the
/// steps are Linux 6.18's because the log prints the result.
public final class Bounds {
  public Tnum tnum = Tnum.UNKNOWN;
  public long smin = Long.MIN_VALUE;
  public long smax = Long.MAX_VALUE;
  public long umin;
  public long umax = -1;
  public int s32min = Integer.MIN_VALUE;
  public int s32max = Integer.MAX_VALUE;
  public int u32min;
  public int u32max = -1;

  public static Bounds of(ScalarRange r) {
    Bounds b = new Bounds();
    b.tnum = r.tnum;
    b.smin = r.smin;
    b.smax = r.smax;
    b.umin = r.umin;
    b.umax = r.umax;
    b.s32min = r.s32min;
    b.s32max = r.s32max;
    b.u32min = r.u32min;
    b.u32max = r.u32max;
    return b;
  }

  public ScalarRange freeze() {
    return new ScalarRange(this);
  }

  public Bounds setConst(long v) {
    tnum = Tnum.constant(v);
    smin = smax = umin = umax = v;
    s32min = s32max = u32min = u32max = (int) v;
    return this;
  }

  public void set32Const(int v) {
    tnum = tnum.withSubreg(Tnum.constant(Integer.toUnsignedLong(v)));
    s32min = s32max = u32min = u32max = v;
  }

  public void unbound() {
    unbound64();
    unbound32();
  }

  public void unbound64() {
    unboundSigned64();
    unboundUnsigned64();
  }

  public void unbound32() {
    unboundSigned32();
    unboundUnsigned32();
  }

  void unboundSigned64() {
    smin = Long.MIN_VALUE;
    smax = Long.MAX_VALUE;
  }

  void unboundUnsigned64() {
    umin = 0;
    umax = -1;
  }

  void unboundSigned32() {
    s32min = Integer.MIN_VALUE;
    s32max = Integer.MAX_VALUE;
  }

  void unboundUnsigned32() {
    u32min = 0;
    u32max = -1;
  }

  public void meetSigned64(long lo, long hi) {
    smin = Math.max(smin, lo);
    smax = Math.min(smax, hi);
  }

  public void meetUnsigned64(long lo, long hi) {
    umin = maxU(umin, lo);
    umax = minU(umax, hi);
  }

  public void meetSigned32(int lo, int hi) {
    s32min = Math.max(s32min, lo);
    s32max = Math.min(s32max, hi);
  }

  public void meetUnsigned32(int lo, int hi) {
    u32min = maxU(u32min, lo);
    u32max = minU(u32max, hi);
  }

  /// Brings tnum and intervals in line with each other.
  public Bounds sync() {
    boundsFromTnum();
    for (int round = 0; round < 3; round++) {
      deduce32();
      deduce64();
      deduceMixed();
    }
    tnumFromBounds();
    boundsFromTnum();
    return this;
  }

  /// A tnum's least signed member has the unknown sign bit set, its greatest has it clear.
  void boundsFromTnum() {
    bounds32FromTnum();
    bounds64FromTnum();
  }

  void bounds32FromTnum() {
    int v = (int) tnum.value();
    int m = (int) tnum.mask();
    meetSigned32(v | (m & Integer.MIN_VALUE), v | (m & Integer.MAX_VALUE));
    meetUnsigned32(v, v | m);
  }

  private void bounds64FromTnum() {
    long v = tnum.value();
    long m = tnum.mask();
    meetSigned64(v | (m & Long.MIN_VALUE), v | (m & Long.MAX_VALUE));
    meetUnsigned64(v, v | m);
    singleMember();
  }

  /// Where tnum and unsigned interval share exactly one number, the value is that number.
  private void singleMember() {
    if (tnum.isUnknown() && umin != umax) {
      return;
    }
    long next = tnum.memberAfter(umin);
    long last = tnum.value() | tnum.mask();
    boolean uminIsMember = (umin & ~tnum.mask()) == tnum.value();
    if (uminIsMember) {
      if (compareUnsigned(next, umax) > 0) {
        setConst(umin);
      }
    } else if (next == last) {
      setConst(last);
    } else if (compareUnsigned(next, umax) <= 0
        && compareUnsigned(tnum.memberAfter(next), umax) > 0) {
      setConst(next);
    }
  }

  private void deduce32() {
    low32FromUnsigned64();
    low32FromSigned64();
    low32AcrossOneStep(umin, umax);
    low32AcrossOneStep(smin, smax);
    if (u32min <= u32max) {
      meetSigned32(u32min, u32max);
    }
    if (compareUnsigned(s32min, s32max) <= 0) {
      meetUnsigned32(s32min, s32max);
    } else if (compareUnsigned(u32max, s32min) < 0) {
      // The signed interval wraps around the unsigned end; the unsigned one meets only its
      // non-negative part.
      s32min = u32min;
      u32max = minU(u32max, s32max);
    } else if (compareUnsigned(s32max, u32min) < 0) {
      s32max = u32max;
      u32min = maxU(u32min, s32min);
    }
  }

  /// With equal upper halves at both ends, the low halves form an interval.
  private void low32FromUnsigned64() {
    if (umin >>> 32 != umax >>> 32) {
      return;
    }
    meetUnsigned32((int) umin, (int) umax);
    if ((int) umin <= (int) umax) {
      meetSigned32((int) umin, (int) umax);
    }
  }

  private void low32FromSigned64() {
    if (smin >> 32 != smax >> 32) {
      return;
    }
    if (compareUnsigned((int) smin, (int) smax) <= 0) {
      meetUnsigned32((int) smin, (int) smax);
    }
    if ((int) smin <= (int) smax) {
      meetSigned32((int) smin, (int) smax);
    }
  }

  /// Upper halves that differ by one, with the low half going from negative to non-negative, give a
  /// signed interval of the low half, as in [-1, 1].
  private void low32AcrossOneStep(long lo, long hi) {
    if ((int) (lo >>> 32) + 1 == (int) (hi >>> 32) && (int) lo < 0 && (int) hi >= 0) {
      meetSigned32((int) lo, (int) hi);
    }
  }

  private void deduce64() {
    if (umin <= umax) {
      meetSigned64(umin, umax);
    }
    if (compareUnsigned(smin, smax) <= 0) {
      meetUnsigned64(smin, smax);
    } else if (compareUnsigned(umax, smin) < 0) {
      smin = umin;
      umax = minU(umax, smax);
    } else if (compareUnsigned(smax, umin) < 0) {
      smax = umax;
      umin = maxU(umin, smin);
    }
  }

  /// The low half of a 64-bit bound can be replaced by the matching 32-bit bound.
  private void deduceMixed() {
    long lo32 = Integer.toUnsignedLong(u32min);
    long hi32 = Integer.toUnsignedLong(u32max);
    meetUnsigned64((umin & ~0xffffffffL) | lo32, (umax & ~0xffffffffL) | hi32);
    meetSigned64((smin & ~0xffffffffL) | lo32, (smax & ~0xffffffffL) | hi32);
    // A value that is the sign extension of a non-negative low half equals that low half.
    if (s32min >= 0 && smin >= Integer.MIN_VALUE && smax <= Integer.MAX_VALUE) {
      smin = umin = s32min;
      smax = umax = s32max;
      tnum = tnum.intersect(Tnum.range(smin, smax));
    }
  }

  private void tnumFromBounds() {
    Tnum whole = tnum.intersect(Tnum.range(umin, umax));
    Tnum low =
        whole
            .subreg()
            .intersect(Tnum.range(Integer.toUnsignedLong(u32min), Integer.toUnsignedLong(u32max)));
    tnum = whole.clearSubreg().or(low);
  }

  /// Whether some interval is empty or a constant tnum disagrees with the intervals: the value
  /// cannot exist. Returns the kernel's words for it, or an empty string.
  public String violation() {
    return violation(freeze());
  }

  public static String violation(ScalarRange r) {
    if (compareUnsigned(r.umin, r.umax) > 0
        || r.smin > r.smax
        || compareUnsigned(r.u32min, r.u32max) > 0
        || r.s32min > r.s32max) {
      return "range bounds violation";
    }
    if (r.tnum.isConst()) {
      long v = r.tnum.value();
      if (r.umin != v || r.umax != v || r.smin != v || r.smax != v) {
        return "const tnum out of sync with range bounds";
      }
    }
    if (r.tnum.subregIsConst()) {
      int v = (int) r.tnum.value();
      if (r.u32min != v || r.u32max != v || r.s32min != v || r.s32max != v) {
        return "const subreg tnum out of sync with range bounds";
      }
    }
    return "";
  }

  static long maxU(long a, long b) {
    return compareUnsigned(a, b) >= 0 ? a : b;
  }

  static long minU(long a, long b) {
    return compareUnsigned(a, b) <= 0 ? a : b;
  }

  static int maxU(int a, int b) {
    return compareUnsigned(a, b) >= 0 ? a : b;
  }

  static int minU(int a, int b) {
    return compareUnsigned(a, b) <= 0 ? a : b;
  }
}
