package bpf4j.verifier.call;

import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.VerifierMap;
import org.jspecify.annotations.Nullable;

/// What the arguments of one call told, for the checks that follow.
public final class CallMeta {
  /// No constant key.
  public static final long NO_KEY = -1;

  public final int funcId;

  /// Packet pointers may be passed as memory.
  public final boolean pktAccess;

  public @Nullable VerifierMap map;
  public int mapUid;

  /// The memory argument may be uninitialised.
  public boolean rawMode;

  /// Register and size of the uninitialised stack memory that the call writes; size 0 for none.
  public int rawRegno;

  public int rawSize;

  /// Register whose reference the call releases, 0 for none.
  public int releaseRegno;

  public int refObjId;
  public int dynptrId;
  public int memSize;

  /// Upper bound of the size argument.
  public long maxSize;

  public long constMapKey = NO_KEY;

  /// The callback argument.
  public int subprogIdx;

  /// Type that the result has because of an argument.
  public Pointee.@Nullable BtfRef retType;

  public FieldRecord.@Nullable Field kptrField;

  public CallMeta(int funcId, boolean pktAccess) {
    this.funcId = funcId;
    this.pktAccess = pktAccess;
  }
}
