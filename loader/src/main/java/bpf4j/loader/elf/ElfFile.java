package bpf4j.loader.elf;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/// A parsed ELF64 relocatable file for BPF, little- or big-endian.
///
/// Reading checks the header and every section header's place; section bytes are checked when they
/// are asked for, so a damaged section that nobody needs does no harm. Nothing is allocated by a
/// size that the file only claims.
public final class ElfFile {
  private static final int EHDR_SIZE = 64;
  private static final int SHDR_SIZE = 64;
  private static final int SYM_SIZE = 24;
  private static final int REL_SIZE = 16;
  private static final int SHN_XINDEX = 0xffff;
  private static final int EM_BPF = 247;
  private static final int ET_REL = 1;
  private static final int COMPRESS_ZLIB = 1;
  private static final int COMPRESS_ZSTD = 2;

  /// No section expands to more than this and a few times the file.
  private static final long MAX_INFLATED = 32L << 20;

  /// No zlib stream expands by more than this factor.
  private static final int MAX_INFLATE_RATIO = 1032;

  private final String name;
  private final byte[] file;
  private final ByteBuffer buf;
  private final List<ElfSection> sections = new ArrayList<>();
  private final Map<String, ElfSection> byName = new HashMap<>();
  private long viewBudget;

  /// Reads headers of `bytes`, which must not change afterwards. `name` stands in messages.
  public ElfFile(String name, byte[] bytes) throws ElfException {
    this.name = name;
    this.file = bytes;
    this.buf = ByteBuffer.wrap(bytes);
    this.viewBudget = 3L * bytes.length + (1 << 16);
    readHeader();
    sections.stream().skip(1).forEach(s -> byName.putIfAbsent(s.name(), s));
  }

  /// The file's name as it stands in messages.
  public String name() {
    return name;
  }

  /// Length of the file in bytes.
  public int size() {
    return file.length;
  }

  public ByteOrder order() {
    return buf.order();
  }

  /// All sections; the index in the list is the section's number.
  public List<ElfSection> sections() {
    return sections;
  }

  /// The section with number `index`, or null where there is none.
  public @Nullable ElfSection section(int index) {
    return index >= 0 && index < sections.size() ? sections.get(index) : null;
  }

  /// The first section called `sectionName`, or null where there is none.
  public @Nullable ElfSection section(String sectionName) {
    return byName.get(sectionName);
  }

  /// An exception about this file with libbpf's text and error number.
  public ElfException refuse(int errno, String text) {
    return new ElfException(name, text, errno);
  }

  private ElfException malformed(String text) {
    return refuse(LibbpfErrno.FORMAT, text);
  }

  private void readHeader() throws ElfException {
    if (file.length < 4 || buf.getInt(0) != 0x7f454c46) {
      throw malformed("elf: '" + name + "' is not a proper ELF object");
    }
    if (file.length < EHDR_SIZE) {
      throw malformed(
          "elf: '"
              + name
              + "' is not a proper ELF object: "
              + file.length
              + " bytes, header is 64");
    }
    if (file[4] != 2) {
      throw malformed("elf: '" + name + "' is not a 64-bit ELF object");
    }
    switch (file[5]) {
      case 1 -> buf.order(ByteOrder.LITTLE_ENDIAN);
      case 2 -> buf.order(ByteOrder.BIG_ENDIAN);
      default -> throw malformed("elf: '" + name + "' has unknown byte order " + (file[5] & 0xff));
    }
    int machine = buf.getShort(18) & 0xffff;
    if (buf.getShort(16) != ET_REL || (machine != 0 && machine != EM_BPF)) {
      throw malformed("elf: " + name + " is not a valid eBPF object file");
    }
    readSections();
  }

  private void readSections() throws ElfException {
    long shoff = buf.getLong(40);
    int shentsize = buf.getShort(58) & 0xffff;
    long shnum = buf.getShort(60) & 0xffff;
    int shstrndx = buf.getShort(62) & 0xffff;
    if (shoff == 0) {
      throw malformed("elf: failed to get the number of sections for " + name + ": no table");
    }
    if (shentsize != SHDR_SIZE) {
      throw malformed("elf: section header size " + shentsize + " is not 64 in " + name);
    }
    if (shoff < 0 || shoff > file.length - SHDR_SIZE) {
      throw malformed("elf: section table at offset " + shoff + " lies outside of " + name);
    }
    if (shnum == 0) {
      shnum = buf.getLong((int) shoff + 32);
    }
    if (shnum <= 0 || shnum > (file.length - shoff) / SHDR_SIZE) {
      throw malformed(
          "elf: section table with "
              + Long.toUnsignedString(shnum)
              + " entries at offset "
              + shoff
              + " crosses the end of "
              + name);
    }
    if (shstrndx == SHN_XINDEX) {
      shstrndx = buf.getInt((int) shoff + 40);
    }
    if (shstrndx <= 0 || shstrndx >= shnum) {
      throw malformed(
          "elf: failed to get section names section index for "
              + name
              + ": "
              + Integer.toUnsignedLong(shstrndx));
    }
    int strHdr = (int) shoff + shstrndx * SHDR_SIZE;
    StringTable names =
        strings(
            ".shstrtab",
            buf.getInt(strHdr + 4),
            buf.getLong(strHdr + 24),
            buf.getLong(strHdr + 32));
    for (int i = 0; i < shnum; i++) {
      int at = (int) shoff + i * SHDR_SIZE;
      sections.add(
          new ElfSection(
              i,
              i == 0 ? "" : names.at(buf.getInt(at)),
              buf.getInt(at + 4),
              buf.getLong(at + 8),
              buf.getLong(at + 24),
              buf.getLong(at + 32),
              buf.getInt(at + 40),
              buf.getInt(at + 44),
              buf.getLong(at + 56)));
    }
  }

  private StringTable strings(String section, int type, long offset, long size)
      throws ElfException {
    if (type != ElfSection.STRTAB) {
      throw malformed(
          "elf: failed to get section name string from "
              + name
              + ": invalid section ("
              + section
              + " has type "
              + Integer.toUnsignedLong(type)
              + ")");
    }
    if (!inFile(offset, size)) {
      throw malformed(
          "elf: failed to get strings of "
              + section
              + " from "
              + name
              + ": "
              + range(offset, size));
    }
    return new StringTable(name, section, file, (int) offset, (int) size);
  }

  private boolean inFile(long offset, long size) {
    return offset >= 0 && size >= 0 && offset <= file.length && size <= file.length - offset;
  }

  private String range(long offset, long size) {
    return "invalid section header (offset 0x"
        + Long.toHexString(offset)
        + " size 0x"
        + Long.toHexString(size)
        + ", the file has 0x"
        + Integer.toHexString(file.length)
        + " bytes)";
  }

  /// The section's bytes, in the file's byte order, decompressed where the section is compressed; a
  /// view of the file, not to be written. Empty for a section without bytes in the file.
  public ByteBuffer data(ElfSection s) throws ElfException {
    if (s.type() == ElfSection.NOBITS) {
      return ByteBuffer.allocate(0).order(buf.order());
    }
    if (!inFile(s.offset(), s.size())) {
      throw malformed(
          "elf: failed to get section("
              + s.index()
              + ") "
              + s.name()
              + " data from "
              + name
              + ": "
              + range(s.offset(), s.size()));
    }
    // Sections of a hostile file may all lie over each other; then reading them all is no longer
    // linear in the file's size.
    viewBudget -= s.size();
    if (viewBudget < 0) {
      throw malformed("elf: sections of " + name + " overlap beyond reason at " + s.name());
    }
    ByteBuffer raw = buf.slice((int) s.offset(), (int) s.size()).order(buf.order());
    return (s.flags() & ElfSection.COMPRESSED) == 0 ? raw : inflate(s, raw);
  }

  private ByteBuffer inflate(ElfSection s, ByteBuffer raw) throws ElfException {
    String where = "elf: section(" + s.index() + ") " + s.name() + " of " + name;
    if (raw.limit() < 24) {
      throw malformed(where + ": compression header cut off");
    }
    int kind = raw.getInt(0);
    if (kind == COMPRESS_ZSTD) {
      throw refuse(
          LibbpfErrno.ENOTSUP,
          where
              + " is compressed with zstd, which is not supported; use llvm-objcopy"
              + " --decompress-sections");
    }
    if (kind != COMPRESS_ZLIB) {
      throw malformed(where + ": unknown compression " + Integer.toUnsignedLong(kind));
    }
    long size = raw.getLong(8);
    if (size < 0
        || size > (long) (raw.limit() - 24) * MAX_INFLATE_RATIO
        || size > MAX_INFLATED + 8L * file.length) {
      throw malformed(
          where + ": " + raw.limit() + " bytes cannot expand to " + Long.toUnsignedString(size));
    }
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(raw.slice(24, raw.limit() - 24));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      byte[] chunk = new byte[8192];
      while (!inflater.finished()) {
        int n = inflater.inflate(chunk);
        out.write(chunk, 0, n);
        if (out.size() > size
            || (n == 0 && (inflater.needsInput() || inflater.needsDictionary()))) {
          throw malformed(where + ": does not decompress to " + size + " bytes");
        }
      }
      if (out.size() != size) {
        throw malformed(where + ": does not decompress to " + size + " bytes");
      }
      return ByteBuffer.wrap(out.toByteArray()).order(buf.order());
    } catch (DataFormatException e) {
      throw malformed(where + ": bad compressed data: " + e.getMessage());
    } finally {
      inflater.end();
    }
  }

  /// A copy of the section's bytes, as [#data].
  public byte[] bytes(ElfSection s) throws ElfException {
    ByteBuffer d = data(s);
    byte[] out = new byte[d.limit()];
    d.get(0, out);
    return out;
  }

  private ByteBuffer records(ElfSection s, int size) throws ElfException {
    ByteBuffer d = data(s);
    if (d.limit() % size != 0) {
      throw malformed(
          "elf: failed to get section("
              + s.index()
              + ") "
              + s.name()
              + " data from "
              + name
              + ": invalid data ("
              + d.limit()
              + " bytes are no multiple of "
              + size
              + ")");
    }
    return d;
  }

  /// The entries of the symbol table `symtab`.
  public List<ElfSymbol> symbols(ElfSection symtab) throws ElfException {
    ByteBuffer d = records(symtab, SYM_SIZE);
    int n = d.limit() / SYM_SIZE;
    List<ElfSymbol> out = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      int at = i * SYM_SIZE;
      out.add(
          new ElfSymbol(
              i,
              d.getInt(at),
              d.get(at + 4) & 0xff,
              d.get(at + 5) & 0xff,
              d.getShort(at + 6) & 0xffff,
              d.getLong(at + 8),
              d.getLong(at + 16)));
    }
    return out;
  }

  /// The entries of the `SHT_REL` section `rel`.
  public List<ElfRel> relocations(ElfSection rel) throws ElfException {
    ByteBuffer d = records(rel, REL_SIZE);
    int n = d.limit() / REL_SIZE;
    List<ElfRel> out = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      long info = d.getLong(i * REL_SIZE + 8);
      out.add(new ElfRel(d.getLong(i * REL_SIZE), info >>> 32, (int) info));
    }
    return out;
  }

  /// The names of `symtab`'s symbols: the string table that it links to.
  public SymbolNames symbolNames(ElfSection symtab) throws ElfException {
    ElfSection s = section(symtab.link());
    if (s == null || s.index() == 0) {
      throw malformed("elf: symbol strings section missing or invalid in " + name);
    }
    StringTable table = strings(s.name(), s.type(), s.offset(), s.size());
    return sym -> table.at(sym.nameOff());
  }

  /// Gives symbols their names.
  @FunctionalInterface
  public interface SymbolNames {
    /// The symbol's name; throws when its offset lies outside of the string table.
    String of(ElfSymbol symbol) throws ElfException;
  }
}
