package bpf4j.verifier.state;

/// Eight bytes of a frame's stack: a type for each byte and, for spills and objects, a register
/// state. Immutable. Byte `i` of `types` is the byte at offset `-8 * spi - 1 - i` from the frame
/// pointer, as the kernel counts: index 7 is the lowest address.
public record StackSlot(long types, RegState spilled) {
  public static final int INVALID = 0;
  public static final int SPILL = 1;
  public static final int MISC = 2;
  public static final int ZERO = 3;
  public static final int DYNPTR = 4;
  public static final int ITER = 5;
  public static final int IRQ_FLAG = 6;

  public static final int BYTES = 8;
  private static final long EACH_BYTE = 0x0101010101010101L;
  public static final long ALL_SPILL = SPILL * EACH_BYTE;
  public static final long ALL_MISC = MISC * EACH_BYTE;

  public static final StackSlot EMPTY = new StackSlot(0, RegState.NOT_INIT);

  private static final String CHARS = "?rm0dif";

  /// A slot whose eight bytes have one type.
  public static StackSlot filled(int type, RegState reg) {
    return new StackSlot(type * EACH_BYTE, reg);
  }

  public int typeAt(int i) {
    return (int) (types >>> (i * 8)) & 0xff;
  }

  public static char typeChar(int type) {
    return CHARS.charAt(type);
  }

  public StackSlot withTypeAt(int i, int type) {
    long cleared = types & ~(0xffL << (i * 8));
    return new StackSlot(cleared | (long) type << (i * 8), spilled);
  }

  public StackSlot withSpilled(RegState r) {
    return new StackSlot(types, r);
  }

  public StackSlot withTypes(long t) {
    return new StackSlot(t, spilled);
  }

  public boolean isSpilled() {
    return typeAt(7) == SPILL;
  }

  public boolean isSpilledScalar() {
    return isSpilled() && spilled.isScalar();
  }

  public boolean isSpilledScalar64() {
    return typeAt(0) == SPILL && spilled.isScalar();
  }

  /// Whether it holds a spill or an object rather than plain bytes.
  public boolean isSpecial() {
    int t = typeAt(7);
    return t != INVALID && t != MISC && t != ZERO;
  }

  /// The byte's type after a write of unknown data to a slot that held an object.
  public static int scrubbed(int type) {
    return type == INVALID ? INVALID : MISC;
  }

  /// The slot with every initialised byte turned into plain data.
  public StackSlot scrub() {
    long t = 0;
    for (int i = 0; i < BYTES; i++) {
      t |= (long) scrubbed(typeAt(i)) << (i * 8);
    }
    return new StackSlot(t, spilled);
  }
}
