package bpf4j.verifier.state;

import org.jspecify.annotations.Nullable;

/// A resource that the program holds: a reference, a lock, or disabled interrupts.
///
/// @param id number of the resource; for locks the id of the pointer locked
/// @param insnIdx instruction that acquired it
/// @param object the map or BTF of a lock, compared by identity
public record Ref(Kind kind, int id, int insnIdx, @Nullable Object object) {
  /// Kinds of resources.
  public enum Kind {
    PTR,
    IRQ,
    LOCK,
    RES_LOCK,
    RES_LOCK_IRQ;

    public boolean isLock() {
      return this == LOCK || this == RES_LOCK || this == RES_LOCK_IRQ;
    }
  }
}
