package bpf4j.verifier.prune;

import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.PathState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Visits of loops. While a loop is being explored, a state found equal to an earlier one inside
/// the loop is kept as a back edge; when the loop is left, precision is carried along the back
/// edges until nothing changes.
final class Sccs {
  /// Calls that lead to a loop, and its number.
  private record Chain(List<Integer> callsites, int scc) {
    String text() {
      StringBuilder s = new StringBuilder("(");
      for (int c : callsites) {
        // The kernel's list ends at the first zero.
        if (c == 0) {
          break;
        }
        s.append(c).append(',');
      }
      return s.append(scc).append(')').toString();
    }
  }

  /// One visit of a loop.
  static final class Visit {
    private final Chain chain;
    private @Nullable PathState entry;
    final List<PathState> backedges = new ArrayList<>();
    private int counted;

    private Visit(Chain chain) {
      this.chain = chain;
    }
  }

  private final Env env;
  private final Map<Chain, Visit> visits = new HashMap<>();

  Sccs(Env env) {
    this.env = env;
  }

  /// Forgets all visits, before another function is verified.
  void clear() {
    visits.clear();
  }

  private @Nullable Chain chain(PathState st) {
    List<Integer> callsites = new ArrayList<>();
    for (int i = 0; i <= st.curFrameno(); i++) {
      int idx = st.frameInsnIdx(i);
      int scc = env.aux.scc[idx];
      if (scc != 0) {
        return new Chain(callsites, scc);
      }
      callsites.add(idx);
    }
    return null;
  }

  private @Nullable Visit visit(PathState st) {
    if (env.sccCount == 1) {
      return null;
    }
    Chain c = chain(st);
    return c == null ? null : visits.get(c);
  }

  void maybeEnter(PathState st) {
    if (env.sccCount == 1) {
      return;
    }
    Chain c = chain(st);
    if (c == null) {
      return;
    }
    Visit v = visits.computeIfAbsent(c, Visit::new);
    if (v.entry == null) {
      v.entry = st;
      log("SCC enter ", c);
    }
  }

  /// The visit that ends with this state, whose back edges must be propagated; null when none does.
  @Nullable Visit maybeExit(PathState st) {
    Visit v = visit(st);
    if (v == null || v.entry != st) {
      return null;
    }
    log("SCC exit ", v.chain);
    v.entry = null;
    env.counters.backedges -= v.counted;
    v.counted = 0;
    env.counters.updatePeak();
    return v;
  }

  void addBackedge(PathState checkpoint, PathState copy) {
    Visit v = visit(checkpoint);
    if (v == null) {
      throw new IllegalStateException("back edge outside a loop at " + copy.insnIdx);
    }
    log("SCC backedge ", v.chain);
    v.backedges.addFirst(copy);
    v.counted++;
    env.counters.backedges++;
    env.counters.updatePeak();
  }

  /// Whether precision marks of a state may still grow: its loop is not fully explored.
  boolean isIncomplete(PathState st) {
    Visit v = visit(st);
    return v != null && !v.backedges.isEmpty();
  }

  private void log(String what, Chain c) {
    if (env.log.level2()) {
      env.log.out().append(what).append(c.text()).append('\n');
    }
  }
}
