package bpf4j.model.btf.value;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Java values to bytes, see [ValueCodec].
final class ValueEncoder {
  private final Btf btf;
  private final ValueShape shape;
  private final byte[] data;
  private final ValueBits bits;

  ValueEncoder(Btf btf, byte[] data) {
    this.btf = btf;
    this.data = data;
    shape = new ValueShape(btf, data.length);
    bits = new ValueBits(btf, data);
  }

  byte[] bytes() {
    return data;
  }

  private static IllegalArgumentException wrong(String path, String what) {
    return new IllegalArgumentException(path + ": " + what);
  }

  /// Writes `value` as the type `typeId` at a bit offset; `null` leaves zeros.
  void put(int typeId, long bitOff, @Nullable Object value, String path, int depth) {
    shape.enter(typeId, depth);
    if (value == null) {
      return;
    }
    int id = shape.actual(typeId);
    int off = (int) (bitOff >>> 3);
    BtfKind kind = btf.kind(id);
    switch (kind) {
      case INT -> {
        int width = btf.intBits(id);
        boolean signed = (btf.intEncoding(id) & Btf.INT_SIGNED) != 0;
        putBits(bitOff + btf.intBitOffset(id), width, signed, number(value, id, path), path);
      }
      case PTR -> putBits(bitOff, btf.pointerSize() * 8, false, number(value, id, path), path);
      case ENUM, ENUM64 ->
          putBits(bitOff, btf.size(id) * 8, btf.kindFlag(id), number(value, id, path), path);
      case FLOAT -> floating(id, off, value, path);
      case STRUCT, UNION -> composite(id, bitOff, mapOf(value, id, path), path, depth);
      case ARRAY -> array(id, off, value, path, depth);
      case DATASEC -> datasec(id, off, mapOf(value, id, path), path, depth);
      case UNKN,
          FWD,
          FUNC,
          FUNC_PROTO,
          VAR,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          TYPE_TAG,
          DECL_TAG ->
          throw new BtfException("btf: type [" + typeId + "] has no values: it is a " + kind);
    }
  }

  private void putBits(long bitOff, int width, boolean signed, BigInteger value, String path) {
    if (bitOff + width > data.length * 8L) {
      throw new BtfException("btf: " + path + " ends beyond the type's " + data.length + " bytes");
    }
    // -1 is welcome as "all bits" in an unsigned field, and 0xff in a signed one.
    BigInteger limit = BigInteger.ONE.shiftLeft(width);
    boolean fits = value.signum() >= 0 ? value.compareTo(limit) < 0 : value.bitLength() < width;
    if (!fits) {
      throw wrong(
          path, value + " does not fit " + width + (signed ? " signed" : " unsigned") + " bits");
    }
    bits.setBits(bitOff, width, value);
  }

  private BigInteger number(Object value, int id, String path) {
    return switch (value) {
      case BigInteger big -> big;
      case Boolean truth -> truth ? BigInteger.ONE : BigInteger.ZERO;
      case BigDecimal decimal -> exact(decimal, path);
      case Double d -> exact(finite(d, path), path);
      case Float f -> exact(finite(f, path), path);
      case Number n -> BigInteger.valueOf(n.longValue());
      case Character c -> BigInteger.valueOf(c);
      case CharSequence text -> parse(text.toString(), id, path);
      default -> throw wrong(path, "expected a number, not " + describe(value));
    };
  }

  private static BigDecimal finite(double value, String path) {
    if (!Double.isFinite(value)) {
      throw wrong(path, value + " is no whole number");
    }
    return new BigDecimal(value);
  }

  private static BigInteger exact(BigDecimal decimal, String path) {
    // An exponent such as 1e999999999 must not be written out.
    if (decimal.precision() - (long) decimal.scale() > 80) {
      throw wrong(path, decimal + " is too large");
    }
    try {
      return decimal.toBigIntegerExact();
    } catch (ArithmeticException e) {
      throw wrong(path, decimal + " is no whole number");
    }
  }

  private BigInteger parse(String text, int id, String path) {
    BtfKind kind = btf.kind(id);
    if (kind.isAnyEnum()) {
      for (int i = 0, n = btf.vlen(id); i < n; i++) {
        if (btf.enumName(id, i).equals(text)) {
          return BigInteger.valueOf(btf.enumValue(id, i));
        }
      }
    }
    if (kind == BtfKind.INT && btf.intEncoding(id) == Btf.INT_BOOL) {
      if (text.equals("true") || text.equals("false")) {
        return text.equals("true") ? BigInteger.ONE : BigInteger.ZERO;
      }
    }
    boolean digit = !text.isEmpty() && Character.isDigit(text.charAt(0));
    if (kind == BtfKind.INT && btf.size(id) == 1 && text.length() == 1 && !digit) {
      return BigInteger.valueOf(text.charAt(0));
    }
    if (text.length() > 80) {
      throw wrong(path, "a number has no " + text.length() + " digits");
    }
    boolean negative = text.startsWith("-");
    String digits = (negative ? text.substring(1) : text).toLowerCase(Locale.ROOT);
    try {
      BigInteger value =
          digits.startsWith("0x")
              ? new BigInteger(digits.substring(2), 16)
              : new BigInteger(digits.equals("(nil)") ? "0" : digits);
      if (value.signum() < 0) {
        throw new NumberFormatException();
      }
      return negative ? value.negate() : value;
    } catch (NumberFormatException e) {
      String what = kind.isAnyEnum() ? "neither a number nor a value of the enum" : "no number";
      throw wrong(path, "\"" + text + "\" is " + what);
    }
  }

  private void floating(int id, int off, Object value, String path) {
    double number;
    try {
      number = value instanceof Number n ? n.doubleValue() : Double.parseDouble(value.toString());
    } catch (NumberFormatException e) {
      throw wrong(path, "\"" + value + "\" is no number");
    }
    switch (btf.size(id)) {
      case 4 ->
          bits.setNumber(
              off,
              4,
              BigInteger.valueOf(Integer.toUnsignedLong(Float.floatToIntBits((float) number))));
      case 8 -> bits.setNumber(off, 8, BigInteger.valueOf(Double.doubleToLongBits(number)));
      default -> throw wrong(path, "floats of " + btf.size(id) + " bytes cannot be set");
    }
  }

  private Map<?, ?> mapOf(Object value, int id, String path) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    String name = btf.name(id).isEmpty() ? "" : " " + btf.name(id);
    throw wrong(
        path, "expected an object for " + btf.kind(id).label() + name + ", not " + describe(value));
  }

  private void composite(int id, long bitOff, Map<?, ?> map, String path, int depth) {
    for (var entry : map.entrySet()) {
      String name = String.valueOf(entry.getKey());
      if (!member(id, bitOff, name, entry.getValue(), path, depth)) {
        throw wrong(path, btf.kind(id).label() + " " + btf.name(id) + " has no member " + name);
      }
    }
  }

  /// Sets the member called `name`, also inside anonymous members; false where there is none.
  private boolean member(
      int id, long bitOff, String name, @Nullable Object value, String path, int depth) {
    shape.enter(id, depth);
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      long at = bitOff + Integer.toUnsignedLong(btf.memberBitOffset(id, i));
      int type = btf.memberType(id, i);
      int width = btf.memberBitfieldSize(id, i);
      String own = btf.memberName(id, i);
      if (own.equals(name)) {
        String inner = path + "." + name;
        if (width != 0) {
          int actual = shape.actual(type);
          if (value != null) {
            putBits(at, width, false, number(value, actual, inner), inner);
          }
        } else {
          shape.size(type, data.length - (at >>> 3));
          put(type, at, value, inner, depth + 1);
        }
        return true;
      }
      int actual = shape.actual(type);
      if (own.isEmpty()
          && btf.kind(actual).isComposite()
          && member(actual, at, name, value, path, depth + 1)) {
        return true;
      }
    }
    return false;
  }

  private void array(int id, int off, Object value, String path, int depth) {
    int element = btf.arrayElement(id);
    int size = shape.size(element, data.length);
    int n = shape.elements(id, size, data.length - off);
    if (value instanceof CharSequence text && size == 1) {
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      if (bytes.length > n) {
        throw wrong(path, "text of " + bytes.length + " bytes is too long for " + n);
      }
      System.arraycopy(bytes, 0, data, off, bytes.length);
      return;
    }
    if (!(value instanceof List<?> list)) {
      throw wrong(path, "expected a list of " + n + ", not " + describe(value));
    }
    if (list.size() > n) {
      throw wrong(path, list.size() + " elements are too many for " + n);
    }
    int i = 0;
    for (Object item : list) {
      put(element, (off + (long) i * size) * 8, item, path + "[" + i + "]", depth + 1);
      i++;
    }
  }

  private void datasec(int id, int off, Map<?, ?> map, String path, int depth) {
    for (var entry : map.entrySet()) {
      String name = String.valueOf(entry.getKey());
      int i = 0;
      while (i < btf.vlen(id) && !btf.nameEquals(btf.varSecType(id, i), name)) {
        i++;
      }
      if (i == btf.vlen(id)) {
        throw wrong(path, "section " + btf.name(id) + " has no variable " + name);
      }
      long at = off + Integer.toUnsignedLong(btf.varSecOffset(id, i));
      shape.size(btf.varSecType(id, i), data.length - at);
      put(btf.varSecType(id, i), at * 8, entry.getValue(), path + "." + name, depth + 1);
    }
  }

  private static String describe(Object value) {
    return switch (value) {
      case Map<?, ?> map -> "an object";
      case List<?> list -> "a list";
      case CharSequence text -> "\"" + text + "\"";
      default -> value.toString();
    };
  }
}
