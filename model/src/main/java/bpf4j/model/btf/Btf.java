package bpf4j.model.btf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// BTF types by id, and their strings: one `.BTF` section, possibly split over a base.
///
/// The words of the type section are kept packed in one array, in file order and native byte order;
/// the accessors that take an id read them without allocation. [#type] makes a view of one type.
/// Ids run from 1 to `typeCount() - 1`, those of a base first; 0 is `void`. Every id and string
/// offset inside the types has been checked by [#parse]; an id from elsewhere must be checked with
/// [#isValidId], for the accessors throw [IndexOutOfBoundsException] on others.
///
/// Immutable and safe to share between threads.
///
/// ```
/// word 0  name_off
/// word 1  info: vlen 0..15, kind 24..28, kind_flag 31
/// word 2  size or type
/// then    what the kind adds
/// ```
public final class Btf {
  /// Encoding bit of a signed INT.
  public static final int INT_SIGNED = 1;

  /// Encoding bit of a character INT.
  public static final int INT_CHAR = 1 << 1;

  /// Encoding bit of a boolean INT.
  public static final int INT_BOOL = 1 << 2;

  /// Chains of modifiers, typedefs and arrays deeper than this do not resolve, as in libbpf.
  static final int MAX_RESOLVE_DEPTH = 32;

  static final int HEADER_WORDS = 3;

  private static final BtfType.Void VOID = new BtfType.Void();

  private final @Nullable Btf base;
  private final boolean bigEndian;
  private final int startId;
  private final int startStrOff;
  private final int[] words;
  private final int[] wordIdx;
  private final byte[] strings;
  private volatile @Nullable BtfNames names;
  private volatile long @Nullable [] declTags;
  private volatile @Nullable BtfAlignments alignments;
  private volatile int ptrSize;

  /// @param words the type section, in native order
  /// @param wordIdx where each own type starts in `words`
  /// @param strings the string section
  Btf(@Nullable Btf base, boolean bigEndian, int[] words, int[] wordIdx, byte[] strings) {
    this.base = base;
    this.bigEndian = bigEndian;
    this.startId = base == null ? 1 : base.typeCount();
    this.startStrOff = base == null ? 0 : base.stringsEnd();
    this.words = words;
    this.wordIdx = wordIdx;
    this.strings = strings;
  }

  /// Parses the contents of a `.BTF` section. Throws [BtfException] on whatever libbpf's checks
  /// refuse, and on chains of modifiers or by-value members that end in themselves.
  public static Btf parse(byte[] section) {
    return parse(section, null);
  }

  /// Parses split BTF, whose type ids and string offsets go on where those of `base` end.
  public static Btf parse(byte[] section, @Nullable Btf base) {
    return new BtfParser(section, base).parse();
  }

  /// The contents of a `.BTF` section with these types, in their byte order; a base is left out.
  public byte[] encode() {
    int typeLen = words.length * 4;
    var buf =
        ByteBuffer.allocate(Math.addExact(BtfParser.HEADER_LEN + typeLen, strings.length))
            .order(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    buf.putShort((short) BtfParser.MAGIC).put((byte) 1).put((byte) 0).putInt(BtfParser.HEADER_LEN);
    buf.putInt(0).putInt(typeLen).putInt(typeLen).putInt(strings.length);
    buf.asIntBuffer().put(words);
    return buf.position(BtfParser.HEADER_LEN + typeLen).put(strings).array();
  }

  /// The BTF this one is split over, or null.
  public @Nullable Btf base() {
    return base;
  }

  /// Byte order of the section it was parsed from.
  public boolean isBigEndian() {
    return bigEndian;
  }

  /// First id after the last type (`btf__type_cnt`): void and the base's types are counted.
  public int typeCount() {
    return startId + wordIdx.length;
  }

  /// First id that is not the base's.
  public int startId() {
    return startId;
  }

  /// Whether `id` names a type, `void` included.
  public boolean isValidId(int id) {
    return Integer.compareUnsigned(id, typeCount()) < 0;
  }

  /// First string offset after the last string.
  int stringsEnd() {
    return startStrOff + strings.length;
  }

  /// Whether `off` lies inside the strings.
  public boolean isValidString(int off) {
    return Integer.compareUnsigned(off, stringsEnd()) < 0;
  }

  private Btf owner(int id) {
    Btf owner = this;
    while (id < owner.startId && owner.base != null) {
      owner = owner.base;
    }
    return owner;
  }

  private Btf stringOwner(int off) {
    Btf owner = this;
    while (Integer.compareUnsigned(off, owner.startStrOff) < 0 && owner.base != null) {
      owner = owner.base;
    }
    return owner;
  }

  /// Word `n` of type `id`, which must not be 0.
  int word(int id, int n) {
    if (id >= startId) {
      return words[wordIdx[id - startId] + n];
    }
    Btf owner = owner(id);
    return owner.words[owner.wordIdx[id - owner.startId] + n];
  }

  // Own words and strings, for the encoder and the name index.
  int[] ownWords() {
    return words;
  }

  int[] ownWordIdx() {
    return wordIdx;
  }

  byte[] ownStrings() {
    return strings;
  }

  /// The bytes that hold the string at `off`, which must be valid; it starts at [#stringIndex].
  byte[] stringBytes(int off) {
    return stringOwner(off).strings;
  }

  /// Where the string at `off` starts in [#stringBytes].
  int stringIndex(int off) {
    return off - stringOwner(off).startStrOff;
  }

  /// Bytes of the string at `off`, counted up to `limit`.
  int stringLength(int off, int limit) {
    Btf owner = stringOwner(off);
    int from = off - owner.startStrOff;
    int len = 0;
    while (len < limit && owner.strings[from + len] != 0) {
      len++;
    }
    return len;
  }

  /// The string at a byte offset of the string section. Throws [BtfException] when it lies outside.
  public String string(int off) {
    if (off == 0) {
      return "";
    }
    if (!isValidString(off)) {
      throw new BtfException(
          "btf: string offset " + Integer.toUnsignedString(off) + " is outside the strings");
    }
    return new String(
        stringBytes(off),
        stringIndex(off),
        stringLength(off, Integer.MAX_VALUE),
        StandardCharsets.UTF_8);
  }

  /// Whether the string at `off` is `text`.
  public boolean stringEquals(int off, String text) {
    int len = text.length();
    Btf owner = stringOwner(off);
    int from = off - owner.startStrOff;
    if (!isValidString(off) || (long) from + len >= owner.strings.length) {
      return off == 0 && len == 0;
    }
    for (int i = 0; i < len; i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        return string(off).equals(text);
      }
      if (owner.strings[from + i] != c) {
        return false;
      }
    }
    return owner.strings[from + len] == 0;
  }

  boolean stringEquals(int off, byte[] text, int textFrom, int len) {
    Btf owner = stringOwner(off);
    int from = off - owner.startStrOff;
    return (long) from + len < owner.strings.length
        && Arrays.equals(owner.strings, from, from + len, text, textFrom, textFrom + len)
        && owner.strings[from + len] == 0;
  }

  /// Offset of the type's name, 0 for an anonymous one.
  public int nameOff(int id) {
    return id == 0 ? 0 : word(id, 0);
  }

  /// The type's name, empty for an anonymous type and for `void`.
  public String name(int id) {
    int off = nameOff(id);
    return off == 0 ? "" : string(off);
  }

  /// Whether the type is called `text`.
  public boolean nameEquals(int id, String text) {
    return stringEquals(nameOff(id), text);
  }

  /// Whether the type has no name.
  public boolean isAnonymous(int id) {
    return stringEquals(nameOff(id), "");
  }

  public BtfKind kind(int id) {
    return id == 0 ? BtfKind.UNKN : BtfKind.of(word(id, 1) >>> 24 & 0x1f);
  }

  public boolean isKind(int id, BtfKind kind) {
    return kind(id) == kind;
  }

  /// Number of members, enumerators, parameters or variables; a FUNC's linkage.
  public int vlen(int id) {
    return id == 0 ? 0 : word(id, 1) & 0xffff;
  }

  /// Bit 31 of `info`: bitfield offsets in a struct, `union` in a FWD, signedness of an enum.
  public boolean kindFlag(int id) {
    return id != 0 && word(id, 1) < 0;
  }

  /// Size in bytes (unsigned) of an INT, STRUCT, UNION, ENUM, ENUM64, DATASEC or FLOAT.
  public int size(int id) {
    return id == 0 ? 0 : word(id, 2);
  }

  /// The type that a PTR, TYPEDEF, modifier, FUNC, VAR or tag refers to, or that a FUNC_PROTO
  /// returns.
  public int target(int id) {
    return id == 0 ? 0 : word(id, 2);
  }

  /// Encoding bits of an INT.
  public int intEncoding(int id) {
    return word(id, 3) >>> 24 & 0xf;
  }

  /// First bit used by an INT.
  public int intBitOffset(int id) {
    return word(id, 3) >>> 16 & 0xff;
  }

  /// Number of bits used by an INT.
  public int intBits(int id) {
    return word(id, 3) & 0xff;
  }

  /// Element type of an ARRAY.
  public int arrayElement(int id) {
    return word(id, 3);
  }

  /// Index type of an ARRAY.
  public int arrayIndex(int id) {
    return word(id, 4);
  }

  /// Number of elements of an ARRAY, unsigned.
  public int arrayLength(int id) {
    return word(id, 5);
  }

  private int record(int id, int i, int recordWords, int n) {
    if (i < 0 || i >= vlen(id)) {
      throw new IndexOutOfBoundsException(
          "type [" + id + "] has " + vlen(id) + " records, not one with index " + i);
    }
    return word(id, HEADER_WORDS + i * recordWords + n);
  }

  /// Offset of the name of member `i` of a STRUCT or UNION.
  public int memberNameOff(int id, int i) {
    return record(id, i, 3, 0);
  }

  /// Name of member `i` of a STRUCT or UNION, empty for an anonymous one.
  public String memberName(int id, int i) {
    return string(record(id, i, 3, 0));
  }

  /// Type of member `i` of a STRUCT or UNION.
  public int memberType(int id, int i) {
    return record(id, i, 3, 1);
  }

  /// Offset in bits of member `i` of a STRUCT or UNION, unsigned.
  public int memberBitOffset(int id, int i) {
    int offset = record(id, i, 3, 2);
    return kindFlag(id) ? offset & 0xffffff : offset;
  }

  /// Width in bits of member `i` if it is a bitfield, else 0. Old BTF without `kind_flag` says it
  /// in the member's INT instead, and is 0 here.
  public int memberBitfieldSize(int id, int i) {
    int offset = record(id, i, 3, 2);
    return kindFlag(id) ? offset >>> 24 : 0;
  }

  /// Index of the member called `name`, or -1.
  public int memberIndex(int id, String name) {
    for (int i = 0, n = vlen(id); i < n; i++) {
      if (stringEquals(memberNameOff(id, i), name)) {
        return i;
      }
    }
    return -1;
  }

  /// Name of value `i` of an ENUM or ENUM64.
  public String enumName(int id, int i) {
    return string(enumNameOff(id, i));
  }

  /// Offset of the name of value `i` of an ENUM or ENUM64.
  public int enumNameOff(int id, int i) {
    return record(id, i, kind(id).recordWords(), 0);
  }

  /// Value `i` of an ENUM or ENUM64, sign-extended where the enum is signed.
  public long enumValue(int id, int i) {
    if (kind(id) == BtfKind.ENUM64) {
      return Integer.toUnsignedLong(record(id, i, 3, 1)) | (long) record(id, i, 3, 2) << 32;
    }
    int value = record(id, i, 2, 1);
    return kindFlag(id) ? value : Integer.toUnsignedLong(value);
  }

  /// Name of parameter `i` of a FUNC_PROTO, empty where it has none.
  public String paramName(int id, int i) {
    return string(record(id, i, 2, 0));
  }

  /// Offset of the name of parameter `i` of a FUNC_PROTO.
  public int paramNameOff(int id, int i) {
    return record(id, i, 2, 0);
  }

  /// Type of parameter `i` of a FUNC_PROTO.
  public int paramType(int id, int i) {
    return record(id, i, 2, 1);
  }

  /// Type of entry `i` of a DATASEC: a VAR (or a FUNC, for `.ksyms`).
  public int varSecType(int id, int i) {
    return record(id, i, 3, 0);
  }

  /// Offset in bytes of entry `i` of a DATASEC.
  public int varSecOffset(int id, int i) {
    return record(id, i, 3, 1);
  }

  /// Size in bytes of entry `i` of a DATASEC.
  public int varSecSize(int id, int i) {
    return record(id, i, 3, 2);
  }

  /// Linkage number of a FUNC or VAR: 0 static, 1 global, 2 extern.
  public int linkage(int id) {
    return kind(id) == BtfKind.FUNC ? vlen(id) : word(id, 3);
  }

  /// Member or parameter that a DECL_TAG is on, -1 for the declaration itself.
  public int declTagComponent(int id) {
    return word(id, 3);
  }

  /// Lowest id of a type of this name and kind, the base's first, or 0 where there is none.
  public int find(String name, BtfKind kind) {
    if (base != null) {
      int id = base.find(name, kind);
      if (id != 0) {
        return id;
      }
    }
    return findOwn(name, kind);
  }

  /// Lowest id of a type of this name and kind that is not the base's, or 0.
  public int findOwn(String name, BtfKind kind) {
    return names().find(name, kind);
  }

  /// Lowest id of a type of this name, whatever its kind, or 0.
  public int find(String name) {
    if (base != null) {
      int id = base.find(name);
      if (id != 0) {
        return id;
      }
    }
    return names().find(name, null);
  }

  private BtfNames names() {
    BtfNames index = names;
    if (index == null) {
      index = new BtfNames(this);
      names = index;
    }
    return index;
  }

  /// Ids of the DECL_TAGs on a type or on one of its members or parameters, in rising order; found
  /// through an index, so cheap however many types there are. [#declTagComponent] tells which is
  /// meant.
  public int[] declTags(int typeId) {
    long[] index = declTags;
    if (index == null) {
      index = indexDeclTags();
      declTags = index;
    }
    int at = Arrays.binarySearch(index, (long) typeId << 32);
    int from = at < 0 ? -at - 1 : at;
    int to = from;
    while (to < index.length && (int) (index[to] >>> 32) == typeId) {
      to++;
    }
    int[] ids = new int[to - from];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (int) index[from + i];
    }
    return ids;
  }

  /// Whether `btf_decl_tag("value")` is on member or parameter `component` of a type, or on the
  /// type itself for -1.
  public boolean hasDeclTag(int typeId, int component, String value) {
    for (int tag : declTags(typeId)) {
      if (declTagComponent(tag) == component && nameEquals(tag, value)) {
        return true;
      }
    }
    return false;
  }

  /// Target in the high half, tag in the low half, sorted.
  private long[] indexDeclTags() {
    long[] index = new long[16];
    int count = 0;
    for (int id = 1; id < typeCount(); id++) {
      if (kind(id) == BtfKind.DECL_TAG) {
        if (count == index.length) {
          index = Arrays.copyOf(index, count * 2);
        }
        index[count++] = (long) target(id) << 32 | id;
      }
    }
    index = Arrays.copyOf(index, count);
    Arrays.sort(index);
    return index;
  }

  /// The first type of the chain that is no modifier, type tag or typedef.
  public int skipModsAndTypedefs(int id) {
    int at = id;
    while (true) {
      BtfKind kind = kind(at);
      if (!kind.isModifier() && kind != BtfKind.TYPEDEF) {
        return at;
      }
      at = target(at);
    }
  }

  /// The first type of the chain that is no modifier or type tag; typedefs stay.
  public int skipMods(int id) {
    int at = id;
    while (kind(at).isModifier()) {
      at = target(at);
    }
    return at;
  }

  /// Size of a pointer in bytes: that of a type called `long`, in any of its spellings, else 8.
  public int pointerSize() {
    int size = ptrSize;
    if (size == 0) {
      size = base != null ? base.guessedPointerSize() : 0;
      if (size == 0) {
        size = BtfSizes.guessPointerSize(this);
      }
      ptrSize = size = size == 0 ? -1 : size;
    }
    return size < 0 ? 8 : size;
  }

  /// As [#pointerSize], 0 where no type tells.
  int guessedPointerSize() {
    pointerSize();
    return Math.max(ptrSize, 0);
  }

  /// Size of a type in bytes, or -1 where it has none (`void`, FWD, FUNC, FUNC_PROTO), where the
  /// chain is deeper than 32 or where the size does not fit 32 bits. As `btf__resolve_size`.
  public long resolveSize(int id) {
    return BtfSizes.resolveSize(this, id);
  }

  /// Alignment of a type in bytes, 1 for a packed struct, 0 where it has none. As `btf__align_of`.
  public int alignOf(int id) {
    BtfAlignments shared = alignments;
    if (shared == null) {
      shared = new BtfAlignments(this);
      alignments = shared;
    }
    return shared.of(id);
  }

  /// A view of one type.
  public BtfType type(int id) {
    if (id == 0) {
      return VOID;
    }
    String name = name(id);
    return switch (kind(id)) {
      case UNKN -> VOID;
      case INT ->
          new BtfType.Int(id, name, size(id), intEncoding(id), intBitOffset(id), intBits(id));
      case PTR -> new BtfType.Ptr(id, target(id));
      case ARRAY -> new BtfType.Array(id, arrayElement(id), arrayIndex(id), arrayLength(id));
      case STRUCT -> new BtfType.Struct(id, name, size(id), members(id));
      case UNION -> new BtfType.Union(id, name, size(id), members(id));
      case ENUM -> new BtfType.Enum(id, name, size(id), kindFlag(id), enumerators(id));
      case ENUM64 -> new BtfType.Enum64(id, name, size(id), kindFlag(id), enumerators(id));
      case FWD -> new BtfType.Fwd(id, name, kindFlag(id));
      case TYPEDEF -> new BtfType.Typedef(id, name, target(id));
      case VOLATILE -> new BtfType.Volatile(id, target(id));
      case CONST -> new BtfType.Const(id, target(id));
      case RESTRICT -> new BtfType.Restrict(id, target(id));
      case TYPE_TAG -> new BtfType.TypeTag(id, name, target(id), kindFlag(id));
      case FUNC -> new BtfType.Func(id, name, target(id), linkageOf(id));
      case FUNC_PROTO -> new BtfType.FuncProto(id, target(id), params(id));
      case VAR -> new BtfType.Var(id, name, target(id), linkageOf(id));
      case DATASEC -> new BtfType.Datasec(id, name, size(id), vars(id));
      case FLOAT -> new BtfType.Float(id, name, size(id));
      case DECL_TAG ->
          new BtfType.DeclTag(id, name, target(id), declTagComponent(id), kindFlag(id));
    };
  }

  private BtfType.Linkage linkageOf(int id) {
    return switch (linkage(id)) {
      case 0 -> BtfType.Linkage.STATIC;
      case 1 -> BtfType.Linkage.GLOBAL;
      case 2 -> BtfType.Linkage.EXTERN;
      default -> BtfType.Linkage.UNKNOWN;
    };
  }

  private List<BtfType.Member> members(int id) {
    int n = vlen(id);
    var list = new ArrayList<BtfType.Member>(n);
    for (int i = 0; i < n; i++) {
      list.add(
          new BtfType.Member(
              memberName(id, i),
              memberType(id, i),
              memberBitOffset(id, i),
              memberBitfieldSize(id, i)));
    }
    return list;
  }

  private List<BtfType.Enumerator> enumerators(int id) {
    int n = vlen(id);
    var list = new ArrayList<BtfType.Enumerator>(n);
    for (int i = 0; i < n; i++) {
      list.add(new BtfType.Enumerator(enumName(id, i), enumValue(id, i)));
    }
    return list;
  }

  private List<BtfType.Param> params(int id) {
    int n = vlen(id);
    var list = new ArrayList<BtfType.Param>(n);
    for (int i = 0; i < n; i++) {
      list.add(new BtfType.Param(paramName(id, i), paramType(id, i)));
    }
    return list;
  }

  private List<BtfType.VarSecInfo> vars(int id) {
    int n = vlen(id);
    var list = new ArrayList<BtfType.VarSecInfo>(n);
    for (int i = 0; i < n; i++) {
      list.add(new BtfType.VarSecInfo(varSecType(id, i), varSecOffset(id, i), varSecSize(id, i)));
    }
    return list;
  }
}
