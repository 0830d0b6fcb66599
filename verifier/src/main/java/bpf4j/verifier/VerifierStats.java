package bpf4j.verifier;

/// The numbers of the log's last lines. Source: `print_verification_stats` of Linux 6.18.
///
/// @param stackDepths bytes of stack of each subprogram, joined by `+` as the log prints them
public record VerifierStats(
    int processedInsns,
    int maxStatesPerInsn,
    int totalStates,
    int peakStates,
    int markRead,
    String stackDepths,
    long verificationTimeUsec) {}
