package bpf4j.verifier.env;

import java.util.List;

/// Arguments of a subprogram as its BTF prototype and tags declare them.
public record SubprogArgs(List<Arg> args) {
  public SubprogArgs {
    args = List.copyOf(args);
  }

  /// What an argument must be.
  public enum Kind {
    SCALAR,
    CTX,
    MEM,
    ARENA,
    DYNPTR,
    BTF_ID,
    /// Anything: read through checked loads only.
    UNTRUSTED
  }

  /// One argument.
  ///
  /// @param flags register type flags of the value inside the subprogram
  /// @param memSize bytes of a `MEM` argument
  /// @param btfId kernel type of a `BTF_ID` argument
  public record Arg(Kind kind, int flags, int memSize, int btfId) {}
}
