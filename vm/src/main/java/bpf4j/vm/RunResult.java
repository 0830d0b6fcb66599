package bpf4j.vm;

import bpf4j.model.spec.Errno;
import org.jspecify.annotations.Nullable;

/// What a test run gives back.
///
/// @param retval the low 32 bits of `r0`
/// @param dataOut the packet afterwards, cut to the room there was; empty for types without one
/// @param dataSizeOut bytes of the whole packet afterwards
/// @param ctxOut the context afterwards, or null when it was not asked for
/// @param durationNanos average time of a run
/// @param errno ENOSPC when the packet or context did not fit, else null
public record RunResult(
    int retval,
    byte[] dataOut,
    int dataSizeOut,
    byte @Nullable [] ctxOut,
    long durationNanos,
    Tier tier,
    @Nullable Errno errno) {

  /// The verdict of an XDP program. Throws [IllegalStateException] for a number that is none.
  public XdpAction xdpAction() {
    if (retval < 0 || retval >= XdpAction.values().length) {
      throw new IllegalStateException("not an XDP action: " + retval);
    }
    return XdpAction.values()[retval];
  }
}
