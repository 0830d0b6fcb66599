package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import java.util.function.LongConsumer;

/// A doubly linked list in guest memory, in the kernel's layout:
///
/// ```
/// bpf_list_head: next u64, prev u64               (zero until first used)
/// bpf_list_node: next u64, prev u64, owner u64    (owner: the head, 0 when in no list)
/// ```
final class GuestList {
  private static final int PREV = 8;
  private static final int OWNER = 16;

  private GuestList() {}

  private static void init(GuestMemory m, long head) {
    if (m.getU64(head) == 0) {
      m.putU64(head, head);
      m.putU64(head + PREV, head);
    }
  }

  /// False when the node is in a list or tree already.
  static boolean push(GuestMemory m, long head, long node, boolean tail) {
    init(m, head);
    if (m.getU64(node + OWNER) != 0) {
      return false;
    }
    long after = tail ? m.getU64(head + PREV) : head;
    long before = m.getU64(after);
    m.putU64(node, before);
    m.putU64(node + PREV, after);
    m.putU64(node + OWNER, head);
    m.putU64(after, node);
    m.putU64(before + PREV, node);
    return true;
  }

  /// The first or last node, or 0.
  static long peek(GuestMemory m, long head, boolean tail) {
    init(m, head);
    long node = m.getU64(tail ? head + PREV : head);
    return node == head ? 0 : node;
  }

  /// Takes the first or last node out: its address, or 0.
  static long pop(GuestMemory m, long head, boolean tail) {
    long node = peek(m, head, tail);
    if (node != 0) {
      long next = m.getU64(node);
      long prev = m.getU64(node + PREV);
      m.putU64(prev, next);
      m.putU64(next + PREV, prev);
      m.putU64(node, 0);
      m.putU64(node + PREV, 0);
      m.putU64(node + OWNER, 0);
    }
    return node;
  }

  /// Takes out every node and gives it to `each`.
  static void drain(GuestMemory m, long head, LongConsumer each) {
    for (long node = pop(m, head, false); node != 0; node = pop(m, head, false)) {
      each.accept(node);
    }
  }
}
