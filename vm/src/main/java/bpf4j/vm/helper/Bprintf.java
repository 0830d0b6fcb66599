package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// The kernel's `printf` for BPF programs. Source: `bpf_bprintf_prepare()` for what is allowed and
/// `Documentation/core-api/printk-formats.rst` for what it prints, Linux 6.18.
final class Bprintf {
  /// Too many arguments, or a format that is not allowed.
  static final class FormatException extends Exception {
    private static final long serialVersionUID = 1;
    private final Errno errno;

    FormatException(Errno errno) {
      super(errno.name(), null, false, false);
      this.errno = errno;
    }

    Errno errno() {
      return errno;
    }
  }

  private final RunEnv env;
  private final String format;
  private final long[] args;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private int arg;

  private Bprintf(RunEnv env, String format, long[] args) {
    this.env = env;
    this.format = format;
    this.args = args;
  }

  /// `format` with its arguments filled in; one character a byte.
  static String print(RunEnv env, byte[] format, long[] args) throws FormatException {
    int end = 0;
    while (end < format.length && format[end] != 0) {
      end++;
    }
    if (end == format.length) {
      throw new FormatException(Errno.EINVAL);
    }
    String text = new String(format, 0, end, StandardCharsets.ISO_8859_1);
    return new Bprintf(env, text, args).run();
  }

  private String run() throws FormatException {
    for (at = 0; at < format.length(); at++) {
      char c = format.charAt(at);
      if (c >= 128 || (c < 32 && !Character.isWhitespace(c)) || c == 127) {
        throw new FormatException(Errno.EINVAL);
      }
      if (c != '%') {
        out.append(c);
      } else if (peek(1) == '%') {
        out.append('%');
        at++;
      } else {
        at++;
        conversion();
      }
    }
    return out.toString();
  }

  private char peek(int ahead) {
    return at + ahead < format.length() ? format.charAt(at + ahead) : 0;
  }

  private long next() throws FormatException {
    if (arg >= args.length) {
      throw new FormatException(Errno.EINVAL);
    }
    return args[arg++];
  }

  private void conversion() throws FormatException {
    int start = at;
    while ("0+- ".indexOf(peek(0)) >= 0 && peek(0) != 0) {
      at++;
    }
    String flags = format.substring(start, at);
    int width = 0;
    if (peek(0) >= '1' && peek(0) <= '9') {
      while (Character.isDigit(peek(0))) {
        width = Math.min(width * 10 + (peek(0) - '0'), 4096);
        at++;
      }
    }
    switch (peek(0)) {
      case 'p' -> pointer(flags, width);
      case 's' -> pad(string(next()), flags, width);
      case 'c' -> pad(String.valueOf((char) (next() & 0xff)), flags, width);
      default -> number(flags, width);
    }
  }

  private void number(String flags, int width) throws FormatException {
    int longs = 0;
    while (peek(0) == 'l' && longs < 2) {
      longs++;
      at++;
    }
    char kind = peek(0);
    if ("iduxX".indexOf(kind) < 0 || kind == 0) {
      throw new FormatException(Errno.EINVAL);
    }
    long value = next();
    boolean signed = kind == 'i' || kind == 'd';
    if (longs == 0) {
      value = signed ? (int) value : value & 0xffff_ffffL;
    }
    String digits =
        switch (kind) {
          case 'x' -> Long.toHexString(value);
          case 'X' -> Long.toHexString(value).toUpperCase(Locale.ROOT);
          case 'u' -> Long.toUnsignedString(value);
          default -> Long.toString(Math.abs(value)).replace("-", "");
        };
    String sign = "";
    if (signed) {
      sign = value < 0 ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
    }
    if (flags.contains("0") && !flags.contains("-")) {
      digits = "0".repeat(Math.max(width - sign.length() - digits.length(), 0)) + digits;
    }
    pad(sign + digits, flags, width);
  }

  private void pad(String text, String flags, int width) {
    String blanks = " ".repeat(Math.max(width - text.length(), 0));
    out.append(flags.contains("-") ? text + blanks : blanks + text);
  }

  private void pointer(String flags, int width) throws FormatException {
    GuestMemory memory = env.memory();
    char first = peek(1);
    char second = peek(2);
    if ((first == 'k' || first == 'u') && second == 's') {
      at += 2;
      pad(string(next()), flags, width);
    } else if (first == 0 || Character.isWhitespace(first) || isPunctuation(first)) {
      pad("%016x".formatted(next()), flags, width);
    } else if ("KxsSB".indexOf(first) >= 0) {
      at++;
      long value = next();
      String text = "KxsSB".indexOf(first) < 2 ? "%016x" : "0x%x";
      pad(text.formatted(value), flags, width);
    } else if ((first == 'i' || first == 'I') && (second == '4' || second == '6')) {
      at += 2;
      int size = second == '4' ? 4 : 16;
      long addr = next();
      byte[] address = env.isReadable(addr, size) ? memory.getBytes(addr, size) : new byte[size];
      pad(IpText.format(address, first == 'I'), flags, width);
    } else {
      throw new FormatException(Errno.EINVAL);
    }
  }

  private static boolean isPunctuation(char c) {
    return c > 32 && c < 127 && !Character.isLetterOrDigit(c);
  }

  private String string(long addr) {
    StringBuilder text = new StringBuilder();
    for (long a = addr; text.length() < 512 && env.isReadable(a, 1); a++) {
      int c = (int) env.memory().getU8(a);
      if (c == 0) {
        break;
      }
      text.append((char) c);
    }
    return text.toString();
  }
}
