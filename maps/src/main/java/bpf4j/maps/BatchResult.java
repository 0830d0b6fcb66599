package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a batch operation has done.
///
/// @param errno null when everything was done; ENOENT when a lookup has reached the end; otherwise
///   why it stopped
/// @param count elements read, stored or removed
/// @param cursor where the next lookup goes on; null at the end
/// @param keys keys read, empty for updates and deletions
/// @param values values read
public record BatchResult(
    @Nullable Errno errno,
    int count,
    byte @Nullable [] cursor,
    List<byte[]> keys,
    List<byte[]> values) {
  public BatchResult {
    keys = List.copyOf(keys);
    values = List.copyOf(values);
  }

  static BatchResult done(@Nullable Errno errno, int count) {
    return new BatchResult(errno, count, null, List.of(), List.of());
  }
}
