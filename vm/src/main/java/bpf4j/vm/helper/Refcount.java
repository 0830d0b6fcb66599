package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;

/// `bpf_refcount` and other 4-byte counters in guest memory.
final class Refcount {
  private Refcount() {}

  /// The counter after adding `delta`.
  static int add(GuestMemory memory, long addr, int delta) {
    return (int) GuestMemory.ATOMIC32.getAndAdd(memory.segment(), addr & memory.mask(), delta)
        + delta;
  }
}
