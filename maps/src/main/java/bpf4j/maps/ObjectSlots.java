package bpf4j.maps;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// References to objects of the virtual kernel by index; memory only where something stands.
/// Lock-free for readers.
final class ObjectSlots<T> {
  private static final int CHUNK = 1024;

  private final AtomicReferenceArray<@Nullable AtomicReferenceArray<@Nullable T>> chunks;

  ObjectSlots(int maxEntries) {
    long count = (MapCreateCheck.unsigned(maxEntries) + CHUNK - 1) / CHUNK;
    this.chunks = new AtomicReferenceArray<>((int) count);
  }

  @Nullable T get(int index) {
    var chunk = chunks.get(index >>> 10);
    return chunk == null ? null : chunk.get(index & CHUNK - 1);
  }

  /// Stores `value`; what stood there before.
  @Nullable T exchange(int index, @Nullable T value) {
    int at = index >>> 10;
    var chunk = chunks.get(at);
    if (chunk == null) {
      if (value == null) {
        return null;
      }
      chunks.compareAndSet(at, null, new AtomicReferenceArray<>(CHUNK));
      chunk = chunks.get(at);
    }
    return chunk == null ? null : chunk.getAndSet(index & CHUNK - 1, value);
  }

  /// Visits every slot that holds something.
  void forEach(Visitor<T> visitor) {
    for (int i = 0; i < chunks.length(); i++) {
      var chunk = chunks.get(i);
      for (int j = 0; chunk != null && j < CHUNK; j++) {
        T value = chunk.get(j);
        if (value != null) {
          visitor.visit(i * CHUNK + j, value);
        }
      }
    }
  }

  interface Visitor<T> {
    void visit(int index, T value);
  }
}
