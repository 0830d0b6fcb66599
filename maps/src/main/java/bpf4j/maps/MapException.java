package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.util.Objects;

/// A map operation that was refused: the kernel's errno, and a sentence that says what is wrong.
///
/// Nothing has changed when it is thrown.
public final class MapException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// The errno that `bpf(2)` would have given.
  private final Errno errno;

  public MapException(Errno errno, String message) {
    super(Objects.requireNonNull(message));
    this.errno = Objects.requireNonNull(errno);
  }

  /// The errno that `bpf(2)` would have given.
  public Errno errno() {
    return errno;
  }

  @Override
  public String toString() {
    return "MapException: " + errno + ": " + getMessage();
  }
}
