package bpf4j.model.btf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Reads `.BTF.ext`.
///
/// ```
/// 0  magic 0xeb9f  2 version 1  3 flags 0  4 hdr_len
/// 8  func_info off, len   16 line_info off, len   24 core_relo off, len   (offsets from hdr_len)
/// each: record size, then for each ELF section: name offset, count, records
/// ```
final class BtfExtParser {
  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int LEN_WITHOUT_CORE = 24;
  private static final int LEN_WITH_CORE = 32;

  private final byte[] data;
  private boolean bigEndian;
  private int hdrLen;

  BtfExtParser(byte[] data) {
    this.data = data;
  }

  /// Makes a record of the words at a byte offset.
  private interface RecordReader<T> {
    T read(int at);
  }

  BtfExt parse() {
    if (data.length < 8) {
      throw error("header too short: " + data.length + " bytes");
    }
    int magic = (data[1] & 0xff) << 8 | (data[0] & 0xff);
    if (magic != BtfParser.MAGIC
        && Short.toUnsignedInt(Short.reverseBytes((short) magic)) != BtfParser.MAGIC) {
      throw error("invalid magic: " + Integer.toHexString(magic));
    }
    bigEndian = magic != BtfParser.MAGIC;
    if (data[2] != 1) {
      throw error("unsupported version: " + (data[2] & 0xff));
    }
    if (data[3] != 0) {
      throw error("unsupported flags: " + Integer.toHexString(data[3] & 0xff));
    }
    long len = u32(4);
    if (len > data.length) {
      throw error("header not found: its length is " + len + " of " + data.length + " bytes");
    }
    if (len == data.length) {
      throw error("no data");
    }
    if (len < LEN_WITHOUT_CORE) {
      throw error("header missing func_info, line_info");
    }
    hdrLen = (int) len;
    return new BtfExt(
        sections(8, 8, "func_info", at -> new BtfExt.FuncInfo(word(at), word(at + 4))),
        sections(
            16,
            16,
            "line_info",
            at -> new BtfExt.LineInfo(word(at), word(at + 4), word(at + 8), word(at + 12))),
        hdrLen < LEN_WITH_CORE
            ? List.of()
            : sections(
                24,
                16,
                "core_relo",
                at -> new BtfExt.CoreRelo(word(at), word(at + 4), word(at + 8), word(at + 12))));
  }

  private <T> List<BtfExt.Section<T>> sections(
      int headerAt, int minRecordSize, String what, RecordReader<T> reader) {
    long off = u32(headerAt);
    long len = u32(headerAt + 4);
    var sections = new ArrayList<BtfExt.Section<T>>();
    if (len == 0) {
      return sections;
    }
    if (off % 4 != 0) {
      throw error(what + " section is not aligned to 4 bytes: offset " + off);
    }
    if (hdrLen + off + len > data.length) {
      throw error(what + " section (off:" + off + " len:" + len + ") is beyond the end");
    }
    if (len < 4) {
      throw error(what + " record size not found");
    }
    int at = (int) (hdrLen + off);
    int end = (int) (at + len);
    long recordSize = u32(at);
    if (recordSize < minRecordSize
        || (bigEndian && recordSize != minRecordSize)
        || recordSize % 4 != 0) {
      throw error(what + " section has invalid record size " + recordSize);
    }
    at += 4;
    if (at == end) {
      throw error(what + " section has no records");
    }
    while (at < end) {
      if (end - at < 8) {
        throw error(what + " section header is not found at offset " + at);
      }
      int nameOff = word(at);
      long count = u32(at + 4);
      at += 8;
      if (count == 0 || count > (end - at) / recordSize) {
        throw error(
            what + " section has incorrect num_records " + count + " at offset " + (at - 4));
      }
      var records = new ArrayList<T>((int) count);
      for (int i = 0; i < count; i++, at += (int) recordSize) {
        records.add(reader.read(at));
      }
      sections.add(new BtfExt.Section<>(nameOff, records));
    }
    return sections;
  }

  private int word(int at) {
    int word = (int) WORD.get(data, at);
    return bigEndian ? Integer.reverseBytes(word) : word;
  }

  private long u32(int at) {
    return Integer.toUnsignedLong(word(at));
  }

  private static BtfException error(String what) {
    return new BtfException("btf_ext: " + what);
  }
}
