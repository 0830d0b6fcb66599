package bpf4j.maps;

/// One list of an LRU map's elements, linked through [HashLayout#LRU_PREV] and
/// [HashLayout#LRU_NEXT]; the front is what was moved there last. Not thread-safe.
final class LruQueue {
  private final GuestMemory memory;

  /// What [HashLayout#LRU_LIST] says of an element in this list.
  final int code;

  private int front;
  private int back;
  private int size;

  LruQueue(GuestMemory memory, int code) {
    this.memory = memory;
    this.code = code;
  }

  int size() {
    return size;
  }

  /// The oldest element, or 0.
  int back() {
    return back;
  }

  /// The youngest element, or 0.
  int front() {
    return front;
  }

  /// The next older-to-younger neighbour, 0 past the front.
  int younger(int elem) {
    return (int) memory.getU32(at(elem) + HashLayout.LRU_PREV);
  }

  int older(int elem) {
    return (int) memory.getU32(at(elem) + HashLayout.LRU_NEXT);
  }

  void pushFront(int elem) {
    long addr = at(elem);
    memory.putU32(addr + HashLayout.LRU_PREV, 0);
    memory.putU32(addr + HashLayout.LRU_NEXT, front);
    memory.putU8(addr + HashLayout.LRU_LIST, code);
    if (front != 0) {
      memory.putU32(at(front) + HashLayout.LRU_PREV, elem);
    } else {
      back = elem;
    }
    front = elem;
    size++;
  }

  void remove(int elem) {
    int younger = younger(elem);
    int older = older(elem);
    if (younger != 0) {
      memory.putU32(at(younger) + HashLayout.LRU_NEXT, older);
    } else {
      front = older;
    }
    if (older != 0) {
      memory.putU32(at(older) + HashLayout.LRU_PREV, younger);
    } else {
      back = younger;
    }
    memory.putU8(at(elem) + HashLayout.LRU_LIST, 0);
    size--;
  }

  private static long at(int elem) {
    return Integer.toUnsignedLong(elem);
  }
}
