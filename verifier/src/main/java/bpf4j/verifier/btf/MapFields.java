package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.MapSpec;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.FieldRecord.Field;
import bpf4j.verifier.state.FieldRecord.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds the special fields of map values and program types in BTF: by the name of a member's
/// struct, or by the tag of a pointer.
public final class MapFields {
  private static final int MAX_DEPTH = 8;
  private static final int MAX_FIELDS = 11;

  private MapFields() {}

  /// Special fields of a map's value.
  public static FieldRecord of(MapSpec map) {
    Btf btf = map.btf();
    int id = map.btfValueTypeId();
    if (btf == null || id == 0 || !btf.isValidId(id)) {
      return FieldRecord.EMPTY;
    }
    return of(btf, btf.skipModsAndTypedefs(id));
  }

  /// Special fields of a struct or data section.
  public static FieldRecord of(Btf btf, int type) {
    List<Field> fields = new ArrayList<>();
    collect(btf, type, 0, 0, fields);
    if (fields.isEmpty()) {
      return FieldRecord.EMPTY;
    }
    fields.sort(Comparator.comparingInt(Field::off));
    return new FieldRecord(fields);
  }

  private static void collect(Btf btf, int type, int base, int depth, List<Field> out) {
    if (depth > MAX_DEPTH || type == 0) {
      return;
    }
    switch (btf.kind(type)) {
      case STRUCT -> {
        for (int i = 0; i < btf.vlen(type); i++) {
          int off = base + btf.memberBitOffset(type, i) / 8;
          member(btf, btf.memberType(type, i), off, depth, out, i == -1 ? 0 : type, i);
        }
      }
      case DATASEC -> {
        for (int i = 0; i < btf.vlen(type); i++) {
          int var = btf.varSecType(type, i);
          member(btf, btf.target(var), base + btf.varSecOffset(type, i), depth, out, 0, var);
        }
      }
      default -> {
        // Only structs and sections have members.
      }
    }
  }

  private static void member(
      Btf btf, int memberType, int off, int depth, List<Field> out, int parent, int idx) {
    if (out.size() >= MAX_FIELDS) {
      return;
    }
    int type = btf.skipModsAndTypedefs(memberType);
    int count = 1;
    while (type != 0 && btf.isKind(type, BtfKind.ARRAY)) {
      count = Math.multiplyExact(count, Math.max(0, btf.arrayLength(type)));
      type = btf.skipModsAndTypedefs(btf.arrayElement(type));
      if (count > 1024) {
        return;
      }
    }
    if (type == 0) {
      return;
    }
    if (btf.isKind(type, BtfKind.STRUCT)) {
      Kind kind = kindOf(btf.name(type));
      int size = btf.size(type);
      for (int i = 0; i < count && out.size() < MAX_FIELDS; i++) {
        if (kind == null) {
          collect(btf, type, off + i * size, depth + 1, out);
        } else {
          out.add(special(btf, kind, off + i * size, size, parent, idx));
        }
      }
    } else if (btf.isKind(type, BtfKind.PTR)) {
      pointer(btf, type, off, count, out);
    }
  }

  private static @Nullable Kind kindOf(String name) {
    return switch (name) {
      case "bpf_spin_lock" -> Kind.SPIN_LOCK;
      case "bpf_res_spin_lock" -> Kind.RES_SPIN_LOCK;
      case "bpf_timer" -> Kind.TIMER;
      case "bpf_wq" -> Kind.WORKQUEUE;
      case "bpf_list_head" -> Kind.LIST_HEAD;
      case "bpf_list_node" -> Kind.LIST_NODE;
      case "bpf_rb_root" -> Kind.RB_ROOT;
      case "bpf_rb_node" -> Kind.RB_NODE;
      case "bpf_refcount" -> Kind.REFCOUNT;
      case "bpf_task_work" -> Kind.TASK_WORK;
      default -> null;
    };
  }

  /// A list head or tree root says by a tag `contains:struct:node` what it holds.
  private static Field special(Btf btf, Kind kind, int off, int size, int parent, int idx) {
    if (kind != Kind.LIST_HEAD && kind != Kind.RB_ROOT) {
      return new Field(kind, off, size, null, 0, 0);
    }
    String contains = contains(btf, parent, idx);
    int colon = contains.indexOf(':');
    if (colon > 0) {
      int value = btf.find(contains.substring(0, colon), BtfKind.STRUCT);
      int node = value > 0 ? btf.memberIndex(value, contains.substring(colon + 1)) : -1;
      if (node >= 0) {
        return new Field(kind, off, size, btf, value, btf.memberBitOffset(value, node) / 8);
      }
    }
    return new Field(kind, off, size, btf, 0, 0);
  }

  private static String contains(Btf btf, int parent, int idx) {
    for (int id = 1; id < btf.typeCount(); id++) {
      if (!btf.isKind(id, BtfKind.DECL_TAG) || !btf.name(id).startsWith("contains:")) {
        continue;
      }
      boolean ofMember = parent != 0 && btf.target(id) == parent && btf.declTagComponent(id) == idx;
      boolean ofVar = parent == 0 && btf.target(id) == idx && btf.declTagComponent(id) == -1;
      if (ofMember || ofVar) {
        return btf.name(id).substring("contains:".length());
      }
    }
    return "";
  }

  private static void pointer(Btf btf, int ptr, int off, int count, List<Field> out) {
    int tag = btf.target(ptr);
    if (tag == 0 || !btf.isKind(tag, BtfKind.TYPE_TAG)) {
      return;
    }
    Kind kind =
        switch (btf.name(tag)) {
          case "kptr_untrusted" -> Kind.KPTR_UNREF;
          case "kptr" -> Kind.KPTR_REF;
          case "percpu_kptr" -> Kind.KPTR_PERCPU;
          case "uptr" -> Kind.UPTR;
          default -> null;
        };
    if (kind == null) {
      return;
    }
    int target;
    try {
      target = btf.skipModsAndTypedefs(tag);
    } catch (BtfException e) {
      return;
    }
    for (int i = 0; i < count && out.size() < MAX_FIELDS; i++) {
      out.add(new Field(kind, off + i * 8, 8, btf, target, 0));
    }
  }
}
