package bpf4j.maps;

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
    return spec.btf() == null ? NONE : NONE;
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
