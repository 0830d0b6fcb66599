package bpf4j.model.btf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/// Builds BTF type by type, as libbpf's `btf__add_*` do.
///
/// Each `add…` returns the new type's id. A type may refer to one that is added later, by the id it
/// will get ([#nextId] and up); [#build] checks that all references are sound.
///
/// ```java
/// var b = new BtfBuilder();
/// int u32 = b.addInt("unsigned int", 4, 0);
/// int key = b.addStruct("flow_key", 8, List.of(
///     new BtfType.Member("saddr", u32, 0, 0), new BtfType.Member("daddr", u32, 32, 0)));
/// Btf btf = b.build();
/// ```
public final class BtfBuilder {
  private final @Nullable Btf base;
  private boolean bigEndian;
  private int[] words = new int[64];
  private int wordCount;
  private int[] wordIdx = new int[16];
  private int typeCount;
  private byte[] strings = new byte[64];
  private int stringsLen;
  private final int firstId;
  private final int firstStringOff;

  /// Offset of each string of ours and, once one has been looked for, of the base.
  private final Map<String, Integer> stringOffs = new HashMap<>();

  /// Starts empty.
  public BtfBuilder() {
    this(null);
  }

  /// Starts empty over `base`, whose types and strings may be referred to.
  public BtfBuilder(@Nullable Btf base) {
    this.base = base;
    firstId = base == null ? 1 : base.typeCount();
    firstStringOff = base == null ? 0 : base.stringsEnd();
    if (base == null) {
      stringsLen = 1;
      stringOffs.put("", 0);
    } else {
      for (Btf at = base; at != null; at = at.base()) {
        indexStrings(at.ownStrings(), at.stringsEnd() - at.ownStrings().length);
      }
    }
  }

  /// Starts with a copy of `btf`, over the same base, to add to it or to change sizes and offsets.
  public static BtfBuilder copyOf(Btf btf) {
    var builder = new BtfBuilder(btf.base());
    builder.bigEndian = btf.isBigEndian();
    builder.words = btf.ownWords().clone();
    builder.wordCount = builder.words.length;
    builder.wordIdx = btf.ownWordIdx().clone();
    builder.typeCount = builder.wordIdx.length;
    builder.strings = btf.ownStrings().clone();
    builder.stringsLen = builder.strings.length;
    builder.indexStrings(builder.strings, builder.firstStringOff);
    return builder;
  }

  /// Starts without types, with the strings of `btf` at their offsets.
  static BtfBuilder withStringsOf(Btf btf) {
    var builder = copyOf(btf);
    builder.wordCount = 0;
    builder.typeCount = 0;
    return builder;
  }

  private void indexStrings(byte[] bytes, int firstOff) {
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        stringOffs.putIfAbsent(
            new String(bytes, from, i - from, StandardCharsets.UTF_8), firstOff + from);
        from = i + 1;
      }
    }
  }

  /// Id that the next type added will get.
  public int nextId() {
    return firstId + typeCount;
  }

  /// Byte order that [Btf#encode] will use; little-endian if not set.
  public BtfBuilder bigEndian(boolean big) {
    bigEndian = big;
    return this;
  }

  /// Offset of `text` in the strings, which is added where it is new.
  public int addString(String text) {
    Integer known = stringOffs.get(text);
    if (known != null) {
      return known;
    }
    if (text.indexOf(0) >= 0) {
      throw new IllegalArgumentException("a BTF string holds no zero byte");
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int need = Math.addExact(stringsLen, bytes.length + 1);
    if (need > strings.length) {
      strings = Arrays.copyOf(strings, Math.max(need, strings.length * 2));
    }
    System.arraycopy(bytes, 0, strings, stringsLen, bytes.length);
    int off = firstStringOff + stringsLen;
    stringsLen = need;
    stringOffs.put(text, off);
    return off;
  }

  private int add(String name, BtfKind kind, boolean kindFlag, int vlen, int sizeOrType) {
    if (vlen < 0 || vlen > 0xffff) {
      throw new IllegalArgumentException(vlen + " records; a type holds at most 65535");
    }
    int nameOff = addString(name);
    if (typeCount == wordIdx.length) {
      wordIdx = Arrays.copyOf(wordIdx, typeCount * 2);
    }
    wordIdx[typeCount] = wordCount;
    word(nameOff);
    word((kindFlag ? 1 << 31 : 0) | kind.code() << 24 | vlen);
    word(sizeOrType);
    return firstId + typeCount++;
  }

  private void word(int value) {
    if (wordCount == words.length) {
      words = Arrays.copyOf(words, Math.max(16, wordCount * 2));
    }
    words[wordCount++] = value;
  }

  /// Adds an INT of `size` bytes (1, 2, 4, 8 or 16) that uses all of them.
  public int addInt(String name, int size, int encoding) {
    return addInt(name, size, encoding, 0, size * 8);
  }

  /// Adds an INT that uses `bits` bits from `bitOffset` on.
  public int addInt(String name, int size, int encoding, int bitOffset, int bits) {
    if (size <= 0 || size > 16 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException("an INT has 1, 2, 4, 8 or 16 bytes, not " + size);
    }
    int id = add(name, BtfKind.INT, false, 0, size);
    word((encoding & 0xf) << 24 | (bitOffset & 0xff) << 16 | (bits & 0xff));
    return id;
  }

  public int addFloat(String name, int size) {
    return add(name, BtfKind.FLOAT, false, 0, size);
  }

  public int addPtr(int target) {
    return add("", BtfKind.PTR, false, 0, target);
  }

  public int addConst(int target) {
    return add("", BtfKind.CONST, false, 0, target);
  }

  public int addVolatile(int target) {
    return add("", BtfKind.VOLATILE, false, 0, target);
  }

  public int addRestrict(int target) {
    return add("", BtfKind.RESTRICT, false, 0, target);
  }

  public int addTypedef(String name, int target) {
    return add(name, BtfKind.TYPEDEF, false, 0, target);
  }

  /// Adds `btf_type_tag("value")` on `target`.
  public int addTypeTag(String value, int target) {
    return add(value, BtfKind.TYPE_TAG, false, 0, target);
  }

  /// Adds an array of `nelems` (unsigned) elements.
  public int addArray(int indexType, int elementType, int nelems) {
    int id = add("", BtfKind.ARRAY, false, 0, 0);
    word(elementType);
    word(indexType);
    word(nelems);
    return id;
  }

  public int addStruct(String name, int size, List<BtfType.Member> members) {
    return addComposite(BtfKind.STRUCT, name, size, members);
  }

  public int addUnion(String name, int size, List<BtfType.Member> members) {
    return addComposite(BtfKind.UNION, name, size, members);
  }

  private int addComposite(BtfKind kind, String name, int size, List<BtfType.Member> members) {
    boolean bitfields = members.stream().anyMatch(m -> m.bitfieldSize() != 0);
    int id = add(name, kind, bitfields, members.size(), size);
    for (var member : members) {
      if (bitfields && (member.bitOffset() >>> 24 != 0 || member.bitfieldSize() >>> 8 != 0)) {
        throw new IllegalArgumentException(
            "bit offset of " + member.name() + " does not fit a struct with bitfields");
      }
      word(addString(member.name()));
      word(member.type());
      word(bitfields ? member.bitfieldSize() << 24 | member.bitOffset() : member.bitOffset());
    }
    return id;
  }

  /// Adds an enum whose values have 32 bits.
  public int addEnum(String name, int size, boolean signed, List<BtfType.Enumerator> values) {
    int id = add(name, BtfKind.ENUM, signed, values.size(), size);
    for (var value : values) {
      word(addString(value.name()));
      word((int) value.value());
    }
    return id;
  }

  /// Adds an enum whose values have 64 bits.
  public int addEnum64(String name, int size, boolean signed, List<BtfType.Enumerator> values) {
    int id = add(name, BtfKind.ENUM64, signed, values.size(), size);
    for (var value : values) {
      word(addString(value.name()));
      word((int) value.value());
      word((int) (value.value() >>> 32));
    }
    return id;
  }

  /// Adds a forward declaration of a struct or union.
  public int addFwd(String name, boolean union) {
    return add(name, BtfKind.FWD, union, 0, 0);
  }

  public int addFuncProto(int returnType, List<BtfType.Param> params) {
    int id = add("", BtfKind.FUNC_PROTO, false, params.size(), returnType);
    for (var param : params) {
      word(addString(param.name()));
      word(param.type());
    }
    return id;
  }

  public int addFunc(String name, BtfType.Linkage linkage, int proto) {
    return add(name, BtfKind.FUNC, false, linkage.ordinal(), proto);
  }

  public int addVar(String name, BtfType.Linkage linkage, int type) {
    int id = add(name, BtfKind.VAR, false, 0, type);
    word(linkage.ordinal());
    return id;
  }

  public int addDatasec(String name, int size, List<BtfType.VarSecInfo> vars) {
    int id = add(name, BtfKind.DATASEC, false, vars.size(), size);
    for (var v : vars) {
      word(v.type());
      word(v.offset());
      word(v.size());
    }
    return id;
  }

  /// Adds `btf_decl_tag("value")` on `target`, on its member or parameter `componentIdx`, or on
  /// itself for -1.
  public int addDeclTag(String value, int target, int componentIdx) {
    int id = add(value, BtfKind.DECL_TAG, false, 0, target);
    word(componentIdx);
    return id;
  }

  /// Adds all own types of `other` behind those here, as `btf__add_btf` does: ids in them move by
  /// the number returned, and their strings are added.
  public int addAll(Btf other) {
    int shift = nextId() - 1;
    for (int id = 1; id < other.typeCount(); id++) {
      mapRefs(addCopy(other, id), ref -> ref == 0 ? 0 : ref + shift);
    }
    return shift;
  }

  /// Adds a copy of one type of `other` and its strings, as `btf__add_type` does. The ids in it are
  /// still those of `other`; [#mapRefs] puts that right.
  public int addCopy(Btf other, int id) {
    if (other.base() != null) {
      throw new IllegalArgumentException("split BTF cannot be added without its base");
    }
    BtfKind kind = other.kind(id);
    int vlen = other.vlen(id);
    int records = kind.recordWords() == 0 ? 0 : vlen * kind.recordWords();
    int[] type = new int[Btf.HEADER_WORDS + kind.fixedWords() + records];
    for (int i = 0; i < type.length; i++) {
      type[i] = other.word(id, i);
    }
    for (int i = 0, n = kind.stringCount(vlen); i < n; i++) {
      type[kind.stringWord(i)] = addString(other.string(type[kind.stringWord(i)]));
    }
    addWords(type);
    return nextId() - 1;
  }

  /// Replaces every id that type `id` refers to.
  public void mapRefs(int id, IntUnaryOperator newId) {
    int start = startOf(id);
    BtfKind kind = BtfKind.of(words[start + 1] >>> 24 & 0x1f);
    for (int i = 0, n = kind.refCount(words[start + 1] & 0xffff); i < n; i++) {
      int at = start + kind.refWord(i);
      words[at] = newId.applyAsInt(words[at]);
    }
  }

  private int startOf(int id) {
    if (id < firstId || id >= nextId()) {
      throw new IndexOutOfBoundsException("no own type with id " + id);
    }
    return wordIdx[id - firstId];
  }

  /// Adds a type whose words are ready.
  void addWords(int[] type) {
    if (typeCount == wordIdx.length) {
      wordIdx = Arrays.copyOf(wordIdx, typeCount * 2);
    }
    wordIdx[typeCount++] = wordCount;
    for (int word : type) {
      word(word);
    }
  }

  private int at(int id, BtfKind... kinds) {
    int start = startOf(id);
    BtfKind kind = BtfKind.of(words[start + 1] >>> 24 & 0x1f);
    if (!Arrays.asList(kinds).contains(kind)) {
      throw new IllegalArgumentException("type [" + id + "] is a " + kind);
    }
    return start;
  }

  /// Sets the size of a DATASEC, which compilers leave 0.
  public BtfBuilder setDatasecSize(int id, int size) {
    words[at(id, BtfKind.DATASEC) + 2] = size;
    return this;
  }

  /// Sets place and size of variable `i` of a DATASEC, which compilers leave to the linker.
  public BtfBuilder setVarSec(int id, int i, int offset, int size) {
    int start = at(id, BtfKind.DATASEC);
    int record = start + Btf.HEADER_WORDS + 3 * Objects.checkIndex(i, words[start + 1] & 0xffff);
    words[record + 1] = offset;
    words[record + 2] = size;
    return this;
  }

  /// Sets the type of a VAR, or the prototype of a FUNC.
  public BtfBuilder setTarget(int id, int type) {
    words[at(id, BtfKind.VAR, BtfKind.FUNC) + 2] = type;
    return this;
  }

  /// Names parameter `i` of a FUNC_PROTO.
  public BtfBuilder setParamName(int id, int i, String name) {
    int start = at(id, BtfKind.FUNC_PROTO);
    int record = start + Btf.HEADER_WORDS + 2 * Objects.checkIndex(i, words[start + 1] & 0xffff);
    words[record] = addString(name);
    return this;
  }

  /// Sets the linkage of a FUNC or VAR.
  public BtfBuilder setLinkage(int id, BtfType.Linkage linkage) {
    int start = at(id, BtfKind.FUNC, BtfKind.VAR);
    if ((words[start + 1] >>> 24 & 0x1f) == BtfKind.FUNC.code()) {
      words[start + 1] = (words[start + 1] & ~0xffff) | linkage.ordinal();
    } else {
      words[start + Btf.HEADER_WORDS] = linkage.ordinal();
    }
    return this;
  }

  /// The types added so far. Throws [BtfException] where one refers to nothing or contains itself.
  public Btf build() {
    var btf =
        new Btf(
            base,
            bigEndian,
            Arrays.copyOf(words, wordCount),
            Arrays.copyOf(wordIdx, typeCount),
            Arrays.copyOf(strings, stringsLen));
    new BtfChecks(btf).run();
    return btf;
  }
}
