package bpf4j.verifier.env;

import bpf4j.verifier.state.VerifierMap;
import org.jspecify.annotations.Nullable;

/// Annotations of each instruction slot, from the structural passes and from execution.
public final class InsnAux {
  /// Where paths may be compared with earlier ones.
  public final boolean[] prunePoint;

  /// Where control may arrive other than from the slot before.
  public final boolean[] jmpPoint;

  /// Where a checkpoint is always stored.
  public final boolean[] forceCheckpoint;

  /// Calls that run a callback before they return.
  public final boolean[] callsCallback;

  public final boolean[] isIterNext;

  /// Members of a spill, call, fill pattern around a `bpf_fastcall` function.
  public final boolean[] fastcallPattern;

  public final int[] fastcallSpills;

  /// Number of the loop (strongly connected component), 0 outside loops.
  public final int[] scc;

  /// Registers that may be read from here on before they are written, as a bit mask.
  public final short[] liveRegs;

  public final boolean[] seen;

  /// Speculation barrier needed before or after the instruction.
  public final boolean[] nospec;

  public final boolean[] nospecResult;

  /// Type of the pointer that a load or store uses, merged over all paths; 0 before the first.
  public final int[] ptrType;

  /// For `ld_imm64` of a map or value: the map.
  public final @Nullable VerifierMap[] loadedMap;

  /// For a call with a map: the map of the first path.
  public final @Nullable VerifierMap[] callMap;

  /// Whether paths pass different maps to the call.
  public final boolean[] callMapVaries;

  /// For a tail call or lookup: key that every path passes, [#KEY_UNSEEN] or [#KEY_VARIES].
  public final long[] constKey;

  public static final long KEY_UNSEEN = -1;
  public static final long KEY_VARIES = -2;

  /// For `bpf_loop`: the callback, [#NO_CALLBACK] before the first path, [#CALLBACK_VARIES].
  public final int[] loopCallback;

  public static final int NO_CALLBACK = -1;
  public static final int CALLBACK_VARIES = -2;

  InsnAux(int slots) {
    prunePoint = new boolean[slots];
    jmpPoint = new boolean[slots];
    forceCheckpoint = new boolean[slots];
    callsCallback = new boolean[slots];
    isIterNext = new boolean[slots];
    fastcallPattern = new boolean[slots];
    fastcallSpills = new int[slots];
    scc = new int[slots];
    liveRegs = new short[slots];
    seen = new boolean[slots];
    nospec = new boolean[slots];
    nospecResult = new boolean[slots];
    ptrType = new int[slots];
    loadedMap = new VerifierMap[slots];
    callMap = new VerifierMap[slots];
    callMapVaries = new boolean[slots];
    constKey = new long[slots];
    loopCallback = new int[slots];
    java.util.Arrays.fill(constKey, KEY_UNSEEN);
    java.util.Arrays.fill(loopCallback, NO_CALLBACK);
  }
}
