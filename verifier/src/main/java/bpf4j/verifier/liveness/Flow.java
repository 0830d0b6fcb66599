package bpf4j.verifier.liveness;

/// What stack liveness needs to know about the program's shape. All indices are slot indices.
public interface Flow {
  /// Writes the successors of `insnIdx` inside its subprogram to `out` (room for two) and gives
  /// their number.
  int successors(int insnIdx, int[] out);

  /// First slot of the subprogram that `insnIdx` lies in.
  int subprogStart(int insnIdx);

  /// First slot behind the subprogram that starts at `subprogStart`.
  int subprogEnd(int subprogStart);

  /// The instructions of the subprogram that starts at `subprogStart`, successors first.
  int[] postorder(int subprogStart);

  /// Whether states are compared at this instruction.
  boolean isPrunePoint(int insnIdx);

  /// Whether this call hands a subprogram to a helper or kfunc that calls it synchronously.
  boolean callsCallback(int insnIdx);
}
