package bpf4j.verifier.domain;

/// Transfer functions of the ALU instructions on scalars: `dst = dst op src`, with the intervals
/// that Linux 6.18 computes. Every function keeps γ(dst op src) ⊇ γ(dst) op γ(src).
///
/// The 64-bit form computes both widths, since the low half of a sum, product or bitwise result
/// depends on low halves only. The 32-bit form is followed by a zero extension.
public final class ScalarAlu {
  // High nibble of the opcode, as in the instruction encoding.
  public static final int ADD = 0x00;
  public static final int SUB = 0x10;
  public static final int MUL = 0x20;
  public static final int DIV = 0x30;
  public static final int OR = 0x40;
  public static final int AND = 0x50;
  public static final int LSH = 0x60;
  public static final int RSH = 0x70;
  public static final int NEG = 0x80;
  public static final int MOD = 0x90;
  public static final int XOR = 0xa0;
  public static final int MOV = 0xb0;
  public static final int ARSH = 0xc0;
  public static final int END = 0xd0;

  private ScalarAlu() {}

  /// Whether 6.18 tracks the result at all; otherwise it is an unknown scalar.
  public static boolean isTracked(int op, boolean is32, ScalarRange src) {
    return switch (op) {
      case ADD, SUB, NEG, AND, XOR, OR, MUL, END -> true;
      // A shift is computed for a known in-range count only.
      case LSH, RSH, ARSH ->
          isKnownCount(is32, src) && Long.compareUnsigned(src.umax, is32 ? 32 : 64) < 0;
      default -> false;
    };
  }

  private static boolean isKnownCount(boolean is32, ScalarRange src) {
    return is32
        ? src.tnum.subregIsConst() && src.s32min == src.s32max && src.u32min == src.u32max
        : src.tnum.isConst() && src.smin == src.smax && src.umin == src.umax;
  }

  /// The result of a tracked binary operation or negation, synced; zero-extended for `is32`.
  public static ScalarRange apply(int op, boolean is32, ScalarRange dst, ScalarRange src) {
    Bounds b = Bounds.of(dst);
    switch (op) {
      case ADD -> add(b, src);
      case SUB -> sub(b, src);
      case NEG -> {
        b.setConst(0);
        subIntervals(b, dst);
        b.tnum = dst.tnum.neg();
      }
      case MUL -> mul(b, src);
      case AND -> and(b, src);
      case OR -> or(b, src);
      case XOR -> xor(b, src);
      case LSH -> lsh(b, src, is32);
      case RSH -> rsh(b, src, is32);
      case ARSH -> arsh(b, src, is32);
      default -> throw new IllegalArgumentException("untracked op " + op);
    }
    if (is32) {
      zeroExtend32(b);
    }
    return b.sync().freeze();
  }

  /// Forgets the upper half and takes the low one, as every 32-bit operation does.
  public static void zeroExtend32(Bounds b) {
    b.tnum = b.tnum.subreg();
    b.umin = Integer.toUnsignedLong(b.u32min);
    b.umax = Integer.toUnsignedLong(b.u32max);
    if (b.s32min >= 0 && b.s32max >= 0) {
      b.smin = b.s32min;
      b.smax = b.s32max;
    } else {
      b.smin = 0;
      b.smax = 0xffffffffL;
    }
  }

  /// `r + src` in both widths without the tnum's sync, as linked registers need it.
  public static void add(Bounds b, ScalarRange src) {
    addSigned32(b, src);
    addUnsigned32(b, src);
    addSigned64(b, src);
    addUnsigned64(b, src);
    b.tnum = b.tnum.add(src.tnum);
  }

  private static void addSigned32(Bounds b, ScalarRange src) {
    long lo = (long) b.s32min + src.s32min;
    long hi = (long) b.s32max + src.s32max;
    if (lo == (int) lo && hi == (int) hi) {
      b.s32min = (int) lo;
      b.s32max = (int) hi;
    } else {
      b.unboundSigned32();
    }
  }

  // When both ends wrap, or neither does, the interval stays one interval.
  private static void addUnsigned32(Bounds b, ScalarRange src) {
    int lo = b.u32min + src.u32min;
    int hi = b.u32max + src.u32max;
    boolean loWraps = Integer.compareUnsigned(lo, src.u32min) < 0;
    boolean hiWraps = Integer.compareUnsigned(hi, src.u32max) < 0;
    b.u32min = lo;
    b.u32max = hi;
    if (!loWraps && hiWraps) {
      b.unboundUnsigned32();
    }
  }

  private static void addSigned64(Bounds b, ScalarRange src) {
    long lo = b.smin + src.smin;
    long hi = b.smax + src.smax;
    boolean overflows =
        ((b.smin ^ lo) & (src.smin ^ lo)) < 0 || ((b.smax ^ hi) & (src.smax ^ hi)) < 0;
    b.smin = lo;
    b.smax = hi;
    if (overflows) {
      b.unboundSigned64();
    }
  }

  private static void addUnsigned64(Bounds b, ScalarRange src) {
    long lo = b.umin + src.umin;
    long hi = b.umax + src.umax;
    boolean loWraps = Long.compareUnsigned(lo, src.umin) < 0;
    boolean hiWraps = Long.compareUnsigned(hi, src.umax) < 0;
    b.umin = lo;
    b.umax = hi;
    if (!loWraps && hiWraps) {
      b.unboundUnsigned64();
    }
  }

  private static void sub(Bounds b, ScalarRange src) {
    subIntervals(b, src);
    b.tnum = b.tnum.sub(src.tnum);
  }

  private static void subIntervals(Bounds b, ScalarRange src) {
    long lo32 = (long) b.s32min - src.s32max;
    long hi32 = (long) b.s32max - src.s32min;
    if (lo32 == (int) lo32 && hi32 == (int) hi32) {
      b.s32min = (int) lo32;
      b.s32max = (int) hi32;
    } else {
      b.unboundSigned32();
    }
    boolean loWraps = Integer.compareUnsigned(b.u32min, src.u32max) < 0;
    boolean hiWraps = Integer.compareUnsigned(b.u32max, src.u32min) < 0;
    b.u32min -= src.u32max;
    b.u32max -= src.u32min;
    if (loWraps && !hiWraps) {
      b.unboundUnsigned32();
    }
    subIntervals64(b, src);
  }

  private static void subIntervals64(Bounds b, ScalarRange src) {
    long lo = b.smin - src.smax;
    long hi = b.smax - src.smin;
    boolean overflows =
        ((b.smin ^ src.smax) & (b.smin ^ lo)) < 0 || ((b.smax ^ src.smin) & (b.smax ^ hi)) < 0;
    b.smin = lo;
    b.smax = hi;
    if (overflows) {
      b.unboundSigned64();
    }
    boolean loWraps = Long.compareUnsigned(b.umin, src.umax) < 0;
    boolean hiWraps = Long.compareUnsigned(b.umax, src.umin) < 0;
    b.umin -= src.umax;
    b.umax -= src.umin;
    if (loWraps && !hiWraps) {
      b.unboundUnsigned64();
    }
  }

  private static void mul(Bounds b, ScalarRange src) {
    b.tnum = b.tnum.mul(src.tnum);
    mul32(b, src);
    mul64(b, src);
  }

  private static void mul32(Bounds b, ScalarRange src) {
    long hi = Integer.toUnsignedLong(b.u32max) * Integer.toUnsignedLong(src.u32max);
    if (hi >>> 32 != 0) {
      b.unboundUnsigned32();
    } else {
      b.u32max = (int) hi;
      b.u32min *= src.u32min;
    }
    long p0 = (long) b.s32min * src.s32min;
    long p1 = (long) b.s32min * src.s32max;
    long p2 = (long) b.s32max * src.s32min;
    long p3 = (long) b.s32max * src.s32max;
    long min = Math.min(Math.min(p0, p1), Math.min(p2, p3));
    long max = Math.max(Math.max(p0, p1), Math.max(p2, p3));
    if (min == (int) min && max == (int) max) {
      b.s32min = (int) min;
      b.s32max = (int) max;
    } else {
      b.unboundSigned32();
    }
  }

  private static void mul64(Bounds b, ScalarRange src) {
    if (Math.unsignedMultiplyHigh(b.umax, src.umax) != 0) {
      b.unboundUnsigned64();
    } else {
      b.umax *= src.umax;
      b.umin *= src.umin;
    }
    if (overflows(b.smin, src.smin)
        || overflows(b.smin, src.smax)
        || overflows(b.smax, src.smin)
        || overflows(b.smax, src.smax)) {
      b.unboundSigned64();
      return;
    }
    long p0 = b.smin * src.smin;
    long p1 = b.smin * src.smax;
    long p2 = b.smax * src.smin;
    long p3 = b.smax * src.smax;
    b.smin = Math.min(Math.min(p0, p1), Math.min(p2, p3));
    b.smax = Math.max(Math.max(p0, p1), Math.max(p2, p3));
  }

  private static boolean overflows(long x, long y) {
    return Math.multiplyHigh(x, y) != (x * y) >> 63;
  }

  // x & y is at most either operand and has at least the bits known set.
  private static void and(Bounds b, ScalarRange src) {
    b.tnum = b.tnum.and(src.tnum);
    boolean known32 = src.tnum.subregIsConst() && b.tnum.subregIsConst();
    boolean known64 = src.tnum.isConst() && b.tnum.isConst();
    bitwise32(b, known32, (int) b.tnum.value(), Bounds.minU(b.u32max, src.u32max));
    bitwise64(b, known64, b.tnum.value(), Bounds.minU(b.umax, src.umax));
  }

  // x | y is at least either operand and has at most the bits that can be set.
  private static void or(Bounds b, ScalarRange src) {
    b.tnum = b.tnum.or(src.tnum);
    boolean known32 = src.tnum.subregIsConst() && b.tnum.subregIsConst();
    boolean known64 = src.tnum.isConst() && b.tnum.isConst();
    long most = b.tnum.value() | b.tnum.mask();
    bitwise32(b, known32, Bounds.maxU(b.u32min, src.u32min), (int) most);
    bitwise64(b, known64, Bounds.maxU(b.umin, src.umin), most);
  }

  private static void xor(Bounds b, ScalarRange src) {
    b.tnum = b.tnum.xor(src.tnum);
    boolean known32 = src.tnum.subregIsConst() && b.tnum.subregIsConst();
    boolean known64 = src.tnum.isConst() && b.tnum.isConst();
    long most = b.tnum.value() | b.tnum.mask();
    bitwise32(b, known32, (int) b.tnum.value(), (int) most);
    bitwise64(b, known64, b.tnum.value(), most);
  }

  /// Sets the low half's unsigned interval, and the signed one to match where it can.
  private static void bitwise32(Bounds b, boolean known, int lo, int hi) {
    if (known) {
      b.set32Const((int) b.tnum.value());
      return;
    }
    b.u32min = lo;
    b.u32max = hi;
    if (lo <= hi) {
      b.s32min = lo;
      b.s32max = hi;
    } else {
      b.unboundSigned32();
    }
  }

  private static void bitwise64(Bounds b, boolean known, long lo, long hi) {
    if (known) {
      b.setConst(b.tnum.value());
      return;
    }
    b.umin = lo;
    b.umax = hi;
    if (lo <= hi) {
      b.smin = lo;
      b.smax = hi;
    } else {
      b.unboundSigned64();
    }
    b.boundsFromTnum();
  }

  private static void lsh(Bounds b, ScalarRange src, boolean is32) {
    int n = is32 ? src.u32min : (int) src.umin;
    if (is32) {
      lsh32(b, n);
      b.tnum = b.tnum.subreg().shl(n).subreg();
      b.unbound64();
      b.bounds32FromTnum();
      return;
    }
    // x << 32 keeps the sign of the low half: compilers sign-extend with << 32, s>> 32.
    if (n == 32) {
      b.smax = (long) b.s32max << 32;
      b.smin = (long) b.s32min << 32;
    } else {
      b.unboundSigned64();
    }
    if (Long.compareUnsigned(b.umax, 1L << (63 - n)) > 0) {
      b.unboundUnsigned64();
    } else {
      b.umin <<= n;
      b.umax <<= n;
    }
    lsh32(b, n);
    b.tnum = b.tnum.shl(n);
    b.boundsFromTnum();
  }

  private static void lsh32(Bounds b, int n) {
    b.unboundSigned32();
    if (n > 31 || Integer.toUnsignedLong(b.u32max) > 1L << (31 - n)) {
      b.unboundUnsigned32();
    } else {
      b.u32min <<= n;
      b.u32max <<= n;
    }
  }

  private static void rsh(Bounds b, ScalarRange src, boolean is32) {
    int n = is32 ? src.u32min : (int) src.umin;
    if (is32) {
      b.unboundSigned32();
      b.tnum = b.tnum.subreg().shr(n);
      b.u32min >>>= n;
      b.u32max >>>= n;
      b.unbound64();
      b.bounds32FromTnum();
      return;
    }
    b.unboundSigned64();
    b.tnum = b.tnum.shr(n);
    b.umin >>>= n;
    b.umax >>>= n;
    b.unbound32();
    b.boundsFromTnum();
  }

  private static void arsh(Bounds b, ScalarRange src, boolean is32) {
    int n = is32 ? src.u32min : (int) src.umin;
    if (is32) {
      b.s32min >>= n;
      b.s32max >>= n;
      b.tnum = b.tnum.subreg().sar(n, 32);
      b.unboundUnsigned32();
      b.unbound64();
      b.bounds32FromTnum();
      return;
    }
    b.smin >>= n;
    b.smax >>= n;
    b.tnum = b.tnum.sar(n, 64);
    b.unboundUnsigned64();
    b.unbound32();
    b.boundsFromTnum();
  }

  /// `BPF_END` on a little-endian machine: swaps the low `bits` bits when `swap`, then truncates.
  public static ScalarRange byteSwap(ScalarRange dst, int bits, boolean swap) {
    Bounds b = Bounds.of(dst);
    if (swap) {
      b.tnum = new Tnum(swapped(b.tnum.value(), bits), swapped(b.tnum.mask(), bits));
      b.unbound();
    }
    if (bits != 64) {
      truncate(b, bits / 8);
    }
    return b.sync().freeze();
  }

  private static long swapped(long v, int bits) {
    return Long.reverseBytes(v) >>> (64 - bits);
  }

  /// Zero-extends from the low `bytes` bytes (1, 2 or 4).
  public static ScalarRange zeroExtend(ScalarRange r, int bytes) {
    Bounds b = Bounds.of(r);
    truncate(b, bytes);
    return b.freeze();
  }

  private static void truncate(Bounds b, int bytes) {
    long keep = (1L << (bytes * 8)) - 1;
    b.tnum = b.tnum.cast(bytes);
    if ((b.umin & ~keep) == (b.umax & ~keep)) {
      b.umin &= keep;
      b.umax &= keep;
    } else {
      b.umin = 0;
      b.umax = keep;
    }
    b.smin = b.umin;
    b.smax = b.umax;
    if (bytes < 4) {
      b.unbound32();
    }
    b.sync();
  }

  /// Sign-extends the low `bytes` bytes to 64 bits.
  public static ScalarRange signExtend(ScalarRange r, int bytes) {
    if (r.tnum.isConst()) {
      return ScalarRange.constant(signExtended(r.tnum.value(), bytes));
    }
    int bits = bytes * 8;
    Bounds b = new Bounds();
    if (r.smax >>> bits == r.smin >>> bits) {
      long x = signExtended(r.smax, bytes);
      long y = signExtended(r.smin, bytes);
      long hi = Math.max(x, y);
      long lo = Math.min(x, y);
      if ((hi >= 0) == (lo >= 0)) {
        b.smin = b.umin = lo;
        b.smax = b.umax = hi;
        b.s32min = b.u32min = (int) lo;
        b.s32max = b.u32max = (int) hi;
        b.tnum = Tnum.range(lo, hi);
        return b.freeze();
      }
    }
    b.smin = -1L << (bits - 1);
    b.smax = ~b.smin;
    b.s32min = (int) b.smin;
    b.s32max = (int) b.smax;
    return b.freeze();
  }

  private static long signExtended(long v, int bytes) {
    int unused = 64 - bytes * 8;
    return v << unused >> unused;
  }

  /// Sign-extends the low `bytes` bytes (1 or 2) to 32 bits, then zero-extends.
  public static ScalarRange signExtend32(ScalarRange r, int bytes) {
    Bounds b = Bounds.of(r);
    signExtendLow(b, bytes);
    zeroExtend32(b);
    return b.sync().freeze();
  }

  private static void signExtendLow(Bounds b, int bytes) {
    int bits = bytes * 8;
    if (b.tnum.isConst()) {
      int v = (int) signExtended(b.tnum.value(), bytes);
      b.tnum = Tnum.constant(v);
      b.s32min = b.s32max = b.u32min = b.u32max = v;
      return;
    }
    if (b.s32max >>> bits == b.s32min >>> bits) {
      int x = (int) signExtended(b.s32max, bytes);
      int y = (int) signExtended(b.s32min, bytes);
      int hi = Math.max(x, y);
      int lo = Math.min(x, y);
      if ((lo >= 0) == (hi >= 0)) {
        b.s32min = b.u32min = lo;
        b.s32max = b.u32max = hi;
        b.tnum = Tnum.range(lo, hi).subreg();
        return;
      }
    }
    b.s32min = -1 << (bits - 1);
    b.s32max = ~b.s32min;
    b.unboundUnsigned32();
    b.tnum = Tnum.UNKNOWN.subreg();
  }

  /// The low half, zero-extended: `w1 = w2`.
  public static ScalarRange mov32(ScalarRange r) {
    Bounds b = Bounds.of(r);
    zeroExtend32(b);
    return b.sync().freeze();
  }
}
