package bpf4j.verifier.kfunc;

import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import org.jspecify.annotations.Nullable;

/// What the passes ask about kfunc calls, and the check of one call. A seam: the structural passes
/// and the execution loop know kfuncs only through it.
public interface Kfuncs {
  /// What a call is like, from the kfunc's prototype and flags.
  ///
  /// @param params number of arguments
  public record Summary(
      int params,
      boolean isVoid,
      boolean fastcall,
      boolean iterNext,
      boolean sleepable,
      boolean changesPktData,
      boolean syncCallback,
      boolean asyncCallback,
      boolean isThrow,
      boolean allowedUnderLock) {}

  /// Registers the call at `slotIdx` while subprograms are collected; refuses a kfunc that cannot
  /// be called at all.
  void add(Env env, int slotIdx);

  /// What the kfunc called at `slotIdx` is like, or null where it is not known.
  @Nullable Summary summary(Env env, int slotIdx);

  /// Executes the call at `slotIdx` in the current state.
  void call(Machine m, int slotIdx);

  /// Whether the current frame is a callback that runs under the lock of its caller (`less` of
  /// `bpf_rbtree_add`).
  boolean inLockedCallback(Env env);

  /// Knows no kfunc and refuses every call.
  Kfuncs NONE =
      new Kfuncs() {
        @Override
        public void add(Env env, int slotIdx) {}

        @Override
        public @Nullable Summary summary(Env env, int slotIdx) {
          return null;
        }

        @Override
        public void call(Machine m, int slotIdx) {
          throw m.env.unsupported("calling kernel function " + m.env.text(slotIdx));
        }

        @Override
        public boolean inLockedCallback(Env env) {
          return false;
        }
      };
}
