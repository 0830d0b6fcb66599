package bpf4j.vm.helper;

import java.util.Locale;

/// IP addresses as `%pI4`, `%pi4`, `%pI6` and `%pi6` print them.
final class IpText {
  private IpText() {}

  /// @param plain dots or colons, without leading zeros in IPv4
  static String format(byte[] address, boolean plain) {
    StringBuilder text = new StringBuilder();
    if (address.length == 4) {
      for (int i = 0; i < 4; i++) {
        text.append(i == 0 ? "" : ".");
        text.append((plain ? "%d" : "%03d").formatted(address[i] & 0xff));
      }
      return text.toString();
    }
    for (int i = 0; i < 16; i += 2) {
      text.append(i == 0 || !plain ? "" : ":");
      text.append(String.format(Locale.ROOT, "%02x%02x", address[i] & 0xff, address[i + 1] & 0xff));
    }
    return text.toString();
  }
}
