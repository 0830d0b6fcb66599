package bpf4j.verifier.domain;

/// What is known about a 64-bit value: a tnum, and signed and unsigned intervals of the whole and
/// of its low 32 bits. Immutable; [Bounds] is the scratch form that transfer functions work on.
///
/// γ is the intersection of the five parts.
public final class ScalarRange {
  public static final ScalarRange UNKNOWN = new Bounds().freeze();
  public static final ScalarRange ZERO = constant(0);

  public final Tnum tnum;
  public final long smin;
  public final long smax;
  public final long umin;
  public final long umax;
  public final int s32min;
  public final int s32max;
  public final int u32min;
  public final int u32max;

  ScalarRange(Bounds b) {
    tnum = b.tnum;
    smin = b.smin;
    smax = b.smax;
    umin = b.umin;
    umax = b.umax;
    s32min = b.s32min;
    s32max = b.s32max;
    u32min = b.u32min;
    u32max = b.u32max;
  }

  public static ScalarRange constant(long v) {
    return new Bounds().setConst(v).freeze();
  }

  public boolean isConst() {
    return tnum.isConst();
  }

  public boolean isConst(long v) {
    return tnum.isConst(v);
  }

  /// Whether the low half (`is32`) or the whole is one known value.
  public boolean isConst(boolean is32) {
    return is32 ? tnum.subregIsConst() : tnum.isConst();
  }

  /// The value that [#isConst(boolean)] found, zero-extended for the low half.
  public long constValue(boolean is32) {
    return is32 ? tnum.value() & 0xffffffffL : tnum.value();
  }

  /// Position of the highest bit that can be set, counted from 1; 0 for a known zero.
  public int width() {
    return 64 - Long.numberOfLeadingZeros(umax);
  }

  /// Whether each interval of `other` lies in the interval of this; says nothing of the tnums.
  public boolean intervalsContain(ScalarRange other) {
    return Long.compareUnsigned(umin, other.umin) <= 0
        && Long.compareUnsigned(umax, other.umax) >= 0
        && smin <= other.smin
        && smax >= other.smax
        && Integer.compareUnsigned(u32min, other.u32min) <= 0
        && Integer.compareUnsigned(u32max, other.u32max) >= 0
        && s32min <= other.s32min
        && s32max >= other.s32max;
  }

  /// Whether this is `other` or wider in every part.
  public boolean contains(ScalarRange other) {
    return this == other || (intervalsContain(other) && tnum.contains(other.tnum));
  }

  public boolean contains(long v) {
    int low = (int) v;
    return (v & ~tnum.mask()) == tnum.value()
        && smin <= v
        && v <= smax
        && Long.compareUnsigned(umin, v) <= 0
        && Long.compareUnsigned(v, umax) <= 0
        && s32min <= low
        && low <= s32max
        && Integer.compareUnsigned(u32min, low) <= 0
        && Integer.compareUnsigned(low, u32max) <= 0;
  }

  public boolean same(ScalarRange o) {
    return this == o
        || (tnum.value() == o.tnum.value()
            && tnum.mask() == o.tnum.mask()
            && smin == o.smin
            && smax == o.smax
            && umin == o.umin
            && umax == o.umax
            && s32min == o.s32min
            && s32max == o.s32max
            && u32min == o.u32min
            && u32max == o.u32max);
  }

  @Override
  public String toString() {
    return "u64=[%#x, %#x] s64=[%#x, %#x] u32=[%#x, %#x] s32=[%#x, %#x] var_off=(%#x, %#x)"
        .formatted(
            umin, umax, smin, smax, u32min, u32max, s32min, s32max, tnum.value(), tnum.mask());
  }
}
