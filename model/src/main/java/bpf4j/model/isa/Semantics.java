package bpf4j.model.isa;

/// What instructions compute: the only definition, shared by the interpreters, the JIT's slow paths
/// and the verifier's constant folding.
///
/// A 64-bit register is a `long`, its lower half an `int`. A 32-bit operation gives an `int`; the
/// register then holds [#zext(int)] of it. Source: RFC 9669 sections 4 and 5, and `___bpf_prog_run`
/// of Linux 6.18.
public final class Semantics {
  private Semantics() {}

  /// The low 32 bits, zero-extended.
  public static long zext(int value) {
    return value & 0xffff_ffffL;
  }

  /// The low bytes of `value` as a `size` access loads them, zero-extended.
  public static long zext(Size size, long value) {
    return switch (size) {
      case B -> value & 0xff;
      case H -> value & 0xffff;
      case W -> value & 0xffff_ffffL;
      case DW -> value;
    };
  }

  /// The low bytes of `value` as a sign-extending `size` access loads them.
  public static long sext(Size size, long value) {
    return switch (size) {
      case B -> (byte) value;
      case H -> (short) value;
      case W -> (int) value;
      case DW -> value;
    };
  }

  /// `a op b` on 64 bits.
  public static long alu64(AluOp op, long a, long b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> udiv64(a, b);
      case SDIV -> sdiv64(a, b);
      case OR -> a | b;
      case AND -> a & b;
      case LSH -> a << b;
      case RSH -> a >>> b;
      case MOD -> umod64(a, b);
      case SMOD -> smod64(a, b);
      case XOR -> a ^ b;
      case ARSH -> a >> b;
    };
  }

  /// `a op b` on 32 bits.
  public static int alu32(AluOp op, int a, int b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> udiv32(a, b);
      case SDIV -> sdiv32(a, b);
      case OR -> a | b;
      case AND -> a & b;
      case LSH -> a << b;
      case RSH -> a >>> b;
      case MOD -> umod32(a, b);
      case SMOD -> smod32(a, b);
      case XOR -> a ^ b;
      case ARSH -> a >> b;
    };
  }

  /// Unsigned division; by zero gives 0.
  public static long udiv64(long a, long b) {
    return b == 0 ? 0 : Long.divideUnsigned(a, b);
  }

  /// Unsigned remainder; by zero gives `a`.
  public static long umod64(long a, long b) {
    return b == 0 ? a : Long.remainderUnsigned(a, b);
  }

  /// Signed division, truncating; by zero gives 0, the smallest number by -1 gives itself.
  public static long sdiv64(long a, long b) {
    return b == 0 ? 0 : a / b;
  }

  /// Signed remainder with the sign of `a`; by zero gives `a`, by -1 gives 0.
  public static long smod64(long a, long b) {
    return b == 0 ? a : a % b;
  }

  /// As [#udiv64].
  public static int udiv32(int a, int b) {
    return b == 0 ? 0 : Integer.divideUnsigned(a, b);
  }

  /// As [#umod64].
  public static int umod32(int a, int b) {
    return b == 0 ? a : Integer.remainderUnsigned(a, b);
  }

  /// As [#sdiv64].
  public static int sdiv32(int a, int b) {
    return b == 0 ? 0 : a / b;
  }

  /// As [#smod64].
  public static int smod32(int a, int b) {
    return b == 0 ? a : a % b;
  }

  /// Whether a 64-bit branch is taken.
  public static boolean cond64(Cond cond, long a, long b) {
    return switch (cond) {
      case EQ -> a == b;
      case NE -> a != b;
      case GT -> Long.compareUnsigned(a, b) > 0;
      case GE -> Long.compareUnsigned(a, b) >= 0;
      case LT -> Long.compareUnsigned(a, b) < 0;
      case LE -> Long.compareUnsigned(a, b) <= 0;
      case SGT -> a > b;
      case SGE -> a >= b;
      case SLT -> a < b;
      case SLE -> a <= b;
      case SET -> (a & b) != 0;
    };
  }

  /// Whether a 32-bit branch is taken.
  public static boolean cond32(Cond cond, int a, int b) {
    return switch (cond) {
      case EQ -> a == b;
      case NE -> a != b;
      case GT -> Integer.compareUnsigned(a, b) > 0;
      case GE -> Integer.compareUnsigned(a, b) >= 0;
      case LT -> Integer.compareUnsigned(a, b) < 0;
      case LE -> Integer.compareUnsigned(a, b) <= 0;
      case SGT -> a > b;
      case SGE -> a >= b;
      case SLT -> a < b;
      case SLE -> a <= b;
      case SET -> (a & b) != 0;
    };
  }

  /// Reverses the bytes of the low `bits` (16, 32 or 64) of `value` and clears the rest.
  public static long bswap(int bits, long value) {
    return switch (bits) {
      case 16 -> Short.toUnsignedLong(Short.reverseBytes((short) value));
      case 32 -> zext(Integer.reverseBytes((int) value));
      case 64 -> Long.reverseBytes(value);
      default -> throw new IllegalArgumentException("no byte swap of " + bits + " bits");
    };
  }

  /// A little-endian machine's conversion to big-endian (`toBig`) or little-endian order: a swap,
  /// or a truncation, of the low `bits`.
  public static long endian(boolean toBig, int bits, long value) {
    if (toBig) {
      return bswap(bits, value);
    }
    return bits == 64 ? value : value & (1L << bits) - 1;
  }

  /// What a 64-bit atomic operation stores, when the memory holds `old`, `src` is the operand and
  /// `r0` what compare-and-exchange expects.
  public static long atomic64(AtomicOp op, long old, long src, long r0) {
    return switch (op) {
      case ADD -> old + src;
      case OR -> old | src;
      case AND -> old & src;
      case XOR -> old ^ src;
      case XCHG -> src;
      case CMPXCHG -> old == r0 ? src : old;
    };
  }

  /// As [#atomic64] on 32 bits.
  public static int atomic32(AtomicOp op, int old, int src, int r0) {
    return switch (op) {
      case ADD -> old + src;
      case OR -> old | src;
      case AND -> old & src;
      case XOR -> old ^ src;
      case XCHG -> src;
      case CMPXCHG -> old == r0 ? src : old;
    };
  }
}
