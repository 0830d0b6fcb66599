package bpf4j.verifier.state;

import org.jspecify.annotations.Nullable;

/// A stored state that later paths are compared with, in the list of its bucket, newest first.
public final class Checkpoint {
  public final PathState state;
  public int missCount;
  public int hitCount;

  /// Taken out of its bucket as useless, kept while paths from it are explored.
  public boolean retired;

  public @Nullable Checkpoint next;

  public Checkpoint(PathState state) {
    this.state = state;
  }
}
