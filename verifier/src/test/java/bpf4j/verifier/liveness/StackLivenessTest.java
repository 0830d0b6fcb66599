package bpf4j.verifier.liveness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StackLivenessTest {
  private static final long SLOT0 = 1;
  private static final long SLOT1 = 2;

  /// A program given by each instruction's successors; subprograms start where told.
  private record Shape(int[][] next, int... starts) implements Flow {
    @Override
    public int successors(int insnIdx, int[] out) {
      System.arraycopy(next[insnIdx], 0, out, 0, next[insnIdx].length);
      return next[insnIdx].length;
    }

    @Override
    public int subprogStart(int insnIdx) {
      return IntStream.of(starts).filter(s -> s <= insnIdx).max().orElseThrow();
    }

    @Override
    public int subprogEnd(int subprogStart) {
      return IntStream.of(starts).filter(s -> s > subprogStart).min().orElse(next.length);
    }

    @Override
    public int[] postorder(int subprogStart) {
      int end = subprogEnd(subprogStart);
      return IntStream.range(subprogStart, end).map(i -> end - 1 - (i - subprogStart)).toArray();
    }

    @Override
    public boolean isPrunePoint(int insnIdx) {
      return true;
    }

    @Override
    public boolean callsCallback(int insnIdx) {
      return false;
    }
  }

  private final List<String> log = new ArrayList<>();

  private static void write(StackLiveness l, int insnIdx, int frame, long mask) {
    l.beginInsn(insnIdx);
    l.markWrite(frame, mask);
    l.commitWrites();
  }

  private static void read(StackLiveness l, int insnIdx, int frame, long mask) {
    l.beginInsn(insnIdx);
    l.markRead(frame, insnIdx, mask);
    l.commitWrites();
  }

  private static void nothing(StackLiveness l, int insnIdx) {
    l.beginInsn(insnIdx);
    l.commitWrites();
  }

  @Test
  void slotIsAliveBetweenWriteAndRead() {
    var l = new StackLiveness(new Shape(new int[][] {{1}, {2}, {3}, {}}, 0), log::add);
    l.setFrames(0);
    write(l, 0, 0, SLOT0);
    nothing(l, 1);
    read(l, 2, 0, SLOT0);
    nothing(l, 3);
    l.update();
    assertThat(alive(l, 0, 0, 0)).isFalse();
    assertThat(alive(l, 1, 0, 0)).isTrue();
    assertThat(alive(l, 2, 0, 0)).isTrue();
    assertThat(alive(l, 3, 0, 0)).isFalse();
    assertThat(alive(l, 1, 0, 1)).isFalse();
    assertThat(log)
        .contains("(0) frame 0 insn 2 +live -8 \n")
        .endsWith("(0) live stack update done in 2 iterations\n");
  }

  @Test
  void aWriteCountsOnlyWhileEveryExecutionMakesIt() {
    var l = new StackLiveness(new Shape(new int[][] {{1}, {2}, {}}, 0), null);
    l.setFrames(0);
    write(l, 0, 0, SLOT0 | SLOT1);
    read(l, 1, 0, SLOT0);
    l.update();
    assertThat(alive(l, 0, 0, 0)).isFalse();
    write(l, 0, 0, SLOT1);
    l.update();
    assertThat(alive(l, 0, 0, 0)).isTrue();
  }

  @Test
  void loopKeepsSlotAliveAroundTheBackEdge() {
    var l = new StackLiveness(new Shape(new int[][] {{1}, {2}, {1, 3}, {}}, 0), null);
    l.setFrames(0);
    write(l, 0, 0, SLOT0);
    read(l, 1, 0, SLOT0);
    nothing(l, 2);
    nothing(l, 3);
    l.update();
    assertThat(alive(l, 2, 0, 0)).isTrue();
    assertThat(alive(l, 3, 0, 0)).isFalse();
  }

  @Test
  void calleeReadsKeepTheCallersSlotAlive() {
    var l = new StackLiveness(new Shape(new int[][] {{1}, {2}, {}, {4}, {}}, 0, 3), null);
    l.setFrames(0);
    write(l, 0, 0, SLOT0);
    l.setFrames(1, 3);
    read(l, 3, 0, SLOT0);
    nothing(l, 4);
    l.update();
    l.query(new int[] {1, 3}, 3);
    assertThat(l.isAlive(0, 0)).isTrue();
    l.query(new int[] {1, 3}, 4);
    assertThat(l.isAlive(0, 0)).isFalse();
    assertThat(alive(l, 1, 0, 0)).isTrue();
    assertThat(alive(l, 0, 0, 0)).isFalse();
  }

  private static boolean alive(StackLiveness l, int insnIdx, int frame, int spi) {
    l.query(new int[] {0}, insnIdx);
    return l.isAlive(frame, spi);
  }
}
