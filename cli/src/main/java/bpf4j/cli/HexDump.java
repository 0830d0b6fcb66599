package bpf4j.cli;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Bytes for people: offset, hex, text, sixteen a line, with what changed marked.
///
/// ```
/// 0000  *02*00*00 00 00*04 02 00  00 00 00 01 08 00 45 00   ..............E.
/// ```
final class HexDump {
  private static final int PER_LINE = 16;

  private HexDump() {}

  /// The lines, each with a line end. A byte that differs from the one at the same place of
  /// `before` has a star in front, or stands out in colour; bytes past the end of `before` are new.
  static String of(byte[] data, byte @Nullable [] before, Colour colour) {
    StringBuilder out = new StringBuilder();
    for (int start = 0; start < data.length; start += PER_LINE) {
      out.append(String.format(Locale.ROOT, "%04x ", start));
      StringBuilder text = new StringBuilder();
      for (int i = start; i < start + PER_LINE; i++) {
        if (i == start + PER_LINE / 2) {
          out.append(' ');
        }
        if (i >= data.length) {
          out.append("   ");
          continue;
        }
        boolean changed = before != null && (i >= before.length || data[i] != before[i]);
        String hex = String.format(Locale.ROOT, "%02x", data[i]);
        out.append(changed && !colour.on() ? '*' : ' ');
        out.append(changed ? colour.bad(hex) : hex);
        text.append(data[i] >= 0x20 && data[i] < 0x7f ? (char) data[i] : '.');
      }
      out.append("   ").append(text).append('\n');
    }
    return out.toString();
  }

  /// How many bytes of `data` differ from those of `before`, or are new.
  static int changed(byte[] data, byte[] before) {
    int n = 0;
    for (int i = 0; i < data.length; i++) {
      n += i >= before.length || data[i] != before[i] ? 1 : 0;
    }
    return n;
  }
}
