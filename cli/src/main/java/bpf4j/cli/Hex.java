package bpf4j.cli;

import java.util.HexFormat;

/// Reads bytes that a user writes as hex digits.
final class Hex {
  private Hex() {}

  /// The bytes; blanks, line breaks and a leading `0x` are passed over. Throws [InputProblem] that
  /// begins with `what`.
  static byte[] bytes(String what, String text) {
    String digits = text.replaceAll("\\s+", "");
    if (digits.startsWith("0x") || digits.startsWith("0X")) {
      digits = digits.substring(2);
    }
    for (int i = 0; i < digits.length(); i++) {
      if (Character.digit(digits.charAt(i), 16) < 0) {
        throw new InputProblem(what + ": '" + digits.charAt(i) + "' is no hex digit");
      }
    }
    if (digits.length() % 2 != 0) {
      throw new InputProblem(what + ": an odd number of hex digits (" + digits.length() + ")");
    }
    return HexFormat.of().parseHex(digits);
  }
}
