package bpf4j.model.btf;

import java.util.List;

/// One BTF type as an immutable view, made by [Btf#type] from the packed words.
///
/// `id` is the type's id; other ids are references within the same [Btf].
public sealed interface BtfType {
  int id();

  BtfKind kind();

  /// The type's name, empty for an anonymous type.
  default String name() {
    return "";
  }

  /// A type that only points to another: modifiers, typedefs, pointers and tags.
  sealed interface Reference extends BtfType {
    /// Id of the type referred to, 0 for `void`.
    int target();
  }

  /// A struct or a union.
  sealed interface Composite extends BtfType {
    /// Size in bytes, unsigned.
    int size();

    List<Member> members();
  }

  /// An enum of either width.
  sealed interface Enumeration extends BtfType {
    /// Size in bytes.
    int size();

    boolean signed();

    List<Enumerator> values();
  }

  /// A member of a struct or union.
  ///
  /// @param bitOffset offset from the start of the struct in bits, unsigned
  /// @param bitfieldSize width in bits, 0 for a member that is not a bitfield
  record Member(String name, int type, int bitOffset, int bitfieldSize) {}

  /// An enum value, sign- or zero-extended to 64 bits by the enum's signedness.
  record Enumerator(String name, long value) {}

  /// A parameter of a function prototype; type 0 without a name, in the last place, is `...`.
  record Param(String name, int type) {}

  /// A variable's place in a section, in bytes.
  record VarSecInfo(int type, int offset, int size) {}

  /// Linkage of functions and variables; `UNKNOWN` stands for any number that has no meaning.
  enum Linkage {
    STATIC,
    GLOBAL,
    EXTERN,
    UNKNOWN
  }

  /// Type id 0.
  record Void() implements BtfType {
    @Override
    public int id() {
      return 0;
    }

    @Override
    public BtfKind kind() {
      return BtfKind.UNKN;
    }

    @Override
    public String name() {
      return "void";
    }
  }

  /// An integer.
  ///
  /// @param encoding bits of [Btf#INT_SIGNED], [Btf#INT_CHAR] and [Btf#INT_BOOL]
  /// @param bitOffset first bit used of `size` bytes
  /// @param bits number of bits used
  record Int(int id, String name, int size, int encoding, int bitOffset, int bits)
      implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.INT;
    }

    public boolean signed() {
      return (encoding & Btf.INT_SIGNED) != 0;
    }
  }

  record Ptr(int id, int target) implements Reference {
    @Override
    public BtfKind kind() {
      return BtfKind.PTR;
    }
  }

  /// An array; `nelems` is unsigned.
  record Array(int id, int element, int index, int nelems) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.ARRAY;
    }
  }

  record Struct(int id, String name, int size, List<Member> members) implements Composite {
    public Struct {
      members = List.copyOf(members);
    }

    @Override
    public BtfKind kind() {
      return BtfKind.STRUCT;
    }
  }

  record Union(int id, String name, int size, List<Member> members) implements Composite {
    public Union {
      members = List.copyOf(members);
    }

    @Override
    public BtfKind kind() {
      return BtfKind.UNION;
    }
  }

  record Enum(int id, String name, int size, boolean signed, List<Enumerator> values)
      implements Enumeration {
    public Enum {
      values = List.copyOf(values);
    }

    @Override
    public BtfKind kind() {
      return BtfKind.ENUM;
    }
  }

  record Enum64(int id, String name, int size, boolean signed, List<Enumerator> values)
      implements Enumeration {
    public Enum64 {
      values = List.copyOf(values);
    }

    @Override
    public BtfKind kind() {
      return BtfKind.ENUM64;
    }
  }

  /// A forward declaration of a struct or union.
  record Fwd(int id, String name, boolean union) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.FWD;
    }
  }

  record Typedef(int id, String name, int target) implements Reference {
    @Override
    public BtfKind kind() {
      return BtfKind.TYPEDEF;
    }
  }

  record Volatile(int id, int target) implements Reference {
    @Override
    public BtfKind kind() {
      return BtfKind.VOLATILE;
    }
  }

  record Const(int id, int target) implements Reference {
    @Override
    public BtfKind kind() {
      return BtfKind.CONST;
    }
  }

  record Restrict(int id, int target) implements Reference {
    @Override
    public BtfKind kind() {
      return BtfKind.RESTRICT;
    }
  }

  /// `btf_type_tag("name")` on the type referred to; with `attribute` any other `__attribute__`.
  record TypeTag(int id, String name, int target, boolean attribute) implements Reference {
    @Override
    public BtfKind kind() {
      return BtfKind.TYPE_TAG;
    }
  }

  /// A function; `proto` is the id of its FUNC_PROTO.
  record Func(int id, String name, int proto, Linkage linkage) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.FUNC;
    }
  }

  record FuncProto(int id, int returnType, List<Param> params) implements BtfType {
    public FuncProto {
      params = List.copyOf(params);
    }

    @Override
    public BtfKind kind() {
      return BtfKind.FUNC_PROTO;
    }
  }

  record Var(int id, String name, int type, Linkage linkage) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.VAR;
    }
  }

  record Datasec(int id, String name, int size, List<VarSecInfo> vars) implements BtfType {
    public Datasec {
      vars = List.copyOf(vars);
    }

    @Override
    public BtfKind kind() {
      return BtfKind.DATASEC;
    }
  }

  record Float(int id, String name, int size) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.FLOAT;
    }
  }

  /// `btf_decl_tag("name")` on a declaration.
  ///
  /// @param componentIdx index of the member or parameter tagged, -1 for the declaration itself
  record DeclTag(int id, String name, int target, int componentIdx, boolean attribute)
      implements Reference {
    @Override
    public BtfKind kind() {
      return BtfKind.DECL_TAG;
    }
  }
}
