package bpf4j.verifier.state;

import bpf4j.model.btf.Btf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The special fields (locks, timers, kptrs, list heads, …) of a map value or an allocated object,
/// by offset.
public record FieldRecord(List<Field> fields) {
  public static final FieldRecord EMPTY = new FieldRecord(List.of());

  public FieldRecord {
    fields = List.copyOf(fields);
  }

  /// The kinds of special fields, with the name that messages use.
  public enum Kind {
    SPIN_LOCK("bpf_spin_lock"),
    RES_SPIN_LOCK("bpf_res_spin_lock"),
    TIMER("bpf_timer"),
    WORKQUEUE("bpf_wq"),
    KPTR_UNREF("kptr"),
    KPTR_REF("kptr"),
    KPTR_PERCPU("percpu_kptr"),
    UPTR("uptr"),
    LIST_HEAD("bpf_list_head"),
    LIST_NODE("bpf_list_node"),
    RB_ROOT("bpf_rb_root"),
    RB_NODE("bpf_rb_node"),
    REFCOUNT("bpf_refcount"),
    TASK_WORK("bpf_task_work");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }

    public boolean isKptr() {
      return this == KPTR_UNREF || this == KPTR_REF || this == KPTR_PERCPU;
    }

    public boolean isGraphNode() {
      return this == LIST_NODE || this == RB_NODE;
    }
  }

  /// One field.
  ///
  /// @param btf types of `typeId`: a kptr's pointee, or a graph root's value type
  /// @param nodeOff offset of the node in the value type, for graph roots
  public record Field(Kind kind, int off, int size, @Nullable Btf btf, int typeId, int nodeOff) {}

  public boolean has(Kind kind) {
    for (Field f : fields) {
      if (f.kind() == kind) {
        return true;
      }
    }
    return false;
  }

  public boolean hasLock() {
    return has(Kind.SPIN_LOCK) || has(Kind.RES_SPIN_LOCK);
  }

  public boolean hasGraphNode() {
    return has(Kind.LIST_NODE) || has(Kind.RB_NODE);
  }

  public boolean hasKptr() {
    return has(Kind.KPTR_UNREF) || has(Kind.KPTR_REF) || has(Kind.KPTR_PERCPU);
  }

  /// The field of this kind, or null; used where a value can have only one.
  public @Nullable Field first(Kind kind) {
    for (Field f : fields) {
      if (f.kind() == kind) {
        return f;
      }
    }
    return null;
  }

  /// The field that starts at `off`, or null.
  public @Nullable Field at(int off) {
    for (Field f : fields) {
      if (f.off() == off) {
        return f;
      }
    }
    return null;
  }
}
