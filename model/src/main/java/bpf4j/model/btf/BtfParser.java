package bpf4j.model.btf;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reads a `.BTF` section: header, layout, types; then checks every reference.
///
/// ```
/// 0  magic 0xeb9f   2 version   3 flags
/// 4  hdr_len        8 type_off  12 type_len  16 str_off  20 str_len   (offsets from hdr_len)
/// ```
final class BtfParser {
  static final int MAGIC = 0xeb9f;
  static final int HEADER_LEN = 24;

  private final byte[] data;
  private final @Nullable Btf base;
  private boolean bigEndian;

  BtfParser(byte[] data, @Nullable Btf base) {
    this.data = data;
    this.base = base;
  }

  Btf parse() {
    if (data.length < HEADER_LEN) {
      throw new BtfException(
          "btf: header not found: " + data.length + " bytes, " + HEADER_LEN + " needed");
    }
    int magic = (data[1] & 0xff) << 8 | (data[0] & 0xff);
    if (magic != MAGIC && Short.toUnsignedInt(Short.reverseBytes((short) magic)) != MAGIC) {
      throw new BtfException("btf: invalid magic: " + Integer.toHexString(magic));
    }
    bigEndian = magic != MAGIC;
    long hdrLen = u32(4);
    long typeOff = u32(8);
    long typeLen = u32(12);
    long strOff = u32(16);
    long strLen = u32(20);
    if (hdrLen < HEADER_LEN || hdrLen > data.length) {
      throw new BtfException(
          "btf: header length " + hdrLen + " is outside " + HEADER_LEN + ".." + data.length);
    }
    if (bigEndian && hdrLen != HEADER_LEN) {
      throw new BtfException(
          "Can't load BTF with non-native endianness due to unsupported header length " + hdrLen);
    }
    if (data.length - hdrLen < strOff + strLen) {
      throw new BtfException(
          "btf: invalid total size: "
              + data.length
              + " bytes, but strings end at "
              + (hdrLen + strOff + strLen));
    }
    if (typeOff + typeLen > strOff) {
      throw new BtfException(
          "btf: invalid data sections layout: type data at "
              + typeOff
              + " + "
              + typeLen
              + ", strings data at "
              + strOff
              + " + "
              + strLen);
    }
    if (typeOff % 4 != 0) {
      throw new BtfException("btf: type section is not aligned to 4 bytes: offset " + typeOff);
    }
    byte[] strings = strings((int) (hdrLen + strOff), (int) strLen);
    int[] words = words((int) (hdrLen + typeOff), (int) typeLen);
    int[] wordIdx = index(words, (int) typeLen);
    var btf = new Btf(base, bigEndian, words, wordIdx, strings);
    new BtfChecks(btf).run();
    return btf;
  }

  private byte[] strings(int from, int len) {
    if (base != null && len == 0) {
      return new byte[0];
    }
    if (len == 0 || data[from + len - 1] != 0) {
      throw new BtfException(
          "btf: invalid string section of " + len + " bytes: it must end in a zero byte");
    }
    if (base == null && data[from] != 0) {
      throw new BtfException("btf: invalid string section: it must start with a zero byte");
    }
    return Arrays.copyOfRange(data, from, from + len);
  }

  private int[] words(int from, int len) {
    int[] words = new int[len / 4];
    for (int i = 0; i < words.length; i++) {
      words[i] = (int) u32(from + 4 * i);
    }
    return words;
  }

  private int[] index(int[] words, int len) {
    int firstId = base == null ? 1 : base.typeCount();
    int[] starts = new int[Math.min(words.length / Btf.HEADER_WORDS, words.length / 4 + 16)];
    int count = 0;
    int at = 0;
    while (words.length - at >= Btf.HEADER_WORDS) {
      int info = words[at + 1];
      int kind = info >>> 24 & 0x1f;
      if (kind == 0 || kind >= BtfKind.COUNT) {
        throw BtfException.at(firstId + count, "unsupported kind " + kind + atOffset(at));
      }
      BtfKind k = BtfKind.of(kind);
      long records = k.recordWords() == 0 ? 0 : (long) (info & 0xffff) * k.recordWords();
      long end = at + Btf.HEADER_WORDS + k.fixedWords() + records;
      if (end > words.length) {
        throw BtfException.at(
            firstId + count, "malformed: it ends after the type section" + atOffset(at));
      }
      if (count == starts.length) {
        starts = Arrays.copyOf(starts, words.length / Btf.HEADER_WORDS);
      }
      starts[count++] = at;
      at = (int) end;
    }
    if (at * 4 != len) {
      throw new BtfException(
          "btf: types data is malformed: " + (len - at * 4) + " bytes after the last type");
    }
    return Arrays.copyOf(starts, count);
  }

  private static String atOffset(int wordIdx) {
    return " (offset " + wordIdx * 4 + " of the types)";
  }

  private long u32(int at) {
    int a = data[at] & 0xff;
    int b = data[at + 1] & 0xff;
    int c = data[at + 2] & 0xff;
    int d = data[at + 3] & 0xff;
    int word = bigEndian ? a << 24 | b << 16 | c << 8 | d : d << 24 | c << 16 | b << 8 | a;
    return Integer.toUnsignedLong(word);
  }
}
