package bpf4j.verifier.env;

/// What the loader's capabilities allow.
///
/// @param allowPtrLeaks CAP_PERFMON: pointers may become visible
/// @param allowUninitStack CAP_PERFMON: uninitialised stack may be read
/// @param bypassSpecV1 no protection against bounds-check bypass is needed
/// @param bypassSpecV4 no protection against store bypass is needed
/// @param bpfCapable CAP_BPF: loops, subprograms, precision tracking
public record Privileges(
    boolean allowPtrLeaks,
    boolean allowUninitStack,
    boolean bypassSpecV1,
    boolean bypassSpecV4,
    boolean bpfCapable) {
  public static final Privileges ALL = new Privileges(true, true, true, true, true);
  public static final Privileges NONE = new Privileges(false, false, false, false, false);
}
