package bpf4j.model.btf;

import java.util.List;

/// A parsed `.BTF.ext` section: what BTF says about instructions, by ELF section.
///
/// All offsets of instructions are in bytes from the start of the section, as the file has them.
public record BtfExt(
    List<Section<FuncInfo>> funcInfo,
    List<Section<LineInfo>> lineInfo,
    List<Section<CoreRelo>> coreRelos) {
  public BtfExt {
    funcInfo = List.copyOf(funcInfo);
    lineInfo = List.copyOf(lineInfo);
    coreRelos = List.copyOf(coreRelos);
  }

  /// The records about one ELF section.
  ///
  /// @param nameOff offset of the section's name in the BTF strings
  public record Section<T>(int nameOff, List<T> records) {
    public Section {
      records = List.copyOf(records);
    }
  }

  /// `struct bpf_func_info`: where a function starts, and its FUNC type.
  public record FuncInfo(int insnOff, int typeId) {}

  /// `struct bpf_line_info`: where a source line starts; file name and text are string offsets, the
  /// column has the low ten bits of `lineCol`.
  public record LineInfo(int insnOff, int fileNameOff, int lineOff, int lineCol) {
    public int line() {
      return lineCol >>> 10;
    }

    public int column() {
      return lineCol & 0x3ff;
    }
  }

  /// `struct bpf_core_relo`.
  ///
  /// @param typeId root type of the access, in the object's BTF
  /// @param accessStrOff offset of the access string, such as `0:1:2`, in the BTF strings
  /// @param kind number of a `BPF_CORE_*` relocation kind
  public record CoreRelo(int insnOff, int typeId, int accessStrOff, int kind) {}

  /// Parses the contents of a `.BTF.ext` section; throws [BtfException] where libbpf ignores the
  /// section for an error in it.
  public static BtfExt parse(byte[] section) {
    return new BtfExtParser(section).parse();
  }
}
