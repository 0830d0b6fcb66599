package bpf4j.verifier.call;

/// Format strings of `bpf_snprintf`, `bpf_trace_printk` and the like.
public final class PrintfFormat {
  private static final int MAX_ARGS = 12;

  private PrintfFormat() {}

  /// Whether the kernel accepts the format for this many arguments.
  public static boolean isValid(String fmt, int args) {
    if (args > MAX_ARGS) {
      return false;
    }
    int used = 0;
    int i = 0;
    while (i < fmt.length()) {
      char c = fmt.charAt(i);
      boolean space = c == ' ' || (c >= 9 && c <= 13);
      if ((c < ' ' || c > '~') && !space) {
        return false;
      }
      i++;
      if (c != '%') {
        continue;
      }
      if (i < fmt.length() && fmt.charAt(i) == '%') {
        i++;
        continue;
      }
      if (used++ >= args) {
        return false;
      }
      i = conversion(fmt, i);
      if (i < 0) {
        return false;
      }
    }
    return true;
  }

  /// Position behind the conversion at `i`, or -1 for one that is not allowed.
  private static int conversion(String fmt, int i) {
    int p = i;
    while (p < fmt.length() && "0+- ".indexOf(fmt.charAt(p)) >= 0) {
      p++;
    }
    if (p < fmt.length() && fmt.charAt(p) >= '1' && fmt.charAt(p) <= '9') {
      p++;
      while (p < fmt.length() && Character.isDigit(fmt.charAt(p))) {
        p++;
      }
    }
    char c = at(fmt, p);
    if (c == 'p') {
      return pointer(fmt, p + 1);
    }
    if (c == 's' || c == 'c') {
      return p + 1;
    }
    if (c == 'l') {
      p++;
    }
    if (at(fmt, p) == 'l') {
      p++;
    }
    return "iduxX".indexOf(at(fmt, p)) >= 0 ? p + 1 : -1;
  }

  private static int pointer(String fmt, int p) {
    char c = at(fmt, p);
    char d = at(fmt, p + 1);
    if ((c == 'k' || c == 'u') && d == 's') {
      return p + 2;
    }
    if (c == 0
        || Character.isWhitespace(c)
        || isPunct(c)
        || c == 'K'
        || c == 'x'
        || c == 's'
        || c == 'S') {
      return c == 'K' || c == 'x' || c == 's' || c == 'S' ? p + 1 : p;
    }
    if (c == 'B') {
      return p + 1;
    }
    return (c == 'i' || c == 'I') && (d == '4' || d == '6') ? p + 2 : -1;
  }

  private static boolean isPunct(char c) {
    return c > ' ' && c < 0x7f && !Character.isLetterOrDigit(c);
  }

  private static char at(String s, int i) {
    return i < s.length() ? s.charAt(i) : 0;
  }
}
