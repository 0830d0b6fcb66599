package bpf4j.verifier.domain;

/// What a conditional jump tells about its operands: whether it is decided, and what each outcome
/// adds to their ranges.
public final class Branches {
  // High nibble of the opcode, as in the instruction encoding.
  public static final int JEQ = 0x10;
  public static final int JGT = 0x20;
  public static final int JGE = 0x30;
  public static final int JSET = 0x40;
  public static final int JNE = 0x50;
  public static final int JSGT = 0x60;
  public static final int JSGE = 0x70;
  public static final int JLT = 0xa0;
  public static final int JLE = 0xb0;
  public static final int JSLT = 0xc0;
  public static final int JSLE = 0xd0;

  /// `!(a & b)`, the negation of [#JSET]; no instruction has it.
  static final int NOT_JSET = JSET | 8;

  private Branches() {}

  /// The operator with swapped operands.
  public static int flip(int op) {
    return switch (op) {
      case JGE -> JLE;
      case JGT -> JLT;
      case JLE -> JGE;
      case JLT -> JGT;
      case JSGE -> JSLE;
      case JSGT -> JSLT;
      case JSLE -> JSGE;
      case JSLT -> JSGT;
      default -> op;
    };
  }

  /// The negated operator.
  static int negate(int op) {
    return switch (op) {
      case JEQ -> JNE;
      case JNE -> JEQ;
      case JSET -> NOT_JSET;
      case JGE -> JLT;
      case JGT -> JLE;
      case JSGE -> JSLT;
      case JSGT -> JSLE;
      case JLE -> JGT;
      case JLT -> JGE;
      case JSLE -> JSGT;
      case JSLT -> JSGE;
      default -> throw new IllegalArgumentException("jump op " + op);
    };
  }

  /// 1 when `a op b` always holds, 0 when it never does, -1 when not known.
  public static int taken(ScalarRange a, ScalarRange b, int op, boolean is32) {
    return switch (op) {
      case JEQ -> equal(a, b, is32);
      case JNE -> {
        int eq = equal(a, b, is32);
        yield eq < 0 ? -1 : 1 - eq;
      }
      case JSET -> bitsSet(a, b, is32);
      default -> ordered(a, b, op, is32);
    };
  }

  private static int ordered(ScalarRange a, ScalarRange b, int op, boolean is32) {
    if (op == JGT || op == JGE || op == JSGT || op == JSGE) {
      return ordered(b, a, flip(op), is32);
    }
    boolean always;
    boolean never;
    switch (op) {
      case JLT -> {
        always = below(umax(a, is32), umin(b, is32));
        never = !below(umin(a, is32), umax(b, is32));
      }
      case JLE -> {
        always = !below(umin(b, is32), umax(a, is32));
        never = below(umax(b, is32), umin(a, is32));
      }
      case JSLT -> {
        always = smax(a, is32) < smin(b, is32);
        never = smin(a, is32) >= smax(b, is32);
      }
      default -> {
        always = smax(a, is32) <= smin(b, is32);
        never = smin(a, is32) > smax(b, is32);
      }
    }
    return always ? 1 : never ? 0 : -1;
  }

  private static int equal(ScalarRange a, ScalarRange b, boolean is32) {
    Tnum ta = is32 ? a.tnum.subreg() : a.tnum;
    Tnum tb = is32 ? b.tnum.subreg() : b.tnum;
    if (ta.isConst() && tb.isConst()) {
      return ta.value() == tb.value() ? 1 : 0;
    }
    if (!ta.overlaps(tb) || disjoint(a, b, is32) || (!is32 && disjoint(a, b, true))) {
      return 0;
    }
    return -1;
  }

  private static boolean disjoint(ScalarRange a, ScalarRange b, boolean is32) {
    return below(umax(b, is32), umin(a, is32))
        || below(umax(a, is32), umin(b, is32))
        || smin(a, is32) > smax(b, is32)
        || smax(a, is32) < smin(b, is32);
  }

  private static int bitsSet(ScalarRange a, ScalarRange b, boolean is32) {
    ScalarRange constant = b.isConst(is32) ? b : a;
    if (!constant.isConst(is32)) {
      return -1;
    }
    Tnum t = constant == b ? a.tnum : b.tnum;
    long bits = constant.constValue(is32);
    if ((t.value() & bits) != 0) {
      return 1;
    }
    return ((t.value() | t.mask()) & bits) == 0 ? 0 : -1;
  }

  private static boolean below(long x, long y) {
    return Long.compareUnsigned(x, y) < 0;
  }

  private static long umin(ScalarRange r, boolean is32) {
    return is32 ? Integer.toUnsignedLong(r.u32min) : r.umin;
  }

  private static long umax(ScalarRange r, boolean is32) {
    return is32 ? Integer.toUnsignedLong(r.u32max) : r.umax;
  }

  private static long smin(ScalarRange r, boolean is32) {
    return is32 ? r.s32min : r.smin;
  }

  private static long smax(ScalarRange r, boolean is32) {
    return is32 ? r.s32max : r.smax;
  }

  /// Adds to `a` and `b` what `a op b` being `outcome` says, and syncs them.
  public static void refine(Bounds a, Bounds b, int op, boolean is32, boolean outcome) {
    assume(a, b, outcome ? op : negate(op), is32);
    a.sync();
    b.sync();
  }

  private static void assume(Bounds a, Bounds b, int op, boolean is32) {
    switch (op) {
      case JGE, JGT, JSGE, JSGT -> assume(b, a, flip(op), is32);
      case JEQ -> assumeEqual(a, b, is32);
      case JNE -> {
        if (isConst(b, is32)) {
          dropEdge(a, b.tnum.value(), is32);
        } else if (isConst(a, is32)) {
          dropEdge(b, a.tnum.value(), is32);
        }
      }
      case JSET -> assumeSet(a, b, is32);
      case NOT_JSET -> assumeClear(a, b, is32);
      default -> assumeOrder(a, b, op, is32);
    }
  }

  private static boolean isConst(Bounds b, boolean is32) {
    return is32 ? b.tnum.subregIsConst() : b.tnum.isConst();
  }

  private static void assumeEqual(Bounds a, Bounds b, boolean is32) {
    if (is32) {
      a.meetUnsigned32(b.u32min, b.u32max);
      a.meetSigned32(b.s32min, b.s32max);
      b.u32min = a.u32min;
      b.u32max = a.u32max;
      b.s32min = a.s32min;
      b.s32max = a.s32max;
      Tnum low = a.tnum.subreg().intersect(b.tnum.subreg());
      a.tnum = a.tnum.withSubreg(low);
      b.tnum = b.tnum.withSubreg(low);
      return;
    }
    a.meetUnsigned64(b.umin, b.umax);
    a.meetSigned64(b.smin, b.smax);
    b.umin = a.umin;
    b.umax = a.umax;
    b.smin = a.smin;
    b.smax = a.smax;
    a.tnum = a.tnum.intersect(b.tnum);
    b.tnum = a.tnum;
  }

  /// `r != v` moves a bound that equals v by one.
  private static void dropEdge(Bounds r, long v, boolean is32) {
    if (is32) {
      int w = (int) v;
      r.u32min += r.u32min == w ? 1 : 0;
      r.u32max -= r.u32max == w ? 1 : 0;
      r.s32min += r.s32min == w ? 1 : 0;
      r.s32max -= r.s32max == w ? 1 : 0;
      return;
    }
    r.umin += r.umin == v ? 1 : 0;
    r.umax -= r.umax == v ? 1 : 0;
    r.smin += r.smin == v ? 1 : 0;
    r.smax -= r.smax == v ? 1 : 0;
  }

  // Only a single bit says which bit is set.
  private static void assumeSet(Bounds a, Bounds b, boolean is32) {
    Bounds constant = isConst(b, is32) ? b : a;
    if (!isConst(constant, is32)) {
      return;
    }
    Bounds r = constant == b ? a : b;
    long bits = is32 ? constant.tnum.subreg().value() : constant.tnum.value();
    if (Long.bitCount(bits) != 1) {
      return;
    }
    r.tnum = r.tnum.or(Tnum.constant(bits));
  }

  private static void assumeClear(Bounds a, Bounds b, boolean is32) {
    Bounds constant = isConst(b, is32) ? b : a;
    if (!isConst(constant, is32)) {
      return;
    }
    Bounds r = constant == b ? a : b;
    long bits = is32 ? constant.tnum.subreg().value() : constant.tnum.value();
    // The intervals are dropped first: on a dead branch they would contradict the tnum.
    r.unbound();
    if (is32) {
      r.tnum = r.tnum.withSubreg(r.tnum.subreg().and(Tnum.constant(~bits)));
    } else {
      r.tnum = r.tnum.and(Tnum.constant(~bits));
    }
  }

  private static void assumeOrder(Bounds a, Bounds b, int op, boolean is32) {
    int strict = op == JLT || op == JSLT ? 1 : 0;
    boolean unsigned = op == JLE || op == JLT;
    if (is32 && unsigned) {
      a.u32max = Bounds.minU(a.u32max, b.u32max - strict);
      b.u32min = Bounds.maxU(a.u32min + strict, b.u32min);
    } else if (is32) {
      a.s32max = Math.min(a.s32max, b.s32max - strict);
      b.s32min = Math.max(a.s32min + strict, b.s32min);
    } else if (unsigned) {
      a.umax = Bounds.minU(a.umax, b.umax - strict);
      b.umin = Bounds.maxU(a.umin + strict, b.umin);
    } else {
      a.smax = Math.min(a.smax, b.smax - strict);
      b.smin = Math.max(a.smin + strict, b.smin);
    }
  }
}
