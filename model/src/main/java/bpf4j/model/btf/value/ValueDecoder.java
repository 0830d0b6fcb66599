package bpf4j.model.btf.value;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Bytes to Java values, see [ValueCodec].
final class ValueDecoder {
  private final Btf btf;
  private final ValueShape shape;
  private final byte[] data;
  private final ValueBits bits;

  ValueDecoder(Btf btf, byte[] data) {
    this.btf = btf;
    this.data = data;
    shape = new ValueShape(btf, data.length);
    bits = new ValueBits(btf, data);
  }

  Object decode(int typeId) {
    shape.size(typeId, data.length);
    return value(typeId, 0, 0);
  }

  private Object value(int typeId, long bitOff, int depth) {
    shape.enter(typeId, depth);
    int id = shape.actual(typeId);
    int off = (int) (bitOff >>> 3);
    BtfKind kind = btf.kind(id);
    return switch (kind) {
      case INT -> integer(id, bitOff);
      case PTR -> number(bits.number(off, btf.pointerSize()));
      case STRUCT, UNION -> {
        var map = new LinkedHashMap<String, Object>();
        composite(id, off, depth, map);
        yield map;
      }
      case ARRAY -> array(id, off, depth);
      case ENUM, ENUM64 -> enumeration(id, off);
      case FLOAT -> floating(id, off);
      case DATASEC -> {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0, n = btf.vlen(id); i < n; i++) {
          int variable = btf.varSecType(id, i);
          long at = off + Integer.toUnsignedLong(btf.varSecOffset(id, i));
          shape.size(variable, data.length - at);
          map.put(btf.name(variable), value(variable, at * 8, depth + 1));
        }
        yield map;
      }
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
    };
  }

  private void composite(int id, int off, int depth, Map<String, Object> into) {
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      shape.checkMember(id, i, data.length - off);
      long at = off * 8L + Integer.toUnsignedLong(btf.memberBitOffset(id, i));
      int type = btf.memberType(id, i);
      int width = btf.memberBitfieldSize(id, i);
      String name = btf.memberName(id, i);
      if (width != 0) {
        if (!name.isEmpty()) {
          into.put(name, bitfield(type, at, width));
        }
        continue;
      }
      shape.size(type, data.length - (at >>> 3));
      int actual = shape.actual(type);
      if (name.isEmpty() && btf.kind(actual).isComposite()) {
        shape.enter(actual, depth + 1);
        composite(actual, (int) (at >>> 3), depth + 1, into);
      } else {
        into.put(name, value(type, at, depth + 1));
      }
    }
  }

  private Object bitfield(int typeId, long bitOff, int width) {
    int id = shape.actual(typeId);
    BigInteger value = bits.bits(bitOff, width);
    if (btf.kind(id).isAnyEnum()) {
      return enumerator(id, extend(value, width, btf.kindFlag(id)).longValue());
    }
    boolean signed = btf.isKind(id, BtfKind.INT) && isSigned(id);
    return number(extend(value, width, signed));
  }

  private static BigInteger extend(BigInteger value, int width, boolean signed) {
    return signed ? ValueBits.signed(value, width) : value;
  }

  private boolean isSigned(int intId) {
    return (btf.intEncoding(intId) & Btf.INT_SIGNED) != 0;
  }

  private Object integer(int id, long bitOff) {
    int width = btf.intBits(id);
    long first = bitOff + btf.intBitOffset(id);
    if (first + width > data.length * 8L) {
      throw new BtfException("btf: type [" + id + "] ends beyond the value's bytes");
    }
    BigInteger value = bits.bits(first, width);
    if (btf.intEncoding(id) == Btf.INT_BOOL) {
      return value.signum() != 0;
    }
    return number(extend(value, width, isSigned(id)));
  }

  private static Object number(BigInteger value) {
    // The branches have different types on purpose: a conditional would make both a number.
    if (value.bitLength() < Long.SIZE) {
      return value.longValue();
    }
    return value;
  }

  private Object enumeration(int id, int off) {
    int size = btf.size(id);
    if (size < 1 || size > 8) {
      throw new BtfException("btf: type [" + id + "]: an enum has no " + size + " bytes");
    }
    BigInteger value = bits.number(off, size);
    return enumerator(id, extend(value, size * 8, btf.kindFlag(id)).longValue());
  }

  private Object enumerator(int id, long value) {
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      if (btf.enumValue(id, i) == value) {
        return btf.enumName(id, i);
      }
    }
    return value;
  }

  private Object floating(int id, int off) {
    return switch (btf.size(id)) {
      case 4 -> (double) Float.intBitsToFloat((int) bits.word(off, 4));
      case 8 -> Double.longBitsToDouble(bits.word(off, 8));
      default -> number(bits.number(off, btf.size(id)));
    };
  }

  private Object array(int id, int off, int depth) {
    int element = btf.arrayElement(id);
    int size = shape.size(element, data.length);
    int n = shape.elements(id, size, data.length - off);
    if (shape.isCharArray(id)) {
      int len = 0;
      while (len < n && data[off + len] > 0x1f && data[off + len] < 0x7f) {
        len++;
      }
      if (len < n && data[off + len] == 0) {
        return new String(data, off, len, StandardCharsets.US_ASCII);
      }
    }
    List<Object> list = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      list.add(value(element, (off + (long) i * size) * 8, depth + 1));
    }
    return list;
  }
}
