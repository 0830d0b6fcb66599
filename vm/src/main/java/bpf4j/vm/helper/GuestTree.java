package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import java.util.function.LongConsumer;

/// A search tree in guest memory, balanced as a treap whose priorities are hashes of the nodes'
/// addresses, so nodes need no room beyond the kernel's:
///
/// ```
/// bpf_rb_root: root u64, unused u64
/// bpf_rb_node: parent u64, right u64, left u64, owner u64    (owner: the root, 0 when in no tree)
/// ```
final class GuestTree {
  private static final int RIGHT = 8;
  private static final int LEFT = 16;
  private static final int OWNER = 24;

  /// Whether the first node goes before the second.
  @FunctionalInterface
  interface Less {
    boolean test(long a, long b);
  }

  private GuestTree() {}

  private static int priority(long node) {
    return (int) (((node >>> 3) * 0x9e37_79b9_7f4a_7c15L) >>> 33);
  }

  /// False when the node is in a list or tree already.
  static boolean add(GuestMemory m, long root, long node, Less less) {
    if (m.getU64(node + OWNER) != 0) {
      return false;
    }
    long parent = 0;
    boolean left = false;
    for (long at = m.getU64(root); at != 0; ) {
      parent = at;
      left = less.test(node, at);
      at = m.getU64(at + (left ? LEFT : RIGHT));
    }
    m.putU64(node, parent);
    m.putU64(node + LEFT, 0);
    m.putU64(node + RIGHT, 0);
    m.putU64(node + OWNER, root);
    if (parent == 0) {
      m.putU64(root, node);
    } else {
      m.putU64(parent + (left ? LEFT : RIGHT), node);
    }
    while (m.getU64(node) != 0 && priority(node) > priority(m.getU64(node))) {
      rotateUp(m, root, node);
    }
    return true;
  }

  private static void rotateUp(GuestMemory m, long root, long node) {
    long parent = m.getU64(node);
    long grand = m.getU64(parent);
    boolean left = m.getU64(parent + LEFT) == node;
    long child = m.getU64(node + (left ? RIGHT : LEFT));
    m.putU64(parent + (left ? LEFT : RIGHT), child);
    if (child != 0) {
      m.putU64(child, parent);
    }
    m.putU64(node + (left ? RIGHT : LEFT), parent);
    m.putU64(parent, node);
    replaceChild(m, root, grand, parent, node);
  }

  private static void replaceChild(GuestMemory m, long root, long parent, long old, long now) {
    if (now != 0) {
      m.putU64(now, parent);
    }
    if (parent == 0) {
      m.putU64(root, now);
    } else {
      m.putU64(parent + (m.getU64(parent + LEFT) == old ? LEFT : RIGHT), now);
    }
  }

  /// The smallest node, or 0.
  static long first(GuestMemory m, long root) {
    long at = m.getU64(root);
    while (at != 0 && m.getU64(at + LEFT) != 0) {
      at = m.getU64(at + LEFT);
    }
    return at;
  }

  static long child(GuestMemory m, long root, long node, boolean left) {
    return m.getU64(node + OWNER) == root ? m.getU64(node + (left ? LEFT : RIGHT)) : 0;
  }

  /// Takes `node` out; false when it is not in this tree.
  static boolean remove(GuestMemory m, long root, long node) {
    if (m.getU64(node + OWNER) != root) {
      return false;
    }
    while (m.getU64(node + LEFT) != 0 && m.getU64(node + RIGHT) != 0) {
      long l = m.getU64(node + LEFT);
      long r = m.getU64(node + RIGHT);
      rotateUp(m, root, priority(l) > priority(r) ? l : r);
    }
    long l = m.getU64(node + LEFT);
    replaceChild(m, root, m.getU64(node), node, l != 0 ? l : m.getU64(node + RIGHT));
    m.fill(node, OWNER + 8, 0);
    return true;
  }

  /// Takes out every node and gives it to `each`.
  static void drain(GuestMemory m, long root, LongConsumer each) {
    for (long node = m.getU64(root); node != 0; node = m.getU64(root)) {
      remove(m, root, node);
      each.accept(node);
    }
  }
}
