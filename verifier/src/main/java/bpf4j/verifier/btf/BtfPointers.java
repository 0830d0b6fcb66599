package bpf4j.verifier.btf;

import bpf4j.model.proto.ArgProto;
import bpf4j.verifier.call.CallMeta;
import bpf4j.verifier.env.SubprogArgs;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/// What the core asks about pointers with BTF types: a seam. Each method acts on the current state
/// and refuses by [bpf4j.verifier.env.Rejection].
public interface BtfPointers {
  /// A load or store through a `BTF_ID` pointer; `off` includes the pointer's own.
  ///
  /// @param valueRegno register loaded, or -1
  void access(Machine m, int regno, int off, int size, boolean write, int valueRegno);

  /// A load through a map pointer, as from `struct bpf_map`.
  void mapAccess(Machine m, int regno, int off, int size, boolean write, int valueRegno);

  /// What a load from a context whose layout is BTF (tracing, LSM, struct_ops) yields, or null
  /// where the access is refused with `invalid bpf_context access`.
  @Nullable RegState ctxAccess(Machine m, int off, int size, boolean write, boolean signExtend);

  /// Checks the type of a `BTF_ID` register against a helper's argument, after its flags matched.
  void helperArg(Machine m, int regno, ArgProto arg, CallMeta meta);

  /// What a helper that returns a `BTF_ID` (or memory of a BTF type) leaves in R0.
  RegState helperReturn(Machine m, int helperId, CallMeta meta, int flags);

  /// Checks a register against a subprogram's argument that is a kernel type.
  void subprogArg(Machine m, int regno, SubprogArgs.Arg arg);

  /// What `ld_imm64` of a kernel variable or function loads.
  RegState ksym(Machine m, int slotIdx);

  /// The kernel type `struct name`, for callback arguments and returns; 0 where unknown.
  int kernelStruct(Machine m, String name);

  /// Whether register `regno` holds a reference of the type that a struct_ops member returns.
  boolean returnsReference(Machine m, int regno);

  /// Whether the struct_ops member returns a pointer to a struct.
  boolean targetReturnsPointer(Machine m);

  /// Takes references for arguments that the attached function hands over with one.
  void acquireTargetArgs(Machine m);

  /// Knows no types and refuses what needs them.
  BtfPointers NONE =
      new BtfPointers() {
        @Override
        public void access(Machine m, int regno, int off, int size, boolean write, int valueRegno) {
          throw m.env.unsupported("access by BTF type");
        }

        @Override
        public void mapAccess(
            Machine m, int regno, int off, int size, boolean write, int valueRegno) {
          throw m.env.unsupported("access to a map's fields");
        }

        @Override
        public @Nullable RegState ctxAccess(
            Machine m, int off, int size, boolean write, boolean signExtend) {
          throw m.env.unsupported("context by BTF");
        }

        @Override
        public void helperArg(Machine m, int regno, ArgProto arg, CallMeta meta) {
          throw m.env.unsupported("BTF pointer argument");
        }

        @Override
        public RegState helperReturn(Machine m, int helperId, CallMeta meta, int flags) {
          throw m.env.unsupported("helper that returns a BTF pointer");
        }

        @Override
        public void subprogArg(Machine m, int regno, SubprogArgs.Arg arg) {
          throw m.env.unsupported("BTF pointer argument of a subprogram");
        }

        @Override
        public RegState ksym(Machine m, int slotIdx) {
          throw m.env.unsupported("kernel symbol");
        }

        @Override
        public boolean returnsReference(Machine m, int regno) {
          return false;
        }

        @Override
        public boolean targetReturnsPointer(Machine m) {
          return false;
        }

        @Override
        public void acquireTargetArgs(Machine m) {}

        @Override
        public int kernelStruct(Machine m, String name) {
          return 0;
        }
      };
}
