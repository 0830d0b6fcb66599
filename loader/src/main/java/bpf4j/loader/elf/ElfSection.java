package bpf4j.loader.elf;

/// One section header, and where its bytes lie in the file.
///
/// @param index its place in the section table
/// @param name its name in the section name table
/// @param type `sh_type`, one of the `SHT_` constants or anything else
/// @param flags `sh_flags`
/// @param offset file offset of its bytes
/// @param size `sh_size`: bytes in the file, or in memory for [#NOBITS]
/// @param link `sh_link`
/// @param info `sh_info`
/// @param entSize `sh_entsize`
public record ElfSection(
    int index,
    String name,
    int type,
    long flags,
    long offset,
    long size,
    int link,
    int info,
    long entSize) {

  public static final int PROGBITS = 1;
  public static final int SYMTAB = 2;
  public static final int STRTAB = 3;
  public static final int NOBITS = 8;
  public static final int REL = 9;
  public static final int LLVM_ADDRSIG = 0x6fff4c03;

  /// `SHF_EXECINSTR`: the section holds instructions.
  public static final long EXECINSTR = 4;

  /// `SHF_COMPRESSED`: the bytes begin with a compression header.
  public static final long COMPRESSED = 0x800;

  /// Whether the section holds instructions.
  public boolean isExecutable() {
    return (flags & EXECINSTR) != 0;
  }
}
