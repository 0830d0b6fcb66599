package bpf4j.model.btf;

import java.util.Locale;

/// The kinds of BTF types, in the order of their codes (`BTF_KIND_*`).
///
/// Source: `Documentation/bpf/btf.rst`.
public enum BtfKind {
  /// Code 0: `void`, type id 0, never stored.
  UNKN,
  INT,
  PTR,
  ARRAY,
  STRUCT,
  UNION,
  ENUM,
  FWD,
  TYPEDEF,
  VOLATILE,
  CONST,
  RESTRICT,
  FUNC,
  FUNC_PROTO,
  VAR,
  DATASEC,
  FLOAT,
  DECL_TAG,
  TYPE_TAG,
  ENUM64;

  private static final BtfKind[] ALL = values();

  /// Number of kinds, `UNKN` included: the first code that no kind has.
  static final int COUNT = ALL.length;

  /// The kind of a code in 0..19.
  static BtfKind of(int code) {
    return ALL[code];
  }

  /// The code as it stands in bits 24..28 of `info`.
  public int code() {
    return ordinal();
  }

  /// The name that libbpf's messages give the kind, such as `func_proto`, and `void` for 0.
  public String label() {
    return this == UNKN ? "void" : name().toLowerCase(Locale.ROOT);
  }

  /// Whether this is a struct or a union.
  public boolean isComposite() {
    return this == STRUCT || this == UNION;
  }

  /// Whether this is an enum of either width.
  public boolean isAnyEnum() {
    return this == ENUM || this == ENUM64;
  }

  /// Whether this kind only adds something to the type it refers to: `volatile`, `const`,
  /// `restrict` or a type tag.
  public boolean isModifier() {
    return this == VOLATILE || this == CONST || this == RESTRICT || this == TYPE_TAG;
  }

  /// Whether the third word is the id of another type (otherwise it is a size or unused).
  public boolean isReference() {
    return switch (this) {
      case PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DECL_TAG, TYPE_TAG ->
          true;
      case UNKN, INT, ARRAY, STRUCT, UNION, ENUM, FWD, DATASEC, FLOAT, ENUM64 -> false;
    };
  }

  /// Words that follow the three common ones, without the `vlen` records.
  int fixedWords() {
    return switch (this) {
      case INT, VAR, DECL_TAG -> 1;
      case ARRAY -> 3;
      case UNKN,
          PTR,
          STRUCT,
          UNION,
          ENUM,
          FWD,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          FUNC_PROTO,
          DATASEC,
          FLOAT,
          TYPE_TAG,
          ENUM64 ->
          0;
    };
  }

  /// Words of each of the `vlen` records that follow, 0 where the kind has none.
  int recordWords() {
    return switch (this) {
      case ENUM, FUNC_PROTO -> 2;
      case STRUCT, UNION, DATASEC, ENUM64 -> 3;
      case UNKN,
          INT,
          PTR,
          ARRAY,
          FWD,
          TYPEDEF,
          VOLATILE,
          CONST,
          RESTRICT,
          FUNC,
          VAR,
          FLOAT,
          DECL_TAG,
          TYPE_TAG ->
          0;
    };
  }

  /// Number of type ids that a type of this kind with `vlen` records holds.
  int refCount(int vlen) {
    return switch (this) {
      case PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, VAR, DECL_TAG, TYPE_TAG -> 1;
      case ARRAY -> 2;
      case STRUCT, UNION, DATASEC -> vlen;
      case FUNC_PROTO -> 1 + vlen;
      case UNKN, INT, ENUM, FWD, FLOAT, ENUM64 -> 0;
    };
  }

  /// Which word of the type holds its `i`-th id.
  int refWord(int i) {
    return switch (this) {
      case PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, VAR, DECL_TAG, TYPE_TAG -> 2;
      case ARRAY -> Btf.HEADER_WORDS + i;
      case STRUCT, UNION -> Btf.HEADER_WORDS + 3 * i + 1;
      case DATASEC -> Btf.HEADER_WORDS + 3 * i;
      case FUNC_PROTO -> i == 0 ? 2 : Btf.HEADER_WORDS + 2 * (i - 1) + 1;
      case UNKN, INT, ENUM, FWD, FLOAT, ENUM64 ->
          throw new IllegalArgumentException(this + " refers to nothing");
    };
  }

  /// Number of string offsets that a type of this kind with `vlen` records holds.
  int stringCount(int vlen) {
    return recordWords() == 0 || this == DATASEC ? 1 : 1 + vlen;
  }

  /// Which word of the type holds its `i`-th string offset.
  int stringWord(int i) {
    return i == 0 ? 0 : Btf.HEADER_WORDS + (i - 1) * recordWords();
  }
}
