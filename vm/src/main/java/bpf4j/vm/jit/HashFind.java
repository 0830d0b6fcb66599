package bpf4j.vm.jit;

import bpf4j.maps.HashLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Lookups in hash maps for compiled code, keys by value. Lock-free beside writers, as [HashLayout]
/// describes. Compiled code passes constants for everything but the key, so that C2 makes a few
/// machine instructions of them.
///
/// All give the element's address, or 0. `links` is the address of the buckets, `mask` the number
/// of buckets less one, `memMask` the mask of guest memory.
final class HashFind {
  private static final ValueLayout.OfInt W32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong W64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private HashFind() {}

  static long find4(
      MemorySegment seg, long memMask, long links, int mask, int seed, int keyOff, int key) {
    int hash = HashLayout.hash4(key, seed);
    int bucket = hash & mask;
    while (true) {
      int link = link(seg, (links + 4L * bucket) & memMask);
      if (link == 0) {
        return 0;
      }
      while ((link & 1) == 0) {
        long elem = link & memMask & 0xffff_ffffL;
        if (seg.get(W32, elem + keyOff) == key) {
          return elem;
        }
        link = link(seg, elem);
      }
      if (link == HashLayout.endMarker(bucket)) {
        return 0;
      }
    }
  }

  static long find8(
      MemorySegment seg, long memMask, long links, int mask, int seed, int keyOff, long key) {
    int hash = HashLayout.hash8(key, seed);
    int bucket = hash & mask;
    while (true) {
      int link = link(seg, (links + 4L * bucket) & memMask);
      if (link == 0) {
        return 0;
      }
      while ((link & 1) == 0) {
        long elem = link & memMask & 0xffff_ffffL;
        if (seg.get(W64, elem + keyOff) == key) {
          return elem;
        }
        link = link(seg, elem);
      }
      if (link == HashLayout.endMarker(bucket)) {
        return 0;
      }
    }
  }

  static long find16(
      MemorySegment seg,
      long memMask,
      long links,
      int mask,
      int seed,
      int keyOff,
      long low,
      long high) {
    int hash = HashLayout.hash16(low, high, seed);
    int bucket = hash & mask;
    while (true) {
      int link = link(seg, (links + 4L * bucket) & memMask);
      if (link == 0) {
        return 0;
      }
      while ((link & 1) == 0) {
        long elem = link & memMask & 0xffff_ffffL;
        if (seg.get(W64, elem + keyOff) == low && seg.get(W64, elem + keyOff + 8) == high) {
          return elem;
        }
        link = link(seg, elem);
      }
      if (link == HashLayout.endMarker(bucket)) {
        return 0;
      }
    }
  }

  /// The element has been used.
  static void touch(MemorySegment seg, long memMask, long elem) {
    long at = (elem & memMask) + HashLayout.LRU_REF;
    if (seg.get(W32, at) == 0) {
      seg.set(W32, at, 1);
    }
  }

  /// The inner map in a slot of an outer map, or 0.
  static long inner(MemorySegment seg, long memMask, long slotAddr) {
    long inner = seg.get(W64, slotAddr & memMask);
    VarHandle.acquireFence();
    return inner;
  }

  /// A link is aligned, so a plain load is whole; the fence orders what is read behind it.
  private static int link(MemorySegment seg, long at) {
    int link = seg.get(W32, at);
    VarHandle.acquireFence();
    return link;
  }
}
