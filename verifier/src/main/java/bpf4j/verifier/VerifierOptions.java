package bpf4j.verifier;

import bpf4j.model.btf.Btf;
import org.jspecify.annotations.Nullable;

/// How to verify.
///
/// @param logLevel bits as in `BPF_PROG_LOAD`: 1 summary of branches, 2 every instruction, 4
///   statistics
/// @param privileged whether the loader has CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_ADMIN
/// @param kernelBtf types of the kernel that the program is meant for, or null where unknown
public record VerifierOptions(int logLevel, boolean privileged, @Nullable Btf kernelBtf) {
  /// Privileged, statistics only, no kernel types.
  public static final VerifierOptions DEFAULT = new VerifierOptions(4, true, null);
}
