package bpf4j.verifier.liveness;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One subprogram on one call chain: for each of its instructions, and for each frame it can reach,
/// which stack slots the instruction may read and must write.
///
/// Masks have bit `spi` for stack slot `spi`. Per instruction and frame:
///
/// ```
/// mayRead       slots that some execution of the instruction reads       (only grows)
/// mustWrite     slots that every execution so far has written            (only shrinks)
/// liveBefore    slots that may be read here or later before a write
/// writtenAfter  slots that are written on every way from here to the end
/// ```
final class Instance {
  final CallChain chain;
  private final int start;
  private final int length;
  private final boolean[] writesSeen;
  private final @Nullable Masks[] frames;
  private boolean changed;
  private boolean mustWriteShrank;

  private static final class Masks {
    final long[] mayRead;
    final long[] mustWrite;
    final long[] liveBefore;
    final long[] writtenAfter;

    Masks(int length) {
      mayRead = new long[length];
      mustWrite = new long[length];
      liveBefore = new long[length];
      writtenAfter = new long[length];
    }
  }

  Instance(CallChain chain, int length) {
    this.chain = chain;
    this.start = chain.subprogStart();
    this.length = length;
    this.writesSeen = new boolean[length];
    this.frames = new Masks[chain.frame() + 1];
  }

  private Masks masks(int frame) {
    Masks m = frames[frame];
    if (m == null) {
      m = new Masks(length);
      frames[frame] = m;
    }
    return m;
  }

  void read(int frame, int insnIdx, long mask) {
    Masks m = masks(frame);
    int i = insnIdx - start;
    long read = m.mayRead[i] | mask;
    // Slots that are live anyway change nothing.
    if (read != m.mayRead[i] && (read & ~m.liveBefore[i]) != 0) {
      changed = true;
    }
    m.mayRead[i] = read;
  }

  /// Takes what one execution of the instruction wrote, per frame. A slot counts as written only
  /// while every execution on this chain writes it.
  void write(int insnIdx, long[] written) {
    int i = insnIdx - start;
    boolean seen = writesSeen[i];
    for (int frame = 0; frame <= chain.frame(); frame++) {
      if (written[frame] == 0 && !seen) {
        continue;
      }
      Masks m = masks(frame);
      long before = m.mustWrite[i];
      long now = seen ? written[frame] & before : written[frame];
      if (now != before) {
        m.mustWrite[i] = now;
        changed = true;
      }
      if ((before & ~now) != 0) {
        mustWriteShrank = true;
      }
    }
    writesSeen[i] = true;
  }

  boolean isLiveBefore(int insnIdx, int frame, int spi) {
    Masks m = frames[frame];
    return m != null && (m.liveBefore[insnIdx - start] >>> spi & 1) != 0;
  }

  boolean reaches(int frame) {
    return frames[frame] != null;
  }

  long liveAtStart(int frame) {
    return masks(frame).liveBefore[0];
  }

  long writtenFromStart(int frame) {
    return masks(frame).writtenAfter[0];
  }

  /// Recomputes `liveBefore` and `writtenAfter` where marks have changed since the last time; gives
  /// whether there was something to do.
  boolean update(Flow flow, @Nullable Consumer<String> log) {
    if (!changed) {
      return false;
    }
    if (mustWriteShrank) {
      // The old solution may be too large to shrink by iteration: start again from nothing written.
      for (Masks m : frames) {
        if (m != null) {
          Arrays.fill(m.writtenAfter, 0);
        }
      }
    }
    int[] order = flow.postorder(start);
    int rounds = 0;
    boolean moved;
    do {
      rounds++;
      moved = false;
      for (int frame = 0; frame < frames.length; frame++) {
        Masks m = frames[frame];
        if (m != null) {
          for (int insnIdx : order) {
            moved |= updateInsn(flow, log, m, frame, insnIdx);
          }
        }
      }
    } while (moved);
    if (log != null) {
      log.accept(chain + " live stack update done in " + rounds + " iterations\n");
    }
    changed = false;
    mustWriteShrank = false;
    return true;
  }

  private boolean updateInsn(
      Flow flow, @Nullable Consumer<String> log, Masks m, int frame, int insnIdx) {
    int[] successors = new int[2];
    int n = flow.successors(insnIdx, successors);
    if (n == 0) {
      return false;
    }
    int i = insnIdx - start;
    long liveAfter = 0;
    long written = -1;
    for (int s = 0; s < n; s++) {
      liveAfter |= m.liveBefore[successors[s] - start];
      written &= m.writtenAfter[successors[s] - start];
    }
    written |= m.mustWrite[i];
    long live = (liveAfter & ~m.mustWrite[i]) | m.mayRead[i];
    boolean moved = live != m.liveBefore[i] || written != m.writtenAfter[i];
    if (moved
        && log != null
        && (m.mayRead[i] != 0 || m.mustWrite[i] != 0 || i == 0 || flow.isPrunePoint(insnIdx))) {
      logChange(log, "live", frame, insnIdx, m.liveBefore[i], live);
      logChange(log, "written", frame, insnIdx, m.writtenAfter[i], written);
    }
    m.liveBefore[i] = live;
    m.writtenAfter[i] = written;
    return moved;
  }

  private void logChange(
      Consumer<String> log, String what, int frame, int insnIdx, long before, long now) {
    if (before == now) {
      return;
    }
    StringBuilder line = new StringBuilder();
    line.append(chain).append(" frame ").append(frame).append(" insn ").append(insnIdx).append(' ');
    appendSlots(line, '+', what, now & ~before);
    appendSlots(line, '-', what, before & ~now);
    log.accept(line.append('\n').toString());
  }

  private static void appendSlots(StringBuilder line, char sign, String what, long slots) {
    if (slots == 0) {
      return;
    }
    line.append(sign).append(what).append(' ');
    char separator = 0;
    for (int spi = 0; spi < Long.SIZE; spi++) {
      if ((slots >>> spi & 1) != 0) {
        if (separator != 0) {
          line.append(separator);
        }
        line.append(-(spi + 1) * 8);
        separator = ',';
      }
    }
    if (sign == '+') {
      line.append(' ');
    }
  }
}
