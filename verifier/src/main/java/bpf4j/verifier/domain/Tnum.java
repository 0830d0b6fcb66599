package bpf4j.verifier.domain;

/// A tristate number: what is known about each of 64 bits. A bit set in `mask` is unknown; where it
/// is clear, `value` holds the bit. Bits of `value` under `mask` are zero.
///
/// γ((v, m)) = { x : x & ~m = v }. Source of the transfer functions: Vishwanathan et al., CGO 2022,
/// and the behaviour of Linux 6.18.
public record Tnum(long value, long mask) {
  public static final Tnum UNKNOWN = new Tnum(0, -1);
  public static final Tnum ZERO = new Tnum(0, 0);

  /// Makes the canonical tnum with these unknown bits, dropping value bits under the mask.
  private static Tnum of(long value, long mask) {
    return new Tnum(value & ~mask, mask);
  }

  public static Tnum constant(long value) {
    return new Tnum(value, 0);
  }

  /// The smallest tnum that holds every u64 in [min, max]: the common prefix is known.
  public static Tnum range(long min, long max) {
    int differing = 64 - Long.numberOfLeadingZeros(min ^ max);
    if (differing > 63) {
      return UNKNOWN;
    }
    return of(min, (1L << differing) - 1);
  }

  public boolean isConst() {
    return mask == 0;
  }

  public boolean isConst(long v) {
    return mask == 0 && value == v;
  }

  public boolean isUnknown() {
    return mask == -1;
  }

  /// The low 32 bits, upper ones known zero.
  public Tnum subreg() {
    return new Tnum(value & 0xffffffffL, mask & 0xffffffffL);
  }

  /// The upper 32 bits in place, low ones known zero.
  public Tnum clearSubreg() {
    return new Tnum(value & ~0xffffffffL, mask & ~0xffffffffL);
  }

  /// This tnum with its low half replaced by that of `low`.
  public Tnum withSubreg(Tnum low) {
    return clearSubreg().or(low.subreg());
  }

  public boolean subregIsConst() {
    return (int) mask == 0;
  }

  public Tnum shl(int n) {
    return new Tnum(value << n, mask << n);
  }

  public Tnum shr(int n) {
    return new Tnum(value >>> n, mask >>> n);
  }

  /// Arithmetic shift of the low `bits` (32 or 64) bits; a 32-bit result is zero-extended.
  public Tnum sar(int n, int bits) {
    if (bits == 32) {
      return new Tnum(
          Integer.toUnsignedLong((int) value >> n), Integer.toUnsignedLong((int) mask >> n));
    }
    return new Tnum(value >> n, mask >> n);
  }

  // Carry chains: a sum bit is certain when adding all-unknown-bits-one and all-zero agree on it.
  public Tnum add(Tnum b) {
    long known = value + b.value;
    long carries = (known + mask + b.mask) ^ known;
    return of(known, carries | mask | b.mask);
  }

  public Tnum sub(Tnum b) {
    long known = value - b.value;
    long borrows = (known + mask) ^ (known - b.mask);
    return of(known, borrows | mask | b.mask);
  }

  public Tnum neg() {
    return ZERO.sub(this);
  }

  public Tnum and(Tnum b) {
    long ones = value & b.value;
    return new Tnum(ones, (value | mask) & (b.value | b.mask) & ~ones);
  }

  public Tnum or(Tnum b) {
    long ones = value | b.value;
    return new Tnum(ones, (mask | b.mask) & ~ones);
  }

  public Tnum xor(Tnum b) {
    return of(value ^ b.value, mask | b.mask);
  }

  /// Long multiplication. A multiplier bit that is unknown contributes the union of both cases.
  public Tnum mul(Tnum b) {
    Tnum sum = ZERO;
    Tnum part = b;
    long ones = value;
    long unknown = mask;
    while ((ones | unknown) != 0) {
      if ((ones & 1) != 0) {
        sum = sum.add(part);
      } else if ((unknown & 1) != 0) {
        sum = sum.union(sum.add(part));
      }
      ones >>>= 1;
      unknown >>>= 1;
      part = part.shl(1);
    }
    return sum;
  }

  /// The smallest tnum that holds both.
  public Tnum union(Tnum b) {
    return of(value & b.value, (value ^ b.value) | mask | b.mask);
  }

  /// The meet. Where the operands contradict each other the bit is taken as a known one.
  public Tnum intersect(Tnum b) {
    return of(value | b.value, mask & b.mask);
  }

  /// Whether some number lies in both.
  public boolean overlaps(Tnum b) {
    long bothKnown = ~mask & ~b.mask;
    return ((value ^ b.value) & bothKnown) == 0;
  }

  /// Whether γ(b) ⊆ γ(this).
  public boolean contains(Tnum b) {
    return (b.mask & ~mask) == 0 && (b.value & ~mask) == value;
  }

  /// The low `bytes` bytes, the rest known zero; `bytes` is 1, 2 or 4.
  public Tnum cast(int bytes) {
    long keep = (1L << (bytes * 8)) - 1;
    return new Tnum(value & keep, mask & keep);
  }

  /// Whether every member is a multiple of `size`, a power of two.
  public boolean isAligned(long size) {
    return ((value | mask) & (size - 1)) == 0;
  }

  /// The smallest member greater than `z` (unsigned), or the largest member when none is.
  public long memberAfter(long z) {
    long max = value | mask;
    if (Long.compareUnsigned(z, max) >= 0) {
      return max;
    }
    if (Long.compareUnsigned(z, value) < 0) {
      return value;
    }
    // Members are value + s with s a submask of mask. The wanted s is the least one above d:
    // everything below the highest non-mask bit of d is filled so that the +1 carries over it.
    long d = z - value;
    long holes = d & ~mask;
    int top = 64 - Long.numberOfLeadingZeros(holes);
    long fill = top == 64 ? -1L : (1L << top) - 1;
    long s = ((d | fill | ~mask) + 1) & mask;
    return value | s;
  }
}
