package bpf4j.loader.elf;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/// A `SHT_STRTAB` section: zero-terminated strings by offset.
///
/// Strings are decoded once an offset. A hostile table can let every symbol point into one long
/// string; so the characters decoded in total are bounded by a few times the table's size.
final class StringTable {
  private final String fileName;
  private final String sectionName;
  private final byte[] file;
  private final int start;
  private final int length;
  private final Map<Integer, String> decoded = new HashMap<>();
  private long budget;

  StringTable(String fileName, String sectionName, byte[] file, int start, int length) {
    this.fileName = fileName;
    this.sectionName = sectionName;
    this.file = file;
    this.start = start;
    this.length = length;
    this.budget = 8L * length + 4096;
  }

  /// The string at byte offset `off` (unsigned).
  String at(int off) throws ElfException {
    String known = decoded.get(off);
    if (known != null) {
      return known;
    }
    if (off < 0 || off >= length) {
      if (off == 0) {
        return "";
      }
      throw refuse(off, "offset out of range (" + sectionName + " has " + length + " bytes)");
    }
    int end = off;
    while (end < length && file[start + end] != 0) {
      end++;
    }
    if (end == length) {
      throw refuse(off, "no end of string in " + sectionName);
    }
    budget -= end - off;
    if (budget < 0) {
      throw refuse(off, "strings of " + sectionName + " overlap beyond reason");
    }
    String s = new String(file, start + off, end - off, StandardCharsets.UTF_8);
    decoded.put(off, s);
    return s;
  }

  private ElfException refuse(int off, String why) {
    return new ElfException(
        fileName,
        "elf: failed to get section name string at offset "
            + Integer.toUnsignedLong(off)
            + " from "
            + fileName
            + ": "
            + why,
        LibbpfErrno.FORMAT);
  }
}
