package bpf4j.verifier.state;

/// Up to six registers or spilled registers that share a scalar id at a jump, packed into a `long`
/// for the history: four bits of count, then ten bits each.
public final class LinkedRegs {
  public static final int MAX = 6;
  private static final int ENTRY_BITS = 10;
  private static final int IS_REG = 1 << 9;

  private final int[] entries = new int[MAX];
  private int count;

  public LinkedRegs() {}

  public LinkedRegs(long packed) {
    count = (int) packed & 0xf;
    long rest = packed >>> 4;
    for (int i = 0; i < count; i++) {
      entries[i] = (int) rest & ((1 << ENTRY_BITS) - 1);
      rest >>>= ENTRY_BITS;
    }
  }

  /// Adds one; false when full.
  public boolean add(int frameno, int regOrSpi, boolean isReg) {
    if (count == MAX) {
      return false;
    }
    entries[count++] = frameno | regOrSpi << 3 | (isReg ? IS_REG : 0);
    return true;
  }

  public int count() {
    return count;
  }

  public int frameno(int i) {
    return entries[i] & 7;
  }

  public int regOrSpi(int i) {
    return entries[i] >> 3 & 0x3f;
  }

  public boolean isReg(int i) {
    return (entries[i] & IS_REG) != 0;
  }

  public long pack() {
    long v = 0;
    for (int i = count - 1; i >= 0; i--) {
      v = v << ENTRY_BITS | entries[i];
    }
    return v << 4 | count;
  }
}
