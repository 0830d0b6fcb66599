package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import java.io.IOException;

/// What must be said in C about a struct's layout beyond its members: whether it is packed, and
/// unnamed bitfields for gaps that a compiler would not leave by itself.
final class StructPadding {
  private static final String[] PAD_TYPES = {"long", "int", "short", "char"};

  private final Btf btf;
  private final int[] padBits;

  StructPadding(Btf btf) {
    this.btf = btf;
    padBits = new int[] {btf.pointerSize() * 8, 32, 16, 8};
  }

  /// Whether a member lies, or the struct ends, where natural alignment would not have it.
  boolean isPacked(int structId) {
    int max = 1;
    for (int i = 0, n = btf.vlen(structId); i < n; i++) {
      int align = btf.alignOf(btf.memberType(structId, i));
      if (align != 0
          && btf.memberBitfieldSize(structId, i) == 0
          && Integer.remainderUnsigned(btf.memberBitOffset(structId, i), 8 * align) != 0) {
        return true;
      }
      max = Math.max(max, align);
    }
    return Integer.remainderUnsigned(btf.size(structId), max) != 0;
  }

  /// Writes the members that fill the bits from `from` to `to`.
  ///
  /// @param nextAlign alignment in bytes of what comes after the gap
  /// @param inBitfield whether the gap lies between two bitfields
  void write(Appendable out, int from, int to, int nextAlign, boolean inBitfield, String indent)
      throws IOException {
    if (from >= to) {
      return;
    }
    int type = 0;
    while (type < PAD_TYPES.length - 1 && roundUp(from, padBits[type]) > to) {
      type++;
    }
    int bits = padBits[type];
    int aligned = roundUp(from, bits);
    int at = from;
    if (aligned > from && aligned <= to) {
      // A compiler goes to this boundary by itself, unless the next member is aligned less
      // strictly,
      // or the padding that follows would fit into the hole.
      boolean mustSay =
          inBitfield
              || (aligned == to && roundUp(from, nextAlign * 8) != aligned)
              || (aligned != to && to - aligned <= aligned - from);
      if (mustSay) {
        pad(out, indent, PAD_TYPES[type], inBitfield ? aligned - from : 0);
      }
      at = aligned;
    }
    while (at != to) {
      int left = Math.min(to - at, bits);
      if (left == bits) {
        pad(out, indent, PAD_TYPES[type], bits);
        at += left;
        continue;
      }
      // The rest takes the smallest type that holds it.
      for (int i = PAD_TYPES.length - 1; i >= 0; i--) {
        type = i;
        bits = padBits[i];
        if (bits >= left) {
          pad(out, indent, PAD_TYPES[i], left);
          at += left;
          break;
        }
      }
    }
  }

  private static void pad(Appendable out, String indent, String type, int bits) throws IOException {
    out.append('\n').append(indent).append(type).append(": ");
    out.append(Integer.toString(bits)).append(';');
  }

  /// `value` rounded up to a multiple of `step`; 0 where there is nothing to align to.
  private static int roundUp(int value, int step) {
    return step == 0 ? 0 : (value + step - 1) / step * step;
  }
}
