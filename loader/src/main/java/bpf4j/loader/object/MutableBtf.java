package bpf4j.loader.object;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A `.BTF` section whose words can be changed, and that a variable can be added to: what the
/// loader has to write into the types that a compiler leaves unfinished.
///
/// Words are numbered as the BTF format has them: 0 name, 1 info, 2 size or type, then what the
/// kind adds.
final class MutableBtf {
  private static final int HEADER_SIZE = 24;

  private final boolean bigEndian;
  private int[] words;
  private int wordCount;
  private final int[] firstWord;
  private byte[] strings;
  private int addedTypes;
  private boolean changed;
  private Btf current;

  /// @param section a section that [Btf#parse] accepted as `parsed`
  MutableBtf(byte[] section, Btf parsed) {
    this.bigEndian = parsed.isBigEndian();
    this.current = parsed;
    ByteBuffer buf =
        ByteBuffer.wrap(section).order(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    int base = buf.getInt(4);
    int typesAt = base + buf.getInt(8);
    wordCount = buf.getInt(12) / 4;
    words = new int[wordCount];
    for (int i = 0; i < wordCount; i++) {
      words[i] = buf.getInt(typesAt + 4 * i);
    }
    int stringsAt = base + buf.getInt(16);
    strings = Arrays.copyOfRange(section, stringsAt, stringsAt + buf.getInt(20));
    firstWord = new int[parsed.typeCount()];
    int at = 0;
    for (int id = 1; id < firstWord.length; id++) {
      firstWord[id] = at;
      at += 3 + extraWords(parsed.kind(id), parsed.vlen(id));
    }
  }

  private static int extraWords(BtfKind kind, int vlen) {
    return switch (kind) {
      case INT, VAR, DECL_TAG -> 1;
      case ARRAY -> 3;
      case ENUM, FUNC_PROTO -> 2 * vlen;
      case STRUCT, UNION, DATASEC, ENUM64 -> 3 * vlen;
      case UNKN, PTR, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FLOAT, TYPE_TAG -> 0;
    };
  }

  int get(int id, int word) {
    return words[firstWord[id] + word];
  }

  void set(int id, int word, int value) {
    int at = firstWord[id] + word;
    changed |= words[at] != value;
    words[at] = value;
  }

  /// Adds a global variable and gives its id.
  int addGlobalVar(String name, int typeId) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    int nameOff = strings.length;
    strings = Arrays.copyOf(strings, nameOff + text.length + 1);
    System.arraycopy(text, 0, strings, nameOff, text.length);
    words = Arrays.copyOf(words, wordCount + 4);
    words[wordCount] = nameOff;
    words[wordCount + 1] = BtfKind.VAR.code() << 24;
    words[wordCount + 2] = typeId;
    words[wordCount + 3] = 1;
    wordCount += 4;
    changed = true;
    return firstWord.length + addedTypes++;
  }

  /// Offset in the strings of the name of a variable just added.
  int lastAddedNameOff() {
    return words[wordCount - 4];
  }

  /// The types as they stand now.
  Btf freeze() {
    if (changed) {
      ByteBuffer out =
          ByteBuffer.allocate(HEADER_SIZE + 4 * wordCount + strings.length)
              .order(bigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
      out.putShort((short) 0xeb9f).put((byte) 1).put((byte) 0).putInt(HEADER_SIZE);
      out.putInt(0).putInt(4 * wordCount).putInt(4 * wordCount).putInt(strings.length);
      for (int i = 0; i < wordCount; i++) {
        out.putInt(words[i]);
      }
      out.put(strings);
      current = Btf.parse(out.array());
      changed = false;
    }
    return current;
  }
}
