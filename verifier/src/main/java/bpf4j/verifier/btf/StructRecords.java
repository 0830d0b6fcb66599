package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.FieldRecord.Field;
import bpf4j.verifier.state.FieldRecord.Kind;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The special fields of the structs of a program's BTF, which a program can allocate. Source of
/// the rules: `btf_parse_struct_metas` of Linux 6.18.
public final class StructRecords {
  private static final Set<Kind> IN_OBJECTS =
      EnumSet.of(
          Kind.SPIN_LOCK,
          Kind.RES_SPIN_LOCK,
          Kind.LIST_HEAD,
          Kind.LIST_NODE,
          Kind.RB_ROOT,
          Kind.RB_NODE,
          Kind.REFCOUNT,
          Kind.KPTR_UNREF,
          Kind.KPTR_REF,
          Kind.KPTR_PERCPU);

  private static final Set<String> TRIGGERS =
      Set.of(
          "bpf_spin_lock",
          "bpf_list_head",
          "bpf_list_node",
          "bpf_rb_root",
          "bpf_rb_node",
          "bpf_refcount");

  private final Map<Integer, FieldRecord> byId = new HashMap<>();

  private StructRecords() {}

  /// No types at all.
  public static final StructRecords NONE = new StructRecords();

  /// The records of all structs of `btf` that have special fields. Throws [BtfRefusal] where the
  /// kernel would refuse to load the BTF.
  public static StructRecords of(Btf btf, @Nullable Btf kernel) throws BtfRefusal {
    StructRecords records = new StructRecords();
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      if (btf.kind(id).isComposite() && triggers(btf, id)) {
        FieldRecord rec = SpecialFieldScan.scan(btf, kernel, id, IN_OBJECTS, btf.size(id));
        if (rec.fields().isEmpty()) {
          throw new BtfRefusal(Errno.EFAULT, "no special field in " + btf.name(id));
        }
        records.byId.put(id, rec);
      }
    }
    for (FieldRecord rec : records.byId.values()) {
      records.checkOwnership(rec);
    }
    return records;
  }

  private static boolean triggers(Btf btf, int structId) {
    for (int i = 0; i < btf.vlen(structId); i++) {
      int type = btf.memberType(structId, i);
      if (btf.isKind(type, BtfKind.STRUCT) ? TRIGGERS.contains(btf.name(type)) : kptr(btf, type)) {
        return true;
      }
    }
    return false;
  }

  private static boolean kptr(Btf btf, int typeId) {
    int ptr = btf.isKind(typeId, BtfKind.VOLATILE) ? btf.target(typeId) : typeId;
    if (!btf.isKind(ptr, BtfKind.PTR)) {
      return false;
    }
    for (int id = btf.target(ptr); btf.kind(id).isModifier(); id = btf.target(id)) {
      if (btf.isKind(id, BtfKind.TYPE_TAG)) {
        Kind kind = SpecialFieldScan.tagKind(btf.name(id));
        if (kind != null && kind != Kind.UPTR) {
          return true;
        }
      }
    }
    return false;
  }

  /// Refuses graph roots whose values are unknown, and types that own each other.
  void checkOwnership(FieldRecord rec) throws BtfRefusal {
    for (Field f : rec.fields()) {
      if (f.kind() != Kind.LIST_HEAD && f.kind() != Kind.RB_ROOT) {
        continue;
      }
      FieldRecord value = byId.get(f.typeId());
      if (value == null) {
        throw new BtfRefusal(Errno.EFAULT, "a graph of a struct without node");
      }
      if (rec.hasGraphNode() && (value.has(Kind.LIST_HEAD) || value.has(Kind.RB_ROOT))) {
        throw new BtfRefusal(Errno.ELOOP, "types own each other");
      }
    }
  }

  /// The special fields of struct `typeId`, or null where it has none.
  public @Nullable FieldRecord find(int typeId) {
    return byId.get(typeId);
  }
}
