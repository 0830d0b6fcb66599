package bpf4j.loader.elf;

/// One entry of the symbol table.
///
/// @param index its place in the table
/// @param nameOff offset of its name in the string table that the symbol table links to
/// @param info `st_info`: binding and type
/// @param other `st_other`: visibility
/// @param shndx the section it is defined in, 0 for undefined
/// @param value offset in that section
/// @param size bytes
public record ElfSymbol(
    int index, int nameOff, int info, int other, int shndx, long value, long size) {

  public static final int LOCAL = 0;
  public static final int GLOBAL = 1;
  public static final int WEAK = 2;

  public static final int NOTYPE = 0;
  public static final int OBJECT = 1;
  public static final int FUNC = 2;
  public static final int SECTION = 3;

  /// First of the section numbers with a special meaning (`SHN_LORESERVE`).
  public static final int SHN_LORESERVE = 0xff00;

  /// [#LOCAL], [#GLOBAL], [#WEAK] or another `STB_` number.
  public int bind() {
    return info >>> 4;
  }

  /// [#NOTYPE], [#OBJECT], [#FUNC], [#SECTION] or another `STT_` number.
  public int type() {
    return info & 0xf;
  }

  /// Whether other objects may refer to it.
  public boolean isGlobalOrWeak() {
    return bind() == GLOBAL || bind() == WEAK;
  }

  /// `STV_HIDDEN` or `STV_INTERNAL`: visible in its own object only.
  public boolean isHidden() {
    int visibility = other & 3;
    return visibility == 1 || visibility == 2;
  }

  /// An undefined global or weak symbol without a type, which is how clang writes an `extern`.
  public boolean isExtern() {
    return shndx == 0 && isGlobalOrWeak() && type() == NOTYPE;
  }
}
