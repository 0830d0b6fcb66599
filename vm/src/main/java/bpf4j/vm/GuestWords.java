package bpf4j.vm;

/// Little-endian words in byte arrays.
final class GuestWords {
  private GuestWords() {}

  static int u32(byte[] bytes, int off) {
    return (bytes[off] & 0xff)
        | (bytes[off + 1] & 0xff) << 8
        | (bytes[off + 2] & 0xff) << 16
        | bytes[off + 3] << 24;
  }

  static void putU32(byte[] bytes, int off, int value) {
    for (int i = 0; i < 4; i++) {
      bytes[off + i] = (byte) (value >>> (8 * i));
    }
  }
}
