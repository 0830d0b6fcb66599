package bpf4j.verifier.prune;

import bpf4j.verifier.state.RegState;
import java.util.Arrays;

/// Pairs ids of an old state with ids of the current one: equal ids there must be equal here.
public final class IdMap {
  private int[] olds = new int[32];
  private int[] curs = new int[32];
  private int count;
  private int tmpId;

  /// Starts a comparison; made-up ids come after `lastId`.
  public void reset(int lastId) {
    count = 0;
    tmpId = lastId;
  }

  /// Whether the pair agrees with those seen before. Both set or both clear.
  public boolean check(int old, int cur) {
    if ((old == 0) != (cur == 0)) {
      return false;
    }
    if (old == 0) {
      return true;
    }
    for (int i = 0; i < count; i++) {
      if (olds[i] == old) {
        return curs[i] == cur;
      }
      if (curs[i] == cur) {
        return false;
      }
    }
    if (count == olds.length) {
      olds = Arrays.copyOf(olds, count * 2);
      curs = Arrays.copyOf(curs, count * 2);
    }
    olds[count] = old;
    curs[count++] = cur;
    return true;
  }

  /// As [#check] for scalars: an unlinked old scalar fits any, an unlinked current one counts as
  /// linked to itself alone. Of linked sums the ids they are sums of must agree as well.
  boolean checkScalar(int old, int cur) {
    if (old == 0) {
      return true;
    }
    int curId = cur != 0 ? cur : ++tmpId;
    return check(old, curId)
        && ((old & RegState.ADD_CONST) == 0
            || check(old & ~RegState.ADD_CONST, curId & ~RegState.ADD_CONST));
  }
}
