package bpf4j.model.isa;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/// One 8-byte instruction slot packed into a `long`, in the layout that a little-endian `struct
/// bpf_insn` has when it is read as a little-endian 64-bit word:
///
/// ```
/// bits 63..32  imm (s32)
/// bits 31..16  off (s16)
/// bits 15..12  src register
/// bits 11..8   dst register
/// bits  7..0   opcode
/// ```
///
/// Source: RFC 9669 section 3.
public final class RawInsn {
  private RawInsn() {}

  /// Packs the five fields; `dst` and `src` must lie in 0..15, `off` is truncated to 16 bits.
  public static long of(int opcode, int dst, int src, int off, int imm) {
    return (opcode & 0xffL)
        | (dst & 0xfL) << 8
        | (src & 0xfL) << 12
        | (off & 0xffffL) << 16
        | Integer.toUnsignedLong(imm) << 32;
  }

  public static int opcode(long insn) {
    return (int) insn & 0xff;
  }

  /// The instruction class, the three low bits of the opcode.
  public static int insnClass(long insn) {
    return (int) insn & 7;
  }

  public static int dst(long insn) {
    return (int) insn >>> 8 & 0xf;
  }

  public static int src(long insn) {
    return (int) insn >>> 12 & 0xf;
  }

  /// The offset field, sign-extended from 16 bits.
  public static int off(long insn) {
    return (short) (insn >>> 16);
  }

  /// The immediate field, signed.
  public static int imm(long insn) {
    return (int) (insn >>> 32);
  }

  /// Whether the slot is the first half of a 16-byte `ld_imm64`.
  public static boolean isLdImm64(long insn) {
    return opcode(insn) == 0x18;
  }

  /// The words of a program given as 16 hex digits a slot, in memory order (opcode first). Throws
  /// [IllegalArgumentException] for another length or another character.
  public static long[] fromHex(String hex) {
    return fromBytes(HexFormat.of().parseHex(hex));
  }

  /// The words of a program as it lies in a little-endian object file. Throws
  /// [IllegalArgumentException] when the length is not a multiple of 8.
  public static long[] fromBytes(byte[] bytes) {
    if (bytes.length % 8 != 0) {
      throw new IllegalArgumentException(
          "program length " + bytes.length + " is not a multiple of 8");
    }
    long[] words = new long[bytes.length / 8];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
    return words;
  }

  /// The inverse of [#fromBytes].
  public static byte[] toBytes(long[] words) {
    byte[] bytes = new byte[words.length * 8];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(words);
    return bytes;
  }

  /// The inverse of [#fromHex].
  public static String toHex(long[] words) {
    return HexFormat.of().formatHex(toBytes(words));
  }
}
