package bpf4j.model.isa;

/// Width of a memory access, in the order of the encoding's size bits (`W H B DW`).
public enum Size {
  W(4, "u32", "s32"),
  H(2, "u16", "s16"),
  B(1, "u8", "s8"),
  DW(8, "u64", "s64");

  private static final Size[] VALUES = values();

  private final int bytes;
  private final String unsignedName;
  private final String signedName;

  Size(int bytes, String unsignedName, String signedName) {
    this.bytes = bytes;
    this.unsignedName = unsignedName;
    this.signedName = signedName;
  }

  /// The size that an opcode's bits 3 and 4 name.
  public static Size ofOpcode(int opcode) {
    return VALUES[opcode >> 3 & 3];
  }

  /// Bytes accessed.
  public int bytes() {
    return bytes;
  }

  /// Bits accessed.
  public int bits() {
    return bytes * 8;
  }

  /// The size bits of an opcode.
  public int bitsOfOpcode() {
    return ordinal() << 3;
  }

  /// `u8`, `u16`, `u32` or `u64`.
  public String unsignedName() {
    return unsignedName;
  }

  /// `s8`, `s16`, `s32` or `s64`.
  public String signedName() {
    return signedName;
  }
}
