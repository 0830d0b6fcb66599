package bpf4j.loader.object;

import org.jspecify.annotations.Nullable;

/// A symbol that the object declares `extern`: a kernel configuration value or a kernel symbol.
public final class Extern {
  /// What a `.kconfig` variable can hold.
  public enum ConfigType {
    BOOL,
    CHAR,
    INT,
    TRISTATE,
    CHAR_ARRAY
  }

  public final String name;

  /// The name without a `___flavour`, or null where it has none.
  public final @Nullable String essentialName;

  public final int symIdx;
  public final boolean weak;

  /// Id of its VAR or FUNC in the object's BTF.
  public final int btfId;

  /// Whether it is a function.
  public final boolean function;

  /// For a configuration value: what it can hold; null for a kernel symbol.
  public final @Nullable ConfigType configType;

  /// For a configuration value: bytes, alignment and whether an integer is signed.
  public final int size;

  public final int align;
  public final boolean signed;

  /// For a kernel symbol: its type without modifiers and typedefs, 0 for `void`.
  public final int typeId;

  /// Whether a value has been found.
  public boolean resolved;

  /// For a configuration value: its place in the `.kconfig` map.
  public int dataOff;

  /// For a kernel symbol: its address, where `/proc/kallsyms` gave one.
  public long address;

  /// For a typed kernel symbol: its id in the kernel's BTF.
  public int kernelBtfId;

  Extern(
      String name,
      int symIdx,
      boolean weak,
      int btfId,
      boolean function,
      @Nullable ConfigType configType,
      int size,
      int align,
      boolean signed,
      int typeId) {
    this.name = name;
    int essential = essentialLength(name);
    this.essentialName = essential == name.length() ? null : name.substring(0, essential);
    this.symIdx = symIdx;
    this.weak = weak;
    this.btfId = btfId;
    this.function = function;
    this.configType = configType;
    this.size = size;
    this.align = align;
    this.signed = signed;
    this.typeId = typeId;
  }

  /// Whether it comes from the kernel's configuration rather than its symbols.
  public boolean isConfig() {
    return configType != null;
  }

  /// Length of `name` without a `___flavour`: up to the last triple underscore that stands between
  /// two other characters. Mirrors libbpf `bpf_core_essential_name_len`.
  public static int essentialLength(String name) {
    for (int i = name.length() - 5; i >= 0; i--) {
      if (name.charAt(i) != '_' && name.startsWith("___", i + 1) && name.charAt(i + 4) != '_') {
        return i + 1;
      }
    }
    return name.length();
  }
}
