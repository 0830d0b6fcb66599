package bpf4j.loader.kernel;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.object.Extern;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Writes configuration values into the `.kconfig` map. Mirrors libbpf 1.5
/// `bpf_object__process_kconfig_line` and `set_kcfg_value_*`.
final class ConfigValues {
  private static final BigInteger U64_MAX = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

  private final byte[] data;
  private final boolean bigEndian;

  /// @param data contents of the `.kconfig` map
  ConfigValues(byte[] data, boolean bigEndian) {
    this.data = data;
    this.bigEndian = bigEndian;
  }

  /// Sets what lines such as `CONFIG_HZ=1000` say about `externs`.
  void read(String config, List<Extern> externs, String source) throws LoadException {
    Map<String, Extern> byName =
        externs.stream()
            .filter(Extern::isConfig)
            .collect(Collectors.toMap(e -> e.name, Function.identity(), (a, b) -> a));
    for (String line : config.split("\n", -1)) {
      if (line.startsWith("CONFIG_")) {
        try {
          line(line, byName);
        } catch (LoadException e) {
          throw new LoadException(
              LibbpfErrno.EINVAL,
              List.of(
                  e.error().message(),
                  "error parsing "
                      + source
                      + " Kconfig line '"
                      + line
                      + "': -"
                      + e.error().errno()));
        }
      }
    }
  }

  private void line(String line, Map<String, Extern> byName) throws LoadException {
    int sep = line.indexOf('=');
    if (sep < 0) {
      throw fail("failed to parse '" + line + "': no separator");
    }
    String value = line.substring(sep + 1);
    if (value.isEmpty()) {
      throw fail("failed to parse '" + line + "': no value");
    }
    Extern e = byName.get(line.substring(0, sep));
    if (e == null || e.resolved) {
      return;
    }
    switch (value.charAt(0)) {
      case 'y', 'n', 'm' -> letter(e, value.charAt(0));
      case '"' -> text(e, value);
      default -> integer(e, value);
    }
    e.resolved = true;
  }

  private static LoadException fail(String text) {
    return new LoadException(LibbpfErrno.EINVAL, text);
  }

  private static String named(Extern e) {
    return "extern (kcfg) '" + e.name + "': ";
  }

  private void letter(Extern e, char value) throws LoadException {
    Extern.ConfigType type = e.configType;
    if (type == null) {
      return;
    }
    switch (type) {
      case BOOL -> {
        if (value == 'm') {
          throw fail(named(e) + "value 'm' implies tristate or char type");
        }
        data[e.dataOff] = (byte) (value == 'y' ? 1 : 0);
      }
      case TRISTATE -> put(e, value == 'y' ? 1 : value == 'm' ? 2 : 0);
      case CHAR -> data[e.dataOff] = (byte) value;
      case INT, CHAR_ARRAY ->
          throw fail(named(e) + "value '" + value + "' implies bool, tristate, or char type");
    }
  }

  private void text(Extern e, String value) throws LoadException {
    if (e.configType != Extern.ConfigType.CHAR_ARRAY) {
      throw fail(named(e) + "value '" + value + "' implies char array type");
    }
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    if (bytes.length < 2 || bytes[bytes.length - 1] != '"') {
      throw fail(named(e) + "invalid string config '" + value + "'");
    }
    int len = Math.min(bytes.length - 2, e.size - 1);
    System.arraycopy(bytes, 1, data, e.dataOff, len);
    data[e.dataOff + len] = 0;
  }

  private void integer(Extern e, String value) throws LoadException {
    String problem = null;
    long number = 0;
    try {
      number = parseU64(value);
    } catch (NumberFormatException _) {
      problem = "failed to parse '" + value + "' as integer completely";
    }
    if (problem != null) {
      throw fail(problem);
    }
    if (e.configType != Extern.ConfigType.INT && e.configType != Extern.ConfigType.CHAR) {
      throw fail(named(e) + "value '" + value + "' implies integer type");
    }
    number(e, number);
  }

  /// As C's `strtoull` with base 0: decimal, `0x` or octal, and a sign that wraps.
  private static long parseU64(String value) {
    String s = value.strip();
    boolean negative = s.startsWith("-");
    if (negative || s.startsWith("+")) {
      s = s.substring(1);
    }
    int radix = 10;
    if (s.startsWith("0x") || s.startsWith("0X")) {
      radix = 16;
      s = s.substring(2);
    } else if (s.length() > 1 && s.startsWith("0")) {
      radix = 8;
    }
    BigInteger n = new BigInteger(s, radix);
    if (n.signum() < 0 || n.compareTo(U64_MAX) > 0) {
      throw new NumberFormatException(value);
    }
    return negative ? -n.longValue() : n.longValue();
  }

  /// Sets `e` to a number. Throws when its type cannot hold it.
  void number(Extern e, long value) throws LoadException {
    Extern.ConfigType type = e.configType;
    String shown = Long.toUnsignedString(value);
    if (type != Extern.ConfigType.INT
        && type != Extern.ConfigType.CHAR
        && type != Extern.ConfigType.BOOL) {
      throw fail(named(e) + "value '" + shown + "' implies integer, char, or boolean type");
    }
    if (type == Extern.ConfigType.BOOL && (value < 0 || value > 1)) {
      throw fail(named(e) + "value '" + shown + "' isn't boolean compatible");
    }
    if (!inRange(e, value)) {
      throw new LoadException(
          LibbpfErrno.ERANGE,
          named(e) + "value '" + shown + "' doesn't fit in " + e.size + " bytes");
    }
    put(e, value);
    e.resolved = true;
  }

  private static boolean inRange(Extern e, long value) {
    if (e.size == 8) {
      return true;
    }
    int bits = e.size * 8;
    return e.signed
        ? Long.compareUnsigned(value + (1L << (bits - 1)), 1L << bits) < 0
        : value >>> bits == 0;
  }

  private void put(Extern e, long value) {
    for (int i = 0; i < e.size; i++) {
      int shift = 8 * (bigEndian ? e.size - 1 - i : i);
      data[e.dataOff + i] = (byte) (value >>> shift);
    }
  }
}
