package bpf4j.loader.object;

/// One relocation of a function's instructions, resolved as far as the file alone allows.
///
/// @param slotIdx slot within the function
/// @param target index of the map or extern, where the kind has one
/// @param symOff the symbol's offset in its section, in bytes, as libbpf keeps it in 32 bits
public record Relocation(Kind kind, int slotIdx, int target, int symOff) {

  /// What the instruction refers to. The order is libbpf's; equal slots sort by it.
  public enum Kind {
    /// `ld_imm64` of a map.
    MAP,
    /// A call of a subprogram.
    CALL,
    /// `ld_imm64` of a variable in a data map.
    DATA,
    /// `ld_imm64` of an extern variable.
    EXTERN_LD64,
    /// A call of an extern function.
    EXTERN_CALL,
    /// `ld_imm64` of a subprogram's address.
    SUBPROG_ADDR
  }
}
