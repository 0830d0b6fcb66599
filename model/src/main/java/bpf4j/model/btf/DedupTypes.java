package bpf4j.model.btf;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The types of a [Btf] with words that can be rewritten while they are deduplicated: names become
/// offsets into a string section in which no string stands twice, references become canonical ids.
final class DedupTypes {
  final Btf btf;
  final int startId;
  final int typeCount;
  private final int[] words;
  private final int[] wordIdx;
  private final BtfBuilder strings;
  private final boolean keepStrings;
  private final Map<Integer, Integer> newStringOffs = new HashMap<>();

  /// @param keepStrings whether the strings stay as they are, each of them being there once
  DedupTypes(Btf btf, boolean keepStrings) {
    this.btf = btf;
    startId = btf.startId();
    typeCount = btf.typeCount();
    words = btf.ownWords().clone();
    wordIdx = btf.ownWordIdx();
    strings = keepStrings ? BtfBuilder.withStringsOf(btf) : new BtfBuilder(btf.base());
    strings.bigEndian(btf.isBigEndian());
    this.keepStrings = keepStrings;
    for (int id = startId; id < typeCount && !keepStrings; id++) {
      renameStrings(id);
    }
  }

  private void renameStrings(int id) {
    BtfKind kind = kind(id);
    for (int i = 0, n = kind.stringCount(vlen(id)); i < n; i++) {
      int at = kind.stringWord(i);
      set(id, at, newStringOff(word(id, at)));
    }
  }

  /// Offset in the new strings of the string that was at `off`.
  int newStringOff(int off) {
    return keepStrings
        ? off
        : newStringOffs.computeIfAbsent(off, o -> strings.addString(btf.string(o)));
  }

  BtfBuilder stringBuilder() {
    return strings;
  }

  int word(int id, int n) {
    return id == 0 ? 0 : id < startId ? btf.word(id, n) : words[wordIdx[id - startId] + n];
  }

  void set(int id, int n, int value) {
    words[wordIdx[id - startId] + n] = value;
  }

  /// Words of an own type, all of them.
  int[] wordsOf(int id) {
    int from = wordIdx[id - startId];
    int to = id + 1 < typeCount ? wordIdx[id + 1 - startId] : words.length;
    return Arrays.copyOfRange(words, from, to);
  }

  BtfKind kind(int id) {
    return id == 0 ? BtfKind.UNKN : BtfKind.of(word(id, 1) >>> 24 & 0x1f);
  }

  int vlen(int id) {
    return word(id, 1) & 0xffff;
  }

  boolean kindFlag(int id) {
    return word(id, 1) < 0;
  }

  int name(int id) {
    return word(id, 0);
  }

  /// Number of ids that the type holds, in its header and behind it.
  int refCount(int id) {
    return kind(id).refCount(vlen(id));
  }

  /// Which word of the type holds its `i`-th id.
  int refWord(int id, int i) {
    return kind(id).refWord(i);
  }

  int ref(int id, int i) {
    return word(id, refWord(id, i));
  }

  boolean sameHeader(int a, int b) {
    return word(a, 0) == word(b, 0) && word(a, 1) == word(b, 1) && word(a, 2) == word(b, 2);
  }

  /// Whether all words are equal, references included.
  boolean sameWords(int a, int b) {
    if (!sameHeader(a, b)) {
      return false;
    }
    for (int i = Btf.HEADER_WORDS, n = wordCount(a); i < n; i++) {
      if (word(a, i) != word(b, i)) {
        return false;
      }
    }
    return true;
  }

  private int wordCount(int id) {
    BtfKind kind = kind(id);
    int records = kind.recordWords() == 0 ? 0 : kind.recordWords() * vlen(id);
    return Btf.HEADER_WORDS + kind.fixedWords() + records;
  }

  /// Whether two structs or unions are equal save for the types of their members.
  boolean sameMembers(int a, int b) {
    if (!sameHeader(a, b)) {
      return false;
    }
    for (int i = 0, n = vlen(a); i < n; i++) {
      int at = Btf.HEADER_WORDS + 3 * i;
      if (word(a, at) != word(b, at) || word(a, at + 2) != word(b, at + 2)) {
        return false;
      }
    }
    return true;
  }

  /// Whether two prototypes are equal save for the types they mention.
  boolean sameParams(int a, int b) {
    if (word(a, 0) != word(b, 0) || word(a, 1) != word(b, 1)) {
      return false;
    }
    for (int i = 0, n = vlen(a); i < n; i++) {
      int at = Btf.HEADER_WORDS + 2 * i;
      if (word(a, at) != word(b, at)) {
        return false;
      }
    }
    return true;
  }

  boolean isEnumDeclaration(int id) {
    return kind(id).isAnyEnum() && vlen(id) == 0;
  }

  /// Whether two enums are equal, or one of them only declares what the other defines.
  boolean enumsCompatible(int a, int b) {
    if (!isEnumDeclaration(a) && !isEnumDeclaration(b)) {
      return sameWords(a, b);
    }
    return name(a) == name(b) && kind(a).isAnyEnum() && kind(b).isAnyEnum();
  }

  /// Hash over what makes types of this kind equal before their references are known.
  long hash(int id) {
    BtfKind kind = kind(id);
    if (kind.isAnyEnum()) {
      // A declaration must meet its definition, so only the name counts.
      return name(id);
    }
    long h = (word(id, 0) * 31L + word(id, 1)) * 31 + word(id, 2);
    int n = wordCount(id);
    for (int i = Btf.HEADER_WORDS; i < n; i++) {
      boolean memberType = kind.isComposite() && (i - Btf.HEADER_WORDS) % 3 == 1;
      h = memberType ? h : h * 31 + word(id, i);
    }
    return h;
  }

  /// The kind of definition that a forward declaration stands for.
  BtfKind declaredKind(int fwd) {
    return kindFlag(fwd) ? BtfKind.UNION : BtfKind.STRUCT;
  }
}
