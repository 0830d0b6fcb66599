package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Numbers in text, and comparing text.
final class StringHelpers {
  private static final int MAX_DIGITS = 63;
  private static final long BASE_MASK = 0x1f;

  /// @param value the number's absolute value, unsigned
  /// @param result bytes consumed, or a negated errno
  private record Parsed(long value, boolean negative, int result) {
    static Parsed failed(Errno errno) {
      return new Parsed(0, false, errno.negated());
    }
  }

  private StringHelpers() {}

  static void register(HelperRegistry r) {
    r.add("strtol", StringHelpers::strtol);
    r.add("strtoul", StringHelpers::strtoul);
    r.add("strncmp", StringHelpers::strncmp);
  }

  private static long strtol(RunCtx rc, long buf, long size, long flags, long result, long r5) {
    GuestMemory memory = rc.memory();
    memory.putU64(result, 0);
    Parsed p = parse(memory, buf, size, flags);
    if (p.result < 0) {
      return p.result;
    }
    long value = p.negative ? -p.value : p.value;
    if (p.negative ? value > 0 : value < 0) {
      return Errno.ERANGE.negated();
    }
    memory.putU64(result, value);
    return p.result;
  }

  private static long strtoul(RunCtx rc, long buf, long size, long flags, long result, long r5) {
    GuestMemory memory = rc.memory();
    memory.putU64(result, 0);
    Parsed p = parse(memory, buf, size, flags);
    if (p.result < 0) {
      return p.result;
    }
    if (p.negative) {
      return Errno.EINVAL.negated();
    }
    memory.putU64(result, p.value);
    return p.result;
  }

  /// Source: linux-6.18 helpers.c `__bpf_strtoull()`: blanks, a sign, then at most 63 characters.
  private static Parsed parse(GuestMemory memory, long buf, long size, long flags) {
    int base = (int) (flags & BASE_MASK);
    if (size == 0
        || (base != 0 && base != 8 && base != 10 && base != 16)
        || (flags & ~BASE_MASK) != 0) {
      return Parsed.failed(Errno.EINVAL);
    }
    int at = 0;
    while (at < size && isSpace((int) memory.getU8(buf + at))) {
      at++;
    }
    boolean negative = at < size && memory.getU8(buf + at) == '-';
    if (negative) {
      at++;
    }
    if (at >= size) {
      return Parsed.failed(Errno.EINVAL);
    }
    String text =
        new String(
            memory.getBytes(buf + at, (int) Math.min(size - at, MAX_DIGITS)),
            java.nio.charset.StandardCharsets.ISO_8859_1);
    int start = 0;
    if (base == 0) {
      base = 10;
      if (text.startsWith("0")) {
        base = isHexPrefix(text) ? 16 : 8;
      }
    }
    if (base == 16 && text.length() > 1 && text.charAt(0) == '0' && (text.charAt(1) | 32) == 'x') {
      start = 2;
    }
    return digits(text, start, base, negative, at);
  }

  private static boolean isHexPrefix(String text) {
    return text.length() > 2
        && (text.charAt(1) | 32) == 'x'
        && Character.digit(text.charAt(2), 16) >= 0;
  }

  private static Parsed digits(String text, int start, int base, boolean negative, int consumed) {
    long value = 0;
    int i = start;
    boolean overflow = false;
    for (; i < text.length(); i++) {
      char c = text.charAt(i);
      int digit = c < 128 ? Character.digit(c, base) : -1;
      if (digit < 0) {
        break;
      }
      overflow |= Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, base)) > 0;
      value = value * base + digit;
    }
    if (i == start) {
      return Parsed.failed(Errno.EINVAL);
    }
    return overflow ? Parsed.failed(Errno.ERANGE) : new Parsed(value, negative, consumed + i);
  }

  private static boolean isSpace(int c) {
    return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0;
  }

  private static long strncmp(RunCtx rc, long a, long size, long b, long r4, long r5) {
    GuestMemory memory = rc.memory();
    long n = size & 0xffff_ffffL;
    for (long i = 0; i < n; i++) {
      int x = (int) memory.getU8(a + i);
      int y = (int) memory.getU8(b + i);
      if (x != y) {
        return x < y ? -1 : 1;
      }
      if (x == 0) {
        break;
      }
    }
    return 0;
  }
}
