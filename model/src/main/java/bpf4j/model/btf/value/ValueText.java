package bpf4j.model.btf.value;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/// Shows bytes as a value of a BTF type, as `bpftool map dump` shows keys and values.
///
/// [Style#JSON] is what bpftool prints under `formatted` with `-j`; [Style#TEXT] is its output for
/// people, which is JSON over several lines save that pointers are `0x…` and unprintable characters
/// are numbers.
///
/// ```java
/// ValueText.write(btf, map.btfValueTypeId(), valueBytes, ValueText.Style.JSON, System.out);
/// // {"packets":3,"bytes":180}
/// ```
///
/// The bytes are in the byte order of the BTF. Throws [BtfException] where the type has no values
/// (`void`, a forward declaration) or takes more bytes than there are.
public final class ValueText {
  /// How values are written.
  public enum Style {
    JSON,
    TEXT
  }

  private final Btf btf;
  private final ValueShape shape;
  private final byte[] data;
  private final ValueBits bits;
  private final boolean plain;
  private final JsonText json;

  private ValueText(Btf btf, byte[] data, Style style, JsonText json) {
    this.btf = btf;
    this.data = data;
    this.plain = style == Style.TEXT;
    this.json = json;
    shape = new ValueShape(btf, data.length);
    bits = new ValueBits(btf, data);
  }

  /// Writes the value of type `typeId` in `data`.
  public static void write(Btf btf, int typeId, byte[] data, Style style, Appendable out)
      throws IOException {
    write(btf, typeId, data, style, new JsonText(out, style == Style.TEXT));
  }

  /// The same as a string.
  public static String of(Btf btf, int typeId, byte[] data, Style style) {
    var out = new StringBuilder();
    try {
      write(btf, typeId, data, style, out);
    } catch (IOException e) {
      throw new IllegalStateException("a StringBuilder does not fail", e);
    }
    return out.toString();
  }

  static void write(Btf btf, int typeId, byte[] data, Style style, JsonText json)
      throws IOException {
    var text = new ValueText(btf, data, style, json);
    text.shape.size(typeId, data.length);
    text.value(typeId, 0, 0);
  }

  private void value(int typeId, long bitOff, int depth) throws IOException {
    shape.enter(typeId, depth);
    int id = btf.skipModsAndTypedefs(typeId);
    int off = (int) (bitOff >>> 3);
    BtfKind kind = btf.kind(id);
    switch (kind) {
      case INT -> integer(id, bitOff);
      case STRUCT, UNION -> composite(id, off, depth);
      case ARRAY -> array(id, off, depth);
      case ENUM, ENUM64 -> enumeration(id, off);
      case PTR -> pointer(off);
      case FLOAT -> floating(id, off);
      case VAR -> {
        json.begin('{');
        json.name(btf.name(id));
        value(btf.target(id), bitOff, depth + 1);
        json.end('}');
      }
      case DATASEC -> {
        json.begin('{');
        json.name(btf.name(id));
        json.begin('[');
        for (int i = 0, n = btf.vlen(id); i < n; i++) {
          long at = off + Integer.toUnsignedLong(btf.varSecOffset(id, i));
          shape.size(btf.varSecType(id, i), data.length - at);
          value(btf.varSecType(id, i), at * 8, depth + 1);
        }
        json.end(']');
        json.end('}');
      }
      case DECL_TAG -> value(btf.target(id), bitOff, depth + 1);
      case UNKN, FWD, FUNC, FUNC_PROTO, TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG ->
          throw new BtfException("btf: type [" + typeId + "] has no values: it is a " + kind);
    }
  }

  private void composite(int id, int off, int depth) throws IOException {
    json.begin('{');
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      shape.checkMember(id, i, data.length - off);
      json.name(btf.memberName(id, i));
      long at = off * 8L + Integer.toUnsignedLong(btf.memberBitOffset(id, i));
      int width = btf.memberBitfieldSize(id, i);
      if (width != 0) {
        hex(at, width);
      } else {
        shape.size(btf.memberType(id, i), data.length - (at >>> 3));
        value(btf.memberType(id, i), at, depth + 1);
      }
    }
    json.end('}');
  }

  private void array(int id, int off, int depth) throws IOException {
    int element = btf.arrayElement(id);
    int size = shape.size(element, data.length);
    int n = shape.elements(id, size, data.length - off);
    if (shape.isCharArray(id)) {
      int len = textLength(off, n);
      if (len >= 0) {
        json.string(new String(data, off, len, StandardCharsets.US_ASCII));
        return;
      }
    }
    json.begin('[');
    for (int i = 0; i < n; i++) {
      value(element, (off + (long) i * size) * 8, depth + 1);
    }
    json.end(']');
  }

  /// Length of printable ASCII text that ends in a zero within `n` bytes, else -1.
  private int textLength(int off, int n) {
    for (int i = 0; i < n; i++) {
      byte b = data[off + i];
      if (b == 0) {
        return i;
      }
      if (b <= 0x1f || b == 0x7f) {
        return -1;
      }
    }
    return -1;
  }

  private void integer(int id, long bitOff) throws IOException {
    int width = btf.intBits(id);
    int first = btf.intBitOffset(id);
    if ((bitOff & 7) != 0 || first != 0 || width % 8 != 0 || width > 64) {
      hex(bitOff + first, width);
      return;
    }
    int off = (int) (bitOff >>> 3);
    switch (btf.intEncoding(id)) {
      case Btf.INT_BOOL -> json.raw(data[off] != 0 ? "true" : "false");
      case Btf.INT_CHAR -> character(data[off]);
      default -> {
        if (Integer.bitCount(width) != 1) {
          hex(bitOff, width);
        } else if ((btf.intEncoding(id) & Btf.INT_SIGNED) != 0) {
          int unused = 64 - width;
          json.raw(Long.toString(bits.word(off, width / 8) << unused >> unused));
        } else {
          json.raw(Long.toUnsignedString(bits.word(off, width / 8)));
        }
      }
    }
  }

  private void character(byte b) throws IOException {
    if (b >= 0x20 && b < 0x7f) {
      json.string(String.valueOf((char) b));
    } else {
      String hex = Integer.toHexString(b & 0xff);
      json.raw(plain ? "0x" + hex : "\"\\u00" + (hex.length() == 1 ? "0" : "") + hex + "\"");
    }
  }

  private void hex(long bitOff, int width) throws IOException {
    if (bitOff + width > data.length * 8L) {
      throw new BtfException(
          "btf: bits "
              + bitOff
              + " to "
              + (bitOff + width)
              + " are beyond the value's "
              + data.length
              + " bytes");
    }
    String text = "0x" + bits.bits(bitOff, width).toString(16);
    json.raw(plain ? text : "\"" + text + "\"");
  }

  private void enumeration(int id, int off) throws IOException {
    int size = btf.size(id);
    if (size < 1 || size > 8 || Integer.bitCount(size) != 1) {
      throw new BtfException("btf: type [" + id + "]: an enum has no " + size + " bytes");
    }
    int unused = 64 - 8 * size;
    long value = bits.word(off, size) << unused >> unused;
    boolean wide = btf.isKind(id, BtfKind.ENUM64);
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      // Enumerators of 32 bits are compared sign-extended, whatever the enum's sign.
      long candidate = btf.enumValue(id, i);
      if (value == (wide ? candidate : (int) candidate)) {
        json.string(btf.enumName(id, i));
        return;
      }
    }
    json.raw(Long.toString(value));
  }

  private void pointer(int off) throws IOException {
    long value = bits.word(off, btf.pointerSize());
    if (!plain) {
      json.raw(Long.toUnsignedString(value));
    } else {
      json.raw(value == 0 ? "\"(nil)\"" : "\"0x" + Long.toHexString(value) + "\"");
    }
  }

  /// bpftool shows no floats; a number is what its reader would expect.
  private void floating(int id, int off) throws IOException {
    int size = btf.size(id);
    if (size != 4 && size != 8) {
      hex(off * 8L, size * 8);
      return;
    }
    double value =
        size == 4
            ? Float.intBitsToFloat((int) bits.word(off, 4))
            : Double.longBitsToDouble(bits.word(off, 8));
    if (Double.isFinite(value)) {
      json.raw(size == 4 ? Float.toString((float) value) : Double.toString(value));
    } else {
      json.string(Double.toString(value));
    }
  }
}
