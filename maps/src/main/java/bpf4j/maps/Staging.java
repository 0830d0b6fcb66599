package bpf4j.maps;

import java.util.concurrent.ConcurrentLinkedQueue;

/// Pieces of guest memory through which user space's keys and values reach the operations that take
/// guest addresses. Small pieces are kept for the next call, large ones are freed at once. Safe for
/// use by many threads.
final class Staging {
  private static final int SMALL = 1024;
  private static final String LABEL = "key and value of a user-space call";

  private final GuestMemory memory;
  private final ConcurrentLinkedQueue<Long> kept = new ConcurrentLinkedQueue<>();

  Staging(GuestMemory memory) {
    this.memory = memory;
  }

  /// Address of at least `size` bytes of any content.
  long take(long size) {
    if (size > SMALL) {
      return memory.allocate(size, LABEL);
    }
    Long addr = kept.poll();
    return addr != null ? addr : memory.allocate(SMALL, LABEL);
  }

  /// Gives back what [#take] gave for the same size.
  void give(long addr, long size) {
    if (size > SMALL) {
      memory.free(addr);
    } else {
      kept.add(addr);
    }
  }

  /// Frees the pieces that are kept.
  void clear() {
    for (Long addr = kept.poll(); addr != null; addr = kept.poll()) {
      memory.free(addr);
    }
  }
}
