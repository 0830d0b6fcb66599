package bpf4j.maps;

import java.util.concurrent.atomic.AtomicLong;

/// A piece of guest memory through which user space's key and value reach the operations that take
/// guest addresses. One piece is kept; users that come at the same time get one of their own.
final class Staging {
  private final GuestMemory memory;
  private final AtomicLong kept = new AtomicLong();

  Staging(GuestMemory memory) {
    this.memory = memory;
  }

  /// `size` bytes; the same for every call.
  long take(long size) {
    long addr = kept.getAndSet(0);
    return addr != 0 ? addr : memory.allocate(size, "key and value of a user-space call");
  }

  void give(long addr) {
    if (!kept.compareAndSet(0, addr)) {
      memory.free(addr);
    }
  }

  void destroy() {
    long addr = kept.getAndSet(0);
    if (addr != 0) {
      memory.free(addr);
    }
  }
}
