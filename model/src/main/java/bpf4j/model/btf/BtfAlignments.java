package bpf4j.model.btf;

import java.util.Arrays;

/// Alignments of types, each struct worked out once, without recursion.
final class BtfAlignments {
  /// Result for a type that has no alignment (`void`, FWD, FUNC and the like).
  static final int NONE = 0;

  private static final byte UNSEEN = -1;

  private final Btf btf;
  private final int ptrSize;

  /// Alignment of each composite by id; [#UNSEEN] before it is known.
  private byte[] known = new byte[0];

  private int[] stack = new int[16];
  private int depth;

  BtfAlignments(Btf btf) {
    this.btf = btf;
    this.ptrSize = btf.pointerSize();
  }

  synchronized int of(int typeId) {
    int leaf = leaf(typeId);
    if (!btf.kind(leaf).isComposite()) {
      return scalar(leaf);
    }
    if (known.length == 0) {
      known = new byte[btf.typeCount()];
      Arrays.fill(known, UNSEEN);
    }
    push(leaf);
    while (depth > 0) {
      int id = stack[depth - 1];
      if (known[id] != UNSEEN || pushUnknownMembers(id)) {
        if (known[id] != UNSEEN) {
          depth--;
        }
        continue;
      }
      known[id] = composite(id);
      depth--;
    }
    return known[leaf];
  }

  /// The type without modifiers, typedefs and array dimensions.
  private int leaf(int typeId) {
    int id = typeId;
    while (true) {
      BtfKind kind = btf.kind(id);
      if (kind == BtfKind.ARRAY) {
        id = btf.arrayElement(id);
      } else if (kind.isModifier() || kind == BtfKind.TYPEDEF) {
        id = btf.target(id);
      } else {
        return id;
      }
    }
  }

  private int scalar(int id) {
    return switch (btf.kind(id)) {
      case INT, ENUM, ENUM64, FLOAT ->
          (int) Math.min(ptrSize, Integer.toUnsignedLong(btf.size(id)));
      case PTR -> ptrSize;
      case UNKN,
          ARRAY,
          STRUCT,
          UNION,
          FWD,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          FUNC_PROTO,
          VAR,
          DATASEC,
          DECL_TAG,
          TYPE_TAG ->
          NONE;
    };
  }

  private boolean pushUnknownMembers(int id) {
    int before = depth;
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      int leaf = leaf(btf.memberType(id, i));
      if (btf.kind(leaf).isComposite() && known[leaf] == UNSEEN) {
        push(leaf);
        // One at a time keeps the stack no deeper than the nesting.
        break;
      }
    }
    return depth > before;
  }

  private byte composite(int id) {
    int max = 1;
    boolean packed = false;
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      int leaf = leaf(btf.memberType(id, i));
      int align = btf.kind(leaf).isComposite() ? known[leaf] : scalar(leaf);
      if (align == NONE) {
        return NONE;
      }
      max = Math.max(max, align);
      packed |=
          btf.memberBitfieldSize(id, i) == 0
              && Integer.remainderUnsigned(btf.memberBitOffset(id, i), 8 * align) != 0;
      if (packed) {
        return 1;
      }
    }
    return (byte) (Integer.remainderUnsigned(btf.size(id), max) != 0 ? 1 : max);
  }

  private void push(int id) {
    if (depth == stack.length) {
      stack = Arrays.copyOf(stack, depth * 2);
    }
    stack[depth++] = id;
  }
}
