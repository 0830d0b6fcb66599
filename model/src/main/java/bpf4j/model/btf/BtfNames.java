package bpf4j.model.btf;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Index of a [Btf]'s own type names: an open-addressed hash table with one id, the lowest, for
/// each pair of name and kind.
///
/// The work is linear in the number of types whatever the file says: the hash is seeded, and names
/// over [#MAX_NAME] bytes (which the kernel allows none of) are left out and searched one by one,
/// since strings may overlap.
final class BtfNames {
  /// Longest indexed name in bytes, the kernel's `KSYM_NAME_LEN`.
  private static final int MAX_NAME = 512;

  private final Btf btf;
  private final long seed = ThreadLocalRandom.current().nextLong();
  private final int[] table;
  private final int mask;
  private boolean hasLongNames;

  BtfNames(Btf btf) {
    this.btf = btf;
    int named = 0;
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      if (btf.nameOff(id) != 0) {
        named++;
      }
    }
    table = new int[Integer.highestOneBit(Math.max(named, 4)) * 4];
    mask = table.length - 1;
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      if (btf.nameOff(id) != 0) {
        insert(id);
      }
    }
  }

  private void insert(int id) {
    int off = btf.nameOff(id);
    int len = btf.stringLength(off, MAX_NAME + 1);
    if (len > MAX_NAME) {
      hasLongNames = true;
      return;
    }
    byte[] bytes = btf.stringBytes(off);
    int from = btf.stringIndex(off);
    int slot = hash(bytes, from, from + len) & mask;
    for (int other = table[slot]; other != 0; other = table[slot]) {
      if (btf.kind(other) == btf.kind(id)
          && (btf.nameOff(other) == off
              || btf.stringEquals(btf.nameOff(other), bytes, from, len))) {
        return;
      }
      slot = slot + 1 & mask;
    }
    table[slot] = id;
  }

  /// Lowest own id of that name and, where it is not null, that kind; else 0.
  int find(String name, @Nullable BtfKind kind) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_NAME) {
      return hasLongNames ? scan(bytes, kind) : 0;
    }
    int found = 0;
    int slot = hash(bytes, 0, bytes.length) & mask;
    for (int id = table[slot]; id != 0; id = table[slot]) {
      if ((kind == null || btf.kind(id) == kind)
          && (found == 0 || id < found)
          && btf.stringEquals(btf.nameOff(id), bytes, 0, bytes.length)) {
        found = id;
      }
      slot = slot + 1 & mask;
    }
    return found;
  }

  private int scan(byte[] name, @Nullable BtfKind kind) {
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      if ((kind == null || btf.kind(id) == kind)
          && btf.stringEquals(btf.nameOff(id), name, 0, name.length)) {
        return id;
      }
    }
    return 0;
  }

  private int hash(byte[] bytes, int from, int to) {
    long h = seed;
    for (int i = from; i < to; i++) {
      h = (h ^ bytes[i]) * 0x9e3779b97f4a7c15L;
      h ^= h >>> 32;
    }
    return (int) h;
  }
}
