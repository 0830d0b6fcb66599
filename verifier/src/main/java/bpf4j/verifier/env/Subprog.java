package bpf4j.verifier.env;

import org.jspecify.annotations.Nullable;

/// One subprogram: where it lies and what passes found out about it.
public final class Subprog {
  /// First slot.
  public final int start;

  /// First slot after it.
  public int end;

  public int exitIdx;
  public boolean hasTailCall;
  public boolean tailCallReachable;
  public boolean hasLdAbs;
  public boolean changesPktData;
  public boolean mightSleep;
  public boolean isCallback;
  public boolean isAsyncCallback;
  public boolean isExceptionCallback;
  public boolean keepFastcallStack;

  /// Spills of fastcall patterns lie below this offset; nothing else may touch them.
  public int fastcallStackOff;

  /// Bytes of stack it uses.
  public int stackDepth;

  /// Position of its instructions in the postorder.
  public int postorderStart;

  /// BTF FUNC of it, 0 where there is none.
  public int funcTypeId;

  public String name = "";
  public boolean isGlobal;

  /// A global one that some verified code calls.
  public boolean called;

  public boolean verified;

  /// Whether its BTF prototype cannot be relied on for its arguments.
  public boolean unreliable;

  /// Arguments by BTF, null before they were prepared.
  public @Nullable SubprogArgs args;

  /// Whether this subprogram has a private stack under the kernel's JIT.
  public boolean privateStack;

  /// Whether the choice of `privateStack` is made.
  public boolean privateStackKnown;

  public Subprog(int start) {
    this.start = start;
  }
}
