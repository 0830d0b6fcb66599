package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// LPM_TRIE: the value of the longest stored prefix that a key begins with.
///
/// A key is `u32 prefixlen` and the bytes of an address, most significant first. Nodes are Java
/// objects, changed by one writer at a time and read without a lock; key and value of a stored
/// prefix lie in guest memory (`key padded to 8, value`). Source: linux-6.18 `lpm_trie.c`.
final class LpmTrieMap extends BpfMap {
  /// A prefix; with `elem` 0 it only joins two others.
  private static final class Node {
    final byte[] data;
    final int prefixLen;
    volatile int elem;
    volatile @Nullable Node zero;
    volatile @Nullable Node one;

    Node(byte[] data, int prefixLen, int elem) {
      this.data = data;
      this.prefixLen = prefixLen;
      this.elem = elem;
    }

    @Nullable Node child(boolean bit) {
      return bit ? one : zero;
    }

    void setChild(boolean bit, @Nullable Node node) {
      if (bit) {
        one = node;
      } else {
        zero = node;
      }
    }
  }

  private final int dataSize;
  private final int maxPrefixLen;
  private final int valueOff;
  private final ElementPool pool;
  private volatile @Nullable Node root;
  private long entries;

  LpmTrieMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
    this.dataSize = spec.keySize() - 4;
    this.maxPrefixLen = dataSize * 8;
    this.valueOff = (spec.keySize() + 7) & -8;
    this.pool =
        ElementPool.onDemand(
            memory,
            valueOff + ArrayLayout.elemSize(spec.valueSize()),
            "elements of " + MapTable.describe(spec));
  }

  private static boolean bit(byte[] data, int i) {
    return (data[i >> 3] >> (7 - (i & 7)) & 1) != 0;
  }

  /// Leading bits that both have in common, at most `limit`.
  private static int common(byte[] a, byte[] b, int limit) {
    int n = 0;
    while (n < limit) {
      int differ = (a[n >> 3] ^ b[n >> 3]) & 0xff;
      if (differ != 0) {
        return Math.min(limit, (n & -8) + Integer.numberOfLeadingZeros(differ) - 24);
      }
      n = (n & -8) + 8;
    }
    return limit;
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    long prefixLen = memory.getU32(keyAddr);
    if (prefixLen > maxPrefixLen) {
      return 0;
    }
    byte[] data = memory.getBytes(keyAddr + 4, dataSize);
    int best = 0;
    Node node = root;
    while (node != null) {
      int match = common(node.data, data, Math.min(node.prefixLen, (int) prefixLen));
      if (match < node.prefixLen) {
        break;
      }
      int elem = node.elem;
      best = elem != 0 ? elem : best;
      node = match >= maxPrefixLen ? null : node.child(bit(data, match));
    }
    return best == 0 ? 0 : Integer.toUnsignedLong(best) + valueOff;
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    long len = memory.getU32(keyAddr);
    if (flags < 0 || flags > BPF_EXIST || len > maxPrefixLen) {
      return Errno.EINVAL.negated();
    }
    byte[] data = memory.getBytes(keyAddr + 4, dataSize);
    synchronized (this) {
      int elem = pool.take();
      if (elem == 0) {
        return Errno.ENOMEM.negated();
      }
      long addr = Integer.toUnsignedLong(elem);
      memory.copy(addr, keyAddr, spec().keySize());
      memory.copy(addr + valueOff, valueAddr, spec().valueSize());
      int ret = insert(data, (int) len, elem, flags);
      if (ret != 0) {
        pool.give(elem);
      }
      return ret;
    }
  }

  private int insert(byte[] data, int len, int elem, long flags) {
    Node parent = null;
    boolean side = false;
    Node node = root;
    int match = 0;
    while (node != null) {
      match = common(node.data, data, Math.min(node.prefixLen, len));
      if (match < node.prefixLen || node.prefixLen == len) {
        break;
      }
      parent = node;
      side = bit(data, node.prefixLen);
      node = node.child(side);
    }
    if (node != null && node.prefixLen == len && match == len && node.elem != 0) {
      if (flags == BPF_NOEXIST) {
        return Errno.EEXIST.negated();
      }
      free(node.elem);
      node.elem = elem;
      return 0;
    }
    int refused = countOne(flags);
    if (refused != 0) {
      return refused;
    }
    link(parent, side, node, match, new Node(data, len, elem));
    return 0;
  }

  /// Puts `made` where `node` stands (below `parent` on `side`), joined with it as need be.
  private void link(
      @Nullable Node parent, boolean side, @Nullable Node node, int match, Node made) {
    Node placed = made;
    if (node != null && node.prefixLen == made.prefixLen && match == made.prefixLen) {
      node.elem = made.elem; // it only joined others until now
      return;
    }
    if (node != null && match == made.prefixLen) {
      made.setChild(bit(node.data, match), node);
    } else if (node != null) {
      placed = new Node(node.data, match, 0);
      placed.setChild(bit(node.data, match), node);
      placed.setChild(bit(made.data, match), made);
    }
    if (parent == null) {
      root = placed;
    } else {
      parent.setChild(side, placed);
    }
  }

  private int countOne(long flags) {
    if (flags == BPF_EXIST) {
      return Errno.ENOENT.negated();
    }
    if (entries == MapCreateCheck.unsigned(spec().maxEntries())) {
      return Errno.ENOSPC.negated();
    }
    entries++;
    return 0;
  }

  /// A value that programs may still look at is used again only after their runs.
  private void free(int elem) {
    table.rcu().defer(() -> pool.give(elem));
  }

  @Override
  public synchronized int deleteElem(long keyAddr, int cpu) {
    long len = memory.getU32(keyAddr);
    if (len > maxPrefixLen) {
      return Errno.EINVAL.negated();
    }
    byte[] data = memory.getBytes(keyAddr + 4, dataSize);
    Node grand = null;
    Node parent = null;
    Node node = root;
    while (node != null) {
      int match = common(node.data, data, Math.min(node.prefixLen, (int) len));
      if (match < node.prefixLen || node.prefixLen == len) {
        break;
      }
      grand = parent;
      parent = node;
      node = node.child(bit(data, node.prefixLen));
    }
    if (node == null
        || node.prefixLen != len
        || node.elem == 0
        || common(node.data, data, (int) len) != len) {
      return Errno.ENOENT.negated();
    }
    entries--;
    free(node.elem);
    unlink(grand, parent, node);
    return 0;
  }

  private void unlink(@Nullable Node grand, @Nullable Node parent, Node node) {
    Node zero = node.zero;
    Node one = node.one;
    if (zero != null && one != null) {
      node.elem = 0; // it still joins two
      return;
    }
    Node only = zero != null ? zero : one;
    if (only == null && parent != null && parent.elem == 0) {
      // The parent joined two of which one is left.
      replace(grand, parent, parent.zero == node ? parent.one : parent.zero);
      return;
    }
    replace(parent, node, only);
  }

  private void replace(@Nullable Node parent, Node node, @Nullable Node by) {
    if (parent == null) {
      root = by;
    } else {
      parent.setChild(parent.one == node, by);
    }
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    long addr = takeStaging();
    try {
      memory.putBytes(addr, key);
      long value = lookupElem(addr, 0);
      return value == 0 ? null : memory.getBytes(value, spec().valueSize());
    } finally {
      giveStaging(addr);
    }
  }

  /// Longer prefixes come before the shorter ones that contain them, smaller addresses first.
  @Override
  synchronized byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    Walk walk = new Walk(key);
    walk.visit(root);
    int elem = walk.keyFound ? walk.behind : walk.first;
    return elem == 0 ? null : memory.getBytes(Integer.toUnsignedLong(elem), spec().keySize());
  }

  private final class Walk {
    final byte @Nullable [] key;
    boolean keyFound;
    int first;
    int behind;

    Walk(byte @Nullable [] key) {
      this.key = key;
    }

    void visit(@Nullable Node node) {
      if (node == null || behind != 0) {
        return;
      }
      visit(node.zero);
      visit(node.one);
      int elem = node.elem;
      if (elem == 0 || behind != 0) {
        return;
      }
      first = first == 0 ? elem : first;
      if (keyFound) {
        behind = elem;
      } else if (key != null) {
        int len = GuestBytes.u32(key);
        keyFound =
            len == node.prefixLen
                && common(node.data, java.util.Arrays.copyOfRange(key, 4, key.length), len) == len;
      }
    }
  }

  @Override
  void destroy() {
    super.destroy();
    pool.destroy();
  }
}
