package bpf4j.verifier.state;

import bpf4j.model.btf.Btf;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a register's type refers to. Which kind goes with which base type is fixed; a register of
/// another type has [None]. Equality is part of state comparison.
public sealed interface Pointee {
  /// No further detail: scalars, context, stack.
  record None() implements Pointee {}

  None NONE = new None();

  /// A map, for map pointers, values and keys; `uid` tells inner maps of one outer map apart.
  record MapRef(VerifierMap map, int uid) implements Pointee {
    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof MapRef(VerifierMap m, int u) && m == map && u == uid;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(map) * 31 + uid;
    }
  }

  /// Bytes past a packet pointer that are known to exist.
  record PacketRange(int range) implements Pointee {
    /// The pointer is at or past the packet's end.
    public static final int AT_END = -1;

    /// The pointer is at least one byte past the packet's end.
    public static final int BEYOND_END = -2;
  }

  /// Size of a memory region; `dynptrId` links a slice to its dynptr.
  record Memory(int size, int dynptrId) implements Pointee {}

  /// A BTF type, of the kernel's or the program's types.
  record BtfRef(Btf btf, int typeId) implements Pointee {
    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof BtfRef(Btf b, int t) && b == btf && t == typeId;
    }

    @Override
    public int hashCode() {
      return Objects.hash(System.identityHashCode(btf), typeId);
    }
  }

  /// A dynptr, on the stack or passed to a callback.
  record Dynptr(DynptrType type, boolean firstSlot) implements Pointee {}

  /// State of an open-coded iterator on the stack.
  record Iter(@Nullable Btf btf, int typeId, IterState state, int depth) implements Pointee {}

  /// A saved interrupt flag on the stack; `kfuncClass` tells native from lock kfuncs.
  record IrqFlag(int kfuncClass) implements Pointee {}

  /// A subprogram, for callback arguments.
  record Subprog(int subprogIdx) implements Pointee {}

  /// Progress of an iterator.
  enum IterState {
    INVALID("<invalid>"),
    ACTIVE("active"),
    DRAINED("drained");

    private final String text;

    IterState(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  /// What a dynptr points to.
  enum DynptrType {
    INVALID("<invalid>", 0),
    LOCAL("local", RegType.DYNPTR_LOCAL),
    RINGBUF("ringbuf", RegType.DYNPTR_RINGBUF),
    SKB("skb", RegType.DYNPTR_SKB),
    XDP("xdp", RegType.DYNPTR_XDP),
    SKB_META("skb_meta", RegType.DYNPTR_SKB_META);

    private final String text;
    private final int flag;

    DynptrType(String text, int flag) {
      this.text = text;
      this.flag = flag;
    }

    public String text() {
      return text;
    }

    /// The type flag of memory slices of this kind.
    public int flag() {
      return flag;
    }

    /// Whether the dynptr owns a resource that must be released.
    public boolean isReferenced() {
      return this == RINGBUF;
    }
  }
}
