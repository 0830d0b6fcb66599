package bpf4j.model.btf.value;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;

/// What readers and writers of values ask about types, with the checks that keep both inside the
/// data: sizes are known, every part lies in its whole, nesting and counts are bounded.
final class ValueShape {
  /// Deepest nesting of structs and arrays shown.
  static final int MAX_DEPTH = 256;

  /// Most elements of an array whose elements take no bytes.
  private static final long MAX_EMPTY_ELEMENTS = 1024;

  private final Btf btf;

  /// Values still allowed: shared anonymous structs without bytes could go on for ever.
  private long left;

  ValueShape(Btf btf, int dataLength) {
    this.btf = btf;
    left = 1_000_000 + 16L * dataLength;
  }

  /// The type without modifiers, typedefs and tags; of a variable, the type it has.
  int actual(int typeId) {
    int id = btf.skipModsAndTypedefs(typeId);
    while (btf.isKind(id, BtfKind.VAR) || btf.isKind(id, BtfKind.DECL_TAG)) {
      id = btf.skipModsAndTypedefs(btf.target(id));
    }
    return id;
  }

  /// Size in bytes; throws where the type has none or it does not fit `available`.
  int size(int typeId, long available) {
    long size = btf.resolveSize(typeId);
    if (size < 0) {
      throw new BtfException("btf: type [" + typeId + "] has no size, so it has no values");
    }
    if (size > available) {
      throw new BtfException(
          "btf: type [" + typeId + "] takes " + size + " bytes, but there are " + available);
    }
    return (int) size;
  }

  int elements(int arrayId, int elementSize, int available) {
    long n = Integer.toUnsignedLong(btf.arrayLength(arrayId));
    if (elementSize == 0 ? n > MAX_EMPTY_ELEMENTS : n > available / elementSize) {
      throw new BtfException(
          "btf: type [" + arrayId + "]: array of " + n + " elements is too long");
    }
    return (int) n;
  }

  /// Whether the array is text: elements are `char` or a CHAR integer, not a typedef of one.
  boolean isCharArray(int arrayId) {
    int element = btf.skipMods(btf.arrayElement(arrayId));
    return btf.isKind(element, BtfKind.INT)
        && btf.size(element) == 1
        && (btf.intEncoding(element) == Btf.INT_CHAR || btf.nameEquals(element, "char"));
  }

  /// Offset in bytes of member `i`, checked to lie in `available` bytes with all its bits.
  void checkMember(int structId, int i, int available) {
    long bits = Integer.toUnsignedLong(btf.memberBitOffset(structId, i));
    int width = btf.memberBitfieldSize(structId, i);
    long end = bits + width;
    if (end > available * 8L) {
      throw new BtfException(
          "btf: type ["
              + structId
              + "]: member "
              + btf.memberName(structId, i)
              + " ends at bit "
              + end
              + " of "
              + available
              + " bytes");
    }
  }

  /// Counts one more value at a nesting depth.
  void enter(int typeId, int depth) {
    if (--left < 0) {
      throw new BtfException("btf: type [" + typeId + "] has too many parts for its size");
    }
    if (depth > MAX_DEPTH) {
      throw new BtfException(
          "btf: type [" + typeId + "]: nested over " + MAX_DEPTH + " levels deep");
    }
  }
}
