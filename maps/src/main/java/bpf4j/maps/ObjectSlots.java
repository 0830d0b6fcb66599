package bpf4j.maps;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// References to objects of the virtual kernel by index; memory only where something stands.
/// Lock-free for readers.
final class ObjectSlots<T> {
  private static final int CHUNK = 1024;

  private final AtomicReferenceArray<@Nullable Chunk<T>> chunks;

  private static final class Chunk<T> {
    final AtomicReferenceArray<@Nullable T> slots = new AtomicReferenceArray<>(CHUNK);
  }

  ObjectSlots(int maxEntries) {
    long count = (MapCreateCheck.unsigned(maxEntries) + CHUNK - 1) / CHUNK;
    this.chunks = new AtomicReferenceArray<>((int) count);
  }

  @Nullable T get(int index) {
    Chunk<T> chunk = chunks.get(index >>> 10);
    return chunk == null ? null : chunk.slots.get(index & (CHUNK - 1));
  }

  /// Stores `value`; what stood there before.
  @Nullable T exchange(int index, @Nullable T value) {
    int at = index >>> 10;
    Chunk<T> chunk = chunks.get(at);
    if (chunk == null) {
      if (value == null) {
        return null;
      }
      chunks.compareAndSet(at, null, new Chunk<T>());
      chunk = chunks.get(at);
    }
    return chunk == null ? null : chunk.slots.getAndSet(index & (CHUNK - 1), value);
  }

  /// Visits every slot that holds something.
  void forEach(Visitor<T> visitor) {
    for (int i = 0; i < chunks.length(); i++) {
      Chunk<T> chunk = chunks.get(i);
      for (int j = 0; chunk != null && j < CHUNK; j++) {
        T value = chunk.slots.get(j);
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
