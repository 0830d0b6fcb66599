package bpf4j.verifier.env;

/// The numbers that the log's last line reports and that pruning heuristics use.
public final class Counters {
  /// Instructions that one verification may process.
  public static final int INSN_LIMIT = 1_000_000;

  public int insnProcessed;
  public int prevInsnProcessed;
  public int jmpsProcessed;
  public int prevJmpsProcessed;
  public int maxStatesPerInsn;
  public int totalStates;
  public int peakStates;
  public int exploredStates;
  public int freeListStates;
  public int backedges;

  /// States held at this time, for the peak.
  public void updatePeak() {
    peakStates = Math.max(peakStates, exploredStates + freeListStates + backedges);
  }
}
