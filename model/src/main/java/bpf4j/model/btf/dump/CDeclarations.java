package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import java.io.IOException;
import java.util.Arrays;

/// Writes declarations in C syntax: a chain of pointers, arrays, prototypes and qualifiers around a
/// name, and the bodies of structs and enums.
final class CDeclarations {
  private static final String TABS = "\t".repeat(13);

  private final Btf btf;
  private final Appendable out;
  private final CNames names;
  private final DumpLimits limits;
  private final StructPadding padding;

  CDeclarations(Btf btf, Appendable out, CNames names, DumpLimits limits) {
    this.btf = btf;
    this.out = out;
    this.names = names;
    this.limits = limits;
    padding = new StructPadding(btf);
  }

  /// The types from the outside of a declaration to the base type, which is taken first.
  private static final class Chain {
    private int[] ids = new int[8];
    private int count;

    void push(int id) {
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, count * 2);
      }
      ids[count++] = id;
    }

    boolean isEmpty() {
      return count == 0;
    }

    int peek() {
      return ids[count - 1];
    }

    int pop() {
      return ids[--count];
    }
  }

  /// C's indentation at a nesting level; deeper levels than 13 look alike, as in libbpf.
  private static String indent(int level) {
    return TABS.substring(0, Math.min(level, TABS.length()));
  }

  /// Writes a declaration of `name` with type `typeId`.
  void declare(int typeId, String name, int level) throws IOException {
    limits.enter(typeId);
    chain(chainOf(typeId), name, level);
    limits.leave();
  }

  private Chain chainOf(int typeId) {
    var chain = new Chain();
    int id = typeId;
    while (true) {
      chain.push(id);
      if (chain.count > btf.typeCount()) {
        throw new BtfException("btf_dump: type [" + typeId + "]: Loop detected");
      }
      switch (btf.kind(id)) {
        case PTR, VOLATILE, CONST, RESTRICT, FUNC_PROTO, TYPE_TAG -> id = btf.target(id);
        case ARRAY -> id = btf.arrayElement(id);
        case UNKN,
            INT,
            STRUCT,
            UNION,
            ENUM,
            ENUM64,
            FWD,
            TYPEDEF,
            FLOAT,
            FUNC,
            VAR,
            DATASEC,
            DECL_TAG -> {
          return chain;
        }
      }
    }
  }

  private void chain(Chain chain, String name, int level) throws IOException {
    // A pointer at the very start, as in (*name), takes no space before it.
    boolean afterPtr = true;
    while (!chain.isEmpty()) {
      int id = chain.pop();
      BtfKind kind = btf.kind(id);
      switch (kind) {
        case PTR -> out.append(afterPtr ? "*" : " *");
        case VOLATILE -> out.append(" volatile");
        case CONST -> out.append(" const");
        case RESTRICT -> out.append(" restrict");
        case ARRAY -> {
          array(id, chain, name, level, afterPtr);
          return;
        }
        case FUNC_PROTO -> {
          prototype(id, chain, name, level, afterPtr);
          return;
        }
        case FUNC, VAR, DATASEC, DECL_TAG -> {
          // No declaration can be made of these; libbpf stops without the name.
          return;
        }
        case UNKN, INT, FLOAT, STRUCT, UNION, ENUM, ENUM64, FWD, TYPEDEF, TYPE_TAG -> {
          qualifiers(chain);
          base(id, kind, level);
        }
      }
      afterPtr = kind == BtfKind.PTR;
    }
    name(name, afterPtr);
  }

  /// A type that stands for itself; qualifiers have been written before it.
  private void base(int id, BtfKind kind, int level) throws IOException {
    boolean anonymous = btf.nameOff(id) == 0;
    switch (kind) {
      case STRUCT, UNION -> {
        if (anonymous) {
          structDefinition(id, level);
        } else {
          composite(id);
        }
      }
      case ENUM, ENUM64 -> {
        if (anonymous) {
          enumDefinition(id, level);
        } else {
          out.append("enum ").append(names.tag(id));
        }
      }
      case FWD -> forward(id);
      case TYPEDEF -> out.append(names.identifier(id));
      case TYPE_TAG ->
          out.append(" __attribute__((btf_type_tag(\"").append(btf.name(id)).append("\")))");
      case UNKN -> out.append("void");
      case INT, FLOAT -> out.append(btf.name(id));
      case PTR, ARRAY, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC, DECL_TAG ->
          throw new IllegalArgumentException(kind + " is no base type");
    }
  }

  /// Writes the qualifiers that come next, which in C stand left of a base type.
  private void qualifiers(Chain chain) throws IOException {
    while (!chain.isEmpty()) {
      switch (btf.kind(chain.peek())) {
        case VOLATILE -> out.append("volatile ");
        case CONST -> out.append("const ");
        case RESTRICT -> out.append("restrict ");
        case UNKN,
            INT,
            PTR,
            ARRAY,
            STRUCT,
            UNION,
            ENUM,
            FWD,
            TYPEDEF,
            FUNC,
            FUNC_PROTO,
            VAR,
            DATASEC,
            FLOAT,
            DECL_TAG,
            TYPE_TAG,
            ENUM64 -> {
          return;
        }
      }
      chain.pop();
    }
  }

  /// Qualifiers of arrays and functions mean nothing in C; compilers emit them by mistake.
  private void dropModifiers(Chain chain) {
    while (!chain.isEmpty() && btf.kind(chain.peek()).isModifier()) {
      chain.pop();
    }
  }

  private void array(int id, Chain chain, String name, int level, boolean afterPtr)
      throws IOException {
    dropModifiers(chain);
    if (chain.isEmpty()) {
      name(name, afterPtr);
    } else {
      boolean inArray = btf.isKind(chain.peek(), BtfKind.ARRAY);
      if (!name.isEmpty() && !afterPtr) {
        out.append(' ');
      }
      inner(id, chain, inArray ? "" : "(", name, level, inArray ? "" : ")");
    }
    out.append('[').append(Integer.toUnsignedString(btf.arrayLength(id))).append(']');
  }

  private void inner(int id, Chain chain, String before, String name, int level, String after)
      throws IOException {
    limits.enter(id);
    out.append(before);
    chain(chain, name, level);
    out.append(after);
    limits.leave();
  }

  private void prototype(int id, Chain chain, String name, int level, boolean afterPtr)
      throws IOException {
    dropModifiers(chain);
    if (chain.isEmpty()) {
      name(name, afterPtr);
    } else {
      inner(id, chain, " (", name, level, ")");
    }
    out.append('(');
    int n = btf.vlen(id);
    if (n == 0 || (n == 1 && btf.paramType(id, 0) == 0)) {
      out.append("void)");
      return;
    }
    for (int i = 0; i < n; i++) {
      if (i > 0) {
        out.append(", ");
      }
      if (i == n - 1 && btf.paramType(id, i) == 0) {
        out.append("...");
      } else {
        declare(btf.paramType(id, i), btf.paramName(id, i), level);
      }
    }
    out.append(')');
  }

  private void name(String name, boolean afterPtr) throws IOException {
    if (!name.isEmpty() && !afterPtr) {
      out.append(' ');
    }
    out.append(name);
  }

  /// `struct foo`, without a body.
  void composite(int id) throws IOException {
    out.append(btf.isKind(id, BtfKind.STRUCT) ? "struct" : "union");
    if (btf.nameOff(id) != 0) {
      out.append(' ').append(names.tag(id));
    }
  }

  /// A forward declaration as the BTF has it.
  void forward(int id) throws IOException {
    out.append(btf.kindFlag(id) ? "union " : "struct ").append(names.tag(id));
  }

  /// `struct foo { … }`.
  void structDefinition(int id, int level) throws IOException {
    limits.enter(id);
    boolean isStruct = btf.isKind(id, BtfKind.STRUCT);
    boolean packed = isStruct && padding.isPacked(id);
    String inside = indent(level + 1);
    composite(id);
    out.append(" {");
    int off = 0;
    boolean afterBitfield = false;
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      int bits = btf.memberBitfieldSize(id, i);
      int memberOff = btf.memberBitOffset(id, i);
      int type = btf.memberType(id, i);
      int align = packed ? 1 : btf.alignOf(type);
      padding.write(out, off, memberOff, align, afterBitfield && bits != 0, inside);
      out.append('\n').append(inside);
      declare(type, btf.memberName(id, i), level + 1);
      if (bits != 0) {
        out.append(": ").append(Integer.toString(bits));
        off = memberOff + bits;
      } else {
        off = memberOff + (int) Math.max(0, btf.resolveSize(type)) * 8;
      }
      afterBitfield = bits != 0;
      out.append(';');
    }
    if (isStruct) {
      padding.write(out, off, btf.size(id) * 8, btf.alignOf(id), false, inside);
    }
    if (btf.vlen(id) != 0 || btf.size(id) != 0) {
      out.append('\n').append(indent(level));
    }
    out.append('}');
    if (packed) {
      out.append(" __attribute__((packed))");
    }
    limits.leave();
  }

  /// `enum foo { … }`, or `enum foo` where it has no values.
  void enumDefinition(int id, int level) throws IOException {
    out.append("enum");
    if (btf.nameOff(id) != 0) {
      out.append(' ').append(names.tag(id));
    }
    int n = btf.vlen(id);
    if (n == 0) {
      return;
    }
    out.append(" {");
    boolean wide = btf.isKind(id, BtfKind.ENUM64);
    boolean signed = btf.kindFlag(id);
    boolean small = true;
    for (int i = 0; i < n; i++) {
      long value = btf.enumValue(id, i);
      small &= !wide || value >>> 32 == 0;
      out.append('\n').append(indent(level + 1)).append(names.enumerator(btf.enumName(id, i)));
      out.append(" = ").append(signed ? Long.toString(value) : Long.toUnsignedString(value));
      if (wide) {
        out.append(signed ? "LL" : "ULL");
      }
      out.append(',');
    }
    out.append('\n').append(indent(level)).append('}');
    if (btf.size(id) == 1) {
      out.append(" __attribute__((mode(byte)))");
    } else if (btf.size(id) == 8 && btf.pointerSize() == 8 && small) {
      out.append(" __attribute__((mode(word)))");
    }
  }
}
