package bpf4j.maps;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A row of short-time locks, one int each. Held only inside this package, never across a call of
/// anything that a user or a program supplies.
final class SpinLocks {
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(int[].class);

  /// Locks are this many ints apart, so that neighbours share no cache line.
  private static final int APART = 16;

  private final int[] words;
  private final int mask;

  /// At least one and at most `most` locks for `wanted` users.
  SpinLocks(long wanted, int most) {
    int count = (int) Math.min(MapCreateCheck.roundUpPow2(wanted), most);
    this.words = new int[count > 1 ? count * APART : 1];
    this.mask = count - 1;
  }

  void lock(int index) {
    int i = (index & mask) * APART;
    for (int spins = 0; !WORD.weakCompareAndSetAcquire(words, i, 0, 1); spins++) {
      if (spins < 100) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }

  void unlock(int index) {
    WORD.setRelease(words, (index & mask) * APART, 0);
  }
}
