package bpf4j.loader.linker;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Whether two declarations of one global name mean the same: sizes, kinds, names and members
/// agree. Behind a pointer only the outline counts, and a forward declaration will do.
final class TypeShapes {
  private static final int MAX_DEPTH = 128;
  private static final int BUDGET = 1 << 20;

  private final String symbol;
  private final Btf a;
  private final Btf b;
  private int budget = BUDGET;

  TypeShapes(String symbol, Btf a, Btf b) {
    this.symbol = symbol;
    this.a = a;
    this.b = b;
  }

  /// Null where they agree, else what is different, in libbpf's words.
  @Nullable String mismatch(int idA, int idB) {
    return mismatch(idA, idB, true, 0);
  }

  private String text(String format, Object... args) {
    return "global '" + symbol + "': " + String.format(Locale.ROOT, format, args);
  }

  private @Nullable String mismatch(int idA, int idB, boolean exactly, int depth) {
    boolean exact = exactly;
    int ta = idA;
    int tb = idB;
    while (true) {
      if (depth > MAX_DEPTH || --budget < 0) {
        throw new BtfException(text("types are nested too deeply to compare"));
      }
      ta = a.skipModsAndTypedefs(ta);
      tb = b.skipModsAndTypedefs(tb);
      BtfKind ka = a.kind(ta);
      BtfKind kb = b.kind(tb);
      if (!exact && (ka == BtfKind.FWD) != (kb == BtfKind.FWD)) {
        return declaration(ta, tb);
      }
      String different = outline(ta, tb);
      if (different != null) {
        return different;
      }
      switch (ka) {
        case UNKN, FWD -> {
          return null;
        }
        case INT, FLOAT, ENUM, ENUM64 -> {
          return sizes(ta, tb);
        }
        case PTR -> {
          exact = false;
          ta = a.target(ta);
          tb = b.target(tb);
        }
        case ARRAY -> {
          ta = a.arrayElement(ta);
          tb = b.arrayElement(tb);
        }
        case FUNC, VAR -> {
          if ((a.linkage(ta) == 0) != (b.linkage(tb) == 0)) {
            return text("incompatible %s '%s' linkage", ka.label(), a.name(ta));
          }
          ta = a.target(ta);
          tb = b.target(tb);
        }
        case STRUCT, UNION -> {
          return exact ? members(ta, tb, depth) : null;
        }
        case FUNC_PROTO -> {
          String wrong = params(ta, tb, exact, depth);
          if (wrong != null) {
            return wrong;
          }
          ta = a.target(ta);
          tb = b.target(tb);
        }
        case TYPEDEF, VOLATILE, CONST, RESTRICT, DATASEC, DECL_TAG, TYPE_TAG -> {
          return text("unsupported BTF kind %s", ka.label());
        }
      }
    }
  }

  /// Kind and name.
  private @Nullable String outline(int ta, int tb) {
    BtfKind kind = a.kind(ta);
    if (kind != b.kind(tb)) {
      return text("incompatible BTF kinds %s and %s", kind.label(), b.kind(tb).label());
    }
    boolean named =
        kind.isComposite()
            || kind.isAnyEnum()
            || kind == BtfKind.FWD
            || kind == BtfKind.FUNC
            || kind == BtfKind.VAR;
    return !named || a.name(ta).equals(b.name(tb))
        ? null
        : text("incompatible %s names '%s' and '%s'", kind.label(), a.name(ta), b.name(tb));
  }

  private @Nullable String sizes(int ta, int tb) {
    return a.size(ta) == b.size(tb)
        ? null
        : text(
            "incompatible %s '%s' size %d and %d",
            a.kind(ta).label(), a.name(ta), a.size(ta), b.size(tb));
  }

  private @Nullable String declaration(int ta, int tb) {
    if (!a.name(ta).equals(b.name(tb))) {
      return text("incompatible forward declaration names '%s' and '%s'", a.name(ta), b.name(tb));
    }
    boolean first = a.isKind(ta, BtfKind.FWD);
    boolean union = first ? a.kindFlag(ta) : b.kindFlag(tb);
    BtfKind concrete = first ? b.kind(tb) : a.kind(ta);
    return concrete == (union ? BtfKind.UNION : BtfKind.STRUCT)
        ? null
        : text(
            "incompatible %s forward declaration and concrete kind %s",
            union ? "union" : "struct", concrete.label());
  }

  private @Nullable String members(int ta, int tb, int depth) {
    int n = a.vlen(ta);
    if (n != b.vlen(tb)) {
      return text("incompatible number of %s fields %d and %d", a.kind(ta).label(), n, b.vlen(tb));
    }
    for (int i = 0; i < n; i++) {
      String name = a.memberName(ta, i);
      if (!name.equals(b.memberName(tb, i))) {
        return text("incompatible field #%d names '%s' and '%s'", i, name, b.memberName(tb, i));
      }
      if (a.memberBitOffset(ta, i) != b.memberBitOffset(tb, i)
          || a.memberBitfieldSize(ta, i) != b.memberBitfieldSize(tb, i)) {
        return text("incompatible field #%d ('%s') offsets", i, name);
      }
      String wrong = mismatch(a.memberType(ta, i), b.memberType(tb, i), true, depth + 1);
      if (wrong != null) {
        return wrong;
      }
    }
    return null;
  }

  private @Nullable String params(int ta, int tb, boolean exact, int depth) {
    int n = a.vlen(ta);
    if (n != b.vlen(tb)) {
      return text("incompatible number of func_proto params %d and %d", n, b.vlen(tb));
    }
    for (int i = 0; i < n; i++) {
      String wrong = mismatch(a.paramType(ta, i), b.paramType(tb, i), exact, depth + 1);
      if (wrong != null) {
        return wrong;
      }
    }
    return null;
  }

  /// As [#mismatch] for two variables in `.maps`: every attribute of the definitions must agree.
  @Nullable String mapMismatch(int varA, int varB) {
    if (!a.isKind(varA, BtfKind.VAR) || !b.isKind(varB, BtfKind.VAR)) {
      return text("invalid map definition type [%d]", varB);
    }
    MapShape ma = MapShape.read(a, a.target(varA));
    MapShape mb = MapShape.read(b, b.target(varB));
    if (ma == null || mb == null) {
      return text("invalid map definition");
    }
    return definitions(symbol, ma, mb);
  }

  private @Nullable String definitions(String map, MapShape ma, MapShape mb) {
    String wrong = attribute(ma, mb);
    if (wrong != null) {
      return "global '" + map + "': map " + wrong + " mismatch";
    }
    MapShape ia = ma.inner;
    MapShape ib = mb.inner;
    return ia == null || ib == null ? null : definitions(map + ".inner", ia, ib);
  }

  /// The first attribute that differs, in libbpf's order and words.
  private @Nullable String attribute(MapShape ma, MapShape mb) {
    if (ma.number("type") != mb.number("type")) {
      return "type";
    }
    if (ma.number("key_size") != mb.number("key_size")) {
      return "key_size";
    }
    if (differ(ma.keyType, mb.keyType)) {
      return "key type";
    }
    if (ma.number("value_size") != mb.number("value_size")) {
      return "value_size";
    }
    if ((ma.valueType == 0) != (mb.valueType == 0)) {
      return "value type";
    }
    if (differ(ma.valueType, mb.valueType)) {
      // libbpf says so of values as well.
      return "key type";
    }
    for (String number : new String[] {"max_entries", "map_flags", "numa_node", "pinning"}) {
      if (ma.number(number) != mb.number(number)) {
        return number;
      }
    }
    return (ma.inner == null) != (mb.inner == null) ? "inner map" : null;
  }

  private boolean differ(int typeA, int typeB) {
    return (typeA == 0) != (typeB == 0) || (typeA != 0 && mismatch(typeA, typeB) != null);
  }
}
