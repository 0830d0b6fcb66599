package bpf4j.verifier.object;

import bpf4j.model.proto.ArgProto;
import bpf4j.verifier.call.CallMeta;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Frame;

/// What calls and stack accesses ask about kernel objects: a seam between the core and the rules of
/// dynptrs, locks, timers and kptrs. Each method acts on the current state and refuses by
/// [bpf4j.verifier.env.Rejection].
public interface StackObjects {
  /// A store goes to slot `spi` of `frame`: a dynptr that lies there is destroyed, or the store is
  /// refused where the dynptr owns a resource.
  void destroyDynptr(Machine m, Frame frame, int spi);

  /// Checks a dynptr argument in register `regno`.
  void dynptrArg(Machine m, int regno, ArgProto arg, CallMeta meta);

  /// Checks a dynptr passed to a subprogram that declares one.
  void subprogDynptrArg(Machine m, int regno);

  /// Releases the dynptr that register `regno` points to.
  void releaseDynptr(Machine m, int regno);

  /// Whether a dynptr argument that a call releases is owned; refuses otherwise.
  void checkReleasedDynptr(Machine m, int regno);

  /// Effects of `bpf_dynptr_data` and `bpf_dynptr_write` beyond their arguments, before R0 is set.
  /// Returns whether packet data may have changed.
  boolean dynptrCall(Machine m, int helperId, CallMeta meta);

  /// `bpf_spin_lock` and `bpf_spin_unlock` on register `regno`.
  void spinLock(Machine m, int regno, boolean lock, CallMeta meta);

  /// A `struct bpf_timer` argument.
  void timerArg(Machine m, int regno, CallMeta meta);

  /// The destination of `bpf_kptr_xchg`.
  void kptrArg(Machine m, int regno, CallMeta meta);

  /// A load or store that touches a kptr at `off` of the map value in `regno`.
  void kptrAccess(Machine m, int regno, int off, boolean write, int valueRegno);

  /// Knows no object and refuses what needs one.
  StackObjects NONE =
      new StackObjects() {
        @Override
        public void destroyDynptr(Machine m, Frame frame, int spi) {}

        @Override
        public void dynptrArg(Machine m, int regno, ArgProto arg, CallMeta meta) {
          throw m.env.unsupported("dynptr argument");
        }

        @Override
        public void subprogDynptrArg(Machine m, int regno) {
          throw m.env.unsupported("dynptr argument");
        }

        @Override
        public void releaseDynptr(Machine m, int regno) {
          throw m.env.unsupported("dynptr release");
        }

        @Override
        public void checkReleasedDynptr(Machine m, int regno) {
          throw m.env.unsupported("dynptr release");
        }

        @Override
        public boolean dynptrCall(Machine m, int helperId, CallMeta meta) {
          throw m.env.unsupported("dynptr call");
        }

        @Override
        public void spinLock(Machine m, int regno, boolean lock, CallMeta meta) {
          throw m.env.unsupported("spin lock");
        }

        @Override
        public void timerArg(Machine m, int regno, CallMeta meta) {
          throw m.env.unsupported("timer");
        }

        @Override
        public void kptrArg(Machine m, int regno, CallMeta meta) {
          throw m.env.unsupported("kptr");
        }

        @Override
        public void kptrAccess(Machine m, int regno, int off, boolean write, int valueRegno) {
          throw m.env.unsupported("kptr access");
        }
      };
}
