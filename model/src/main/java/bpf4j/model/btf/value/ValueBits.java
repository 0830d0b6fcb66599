package bpf4j.model.btf.value;

import bpf4j.model.btf.Btf;
import java.math.BigInteger;

/// Reads and writes numbers of any width in the byte order of a [Btf].
final class ValueBits {
  private final boolean bigEndian;
  private final byte[] data;

  ValueBits(Btf btf, byte[] data) {
    this.bigEndian = btf.isBigEndian();
    this.data = data;
  }

  /// The unsigned number in `size` bytes at `off`, for up to 8 bytes; its low 64 bits beyond.
  long word(int off, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value = value << 8 | (data[bigEndian ? off + i : off + size - 1 - i] & 0xff);
    }
    return value;
  }

  /// The unsigned number in `size` bytes at `off`.
  BigInteger number(int off, int size) {
    byte[] magnitude = new byte[size];
    for (int i = 0; i < size; i++) {
      magnitude[i] = data[bigEndian ? off + i : off + size - 1 - i];
    }
    return new BigInteger(1, magnitude);
  }

  /// The unsigned number in `bits` bits from bit `bitOff` of the data on.
  BigInteger bits(long bitOff, int bits) {
    int first = (int) (bitOff >>> 3);
    int within = (int) (bitOff & 7);
    int bytes = (within + bits + 7) / 8;
    int shift = bigEndian ? bytes * 8 - within - bits : within;
    return number(first, bytes).shiftRight(shift).and(mask(bits));
  }

  void setNumber(int off, int size, BigInteger value) {
    for (int i = 0; i < size; i++) {
      data[bigEndian ? off + size - 1 - i : off + i] = value.shiftRight(8 * i).byteValue();
    }
  }

  void setBits(long bitOff, int bits, BigInteger value) {
    int first = (int) (bitOff >>> 3);
    int within = (int) (bitOff & 7);
    int bytes = (within + bits + 7) / 8;
    int shift = bigEndian ? bytes * 8 - within - bits : within;
    BigInteger cleared = number(first, bytes).andNot(mask(bits).shiftLeft(shift));
    setNumber(first, bytes, cleared.or(value.and(mask(bits)).shiftLeft(shift)));
  }

  private static BigInteger mask(int bits) {
    return BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE);
  }

  /// `value` taken as a signed number of `bits` bits.
  static BigInteger signed(BigInteger value, int bits) {
    return bits > 0 && value.testBit(bits - 1)
        ? value.subtract(BigInteger.ONE.shiftLeft(bits))
        : value;
  }

  byte[] bytes() {
    return data;
  }
}
