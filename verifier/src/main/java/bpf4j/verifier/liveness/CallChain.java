package bpf4j.verifier.liveness;

import java.util.Arrays;
import java.util.stream.Collectors;

/// How symbolic execution got into a subprogram: the call instructions of the frames outside, and
/// the start of the subprogram itself as the last element. Two frames with the same chain share
/// their liveness.
final class CallChain {
  private final int[] sites;

  /// @param sites `sites[i]` is the call that frame `i` is in; the last element is the start of the
  ///   innermost subprogram
  CallChain(int[] sites) {
    this.sites = sites;
  }

  /// Number of the innermost frame, counted from 0.
  int frame() {
    return sites.length - 1;
  }

  int subprogStart() {
    return sites[sites.length - 1];
  }

  int callsite(int frame) {
    return sites[frame];
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof CallChain other && Arrays.equals(sites, other.sites);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sites);
  }

  /// As the log writes it: `(12,40)`.
  @Override
  public String toString() {
    return Arrays.stream(sites)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(",", "(", ")"));
  }
}
