package bpf4j.maps;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.MapSpec;
import java.util.List;

/// The fields of a map's value that the kernel itself manages: spin locks, timers, kptrs, list
/// heads … Source: `struct btf_record`.
///
/// @param fields the fields by offset
public record SpecialFields(List<Field> fields) {
  /// No special fields.
  public static final SpecialFields NONE = new SpecialFields(List.of());

  /// What stands at an offset of the value.
  ///
  /// @param kind which field it is
  /// @param off its offset in the value, in bytes
  /// @param size its bytes
  /// @param identity what else must be the same for two fields to be the same: the pointed-to type
  ///   of a kptr; for graph roots the BTF object and node type
  public record Field(Kind kind, int off, int size, Object identity) {
    @Override
    public String toString() {
      return kind + " at " + off;
    }
  }

  /// Which field it is.
  public enum Kind {
    SPIN_LOCK,
    RES_SPIN_LOCK,
    TIMER,
    WORKQUEUE,
    TASK_WORK,
    KPTR_UNREF,
    KPTR_REF,
    KPTR_PERCPU,
    UPTR,
    LIST_HEAD,
    LIST_NODE,
    RB_ROOT,
    RB_NODE,
    REFCOUNT
  }

  public SpecialFields {
    fields = List.copyOf(fields);
  }

  /// The special fields of a map's value type.
  static SpecialFields of(MapSpec spec) {
    Btf btf = spec.btf();
    int type = spec.btfValueTypeId();
    return btf == null || type == 0 || !btf.isValidId(type)
        ? NONE
        : SpecialFieldParser.parse(btf, type, spec.valueSize());
  }

  private int lockOff() {
    for (Field f : fields) {
      if (f.kind == Kind.SPIN_LOCK || f.kind == Kind.RES_SPIN_LOCK) {
        return f.off;
      }
    }
    throw new IllegalStateException("the value has no lock");
  }

  /// Takes the value's spin lock: its word goes from 0 to 1.
  void lock(GuestMemory memory, long valueAddr) {
    long word = (valueAddr + lockOff()) & memory.mask();
    while (!GuestMemory.ATOMIC32.weakCompareAndSetAcquire(memory.segment(), word, 0, 1)) {
      Thread.onSpinWait();
    }
  }

  void unlock(GuestMemory memory, long valueAddr) {
    GuestMemory.ATOMIC32.setRelease(memory.segment(), (valueAddr + lockOff()) & memory.mask(), 0);
  }

  /// Copies the bytes of a value that belong to no special field.
  void copyAround(GuestMemory memory, long dst, long src, int size) {
    int at = 0;
    for (Field f : fields) {
      memory.copy(dst + at, src + at, f.off - at);
      at = f.off + f.size;
    }
    memory.copy(dst + at, src + at, size - at);
  }

  void clear(GuestMemory memory, long valueAddr) {
    for (Field f : fields) {
      memory.fill(valueAddr + f.off, f.size, 0);
    }
  }

  void clear(byte[] value) {
    for (Field f : fields) {
      java.util.Arrays.fill(value, f.off, f.off + f.size, (byte) 0);
    }
  }

  boolean sameAs(SpecialFields other) {
    return fields.equals(other.fields);
  }

  /// Whether there is a field of the kind.
  public boolean has(Kind kind) {
    return fields.stream().anyMatch(f -> f.kind == kind);
  }

  @Override
  public String toString() {
    return fields.isEmpty() ? "(none)" : fields.toString();
  }
}
