package bpf4j.maps;

import bpf4j.maps.SpecialFields.Field;
import bpf4j.maps.SpecialFields.Kind;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the special fields of a value type by the names of its members' types.
///
/// A type whose fields cannot stand together (two locks, a field at an odd offset, a list without a
/// lock) has none, as in the kernel. Source: linux-6.18 `btf_parse_fields()`.
final class SpecialFieldParser {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_FIELDS = 11;

  /// A named special type: its size and alignment, and whether there may be only one.
  private record Special(Kind kind, int size, int align, boolean single) {}

  private static final Map<String, Special> BY_NAME =
      Map.ofEntries(
          Map.entry("bpf_spin_lock", new Special(Kind.SPIN_LOCK, 4, 4, true)),
          Map.entry("bpf_res_spin_lock", new Special(Kind.RES_SPIN_LOCK, 4, 4, true)),
          Map.entry("bpf_timer", new Special(Kind.TIMER, 16, 8, true)),
          Map.entry("bpf_wq", new Special(Kind.WORKQUEUE, 16, 8, true)),
          Map.entry("bpf_task_work", new Special(Kind.TASK_WORK, 8, 8, true)),
          Map.entry("bpf_list_head", new Special(Kind.LIST_HEAD, 16, 8, false)),
          Map.entry("bpf_rb_root", new Special(Kind.RB_ROOT, 16, 8, false)),
          Map.entry("bpf_refcount", new Special(Kind.REFCOUNT, 4, 4, true)));

  private static final Map<String, Kind> KPTR_TAGS =
      Map.of(
          "kptr_untrusted",
          Kind.KPTR_UNREF,
          "kptr",
          Kind.KPTR_REF,
          "percpu_kptr",
          Kind.KPTR_PERCPU,
          "uptr",
          Kind.UPTR);

  /// Kinds that may stand in an array.
  private static final Set<Kind> REPEATABLE =
      EnumSet.of(
          Kind.KPTR_UNREF,
          Kind.KPTR_REF,
          Kind.KPTR_PERCPU,
          Kind.UPTR,
          Kind.LIST_HEAD,
          Kind.RB_ROOT);

  /// The value type cannot be used as it is.
  private static final class Unusable extends Exception {
    private static final long serialVersionUID = 1;

    Unusable() {
      super(null, null, false, false);
    }
  }

  private final Btf btf;

  private SpecialFieldParser(Btf btf) {
    this.btf = btf;
  }

  static SpecialFields parse(Btf btf, int valueTypeId, int valueSize) {
    try {
      int id = btf.skipModsAndTypedefs(valueTypeId);
      List<Field> fields = new SpecialFieldParser(btf).ofType(id, 0);
      fields.sort(Comparator.comparingInt(Field::off));
      check(fields, valueSize);
      return fields.isEmpty() ? SpecialFields.NONE : new SpecialFields(fields);
    } catch (Unusable _) {
      return SpecialFields.NONE;
    }
  }

  private static void check(List<Field> fields, int valueSize) throws Unusable {
    int end = 0;
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    for (Field f : fields) {
      if (f.off() < end || f.off() + f.size() > valueSize) {
        throw new Unusable();
      }
      end = f.off() + f.size();
      kinds.add(f.kind());
    }
    boolean lock = kinds.contains(Kind.SPIN_LOCK) || kinds.contains(Kind.RES_SPIN_LOCK);
    boolean graph = kinds.contains(Kind.LIST_HEAD) || kinds.contains(Kind.RB_ROOT);
    boolean twoLocks = kinds.contains(Kind.SPIN_LOCK) && kinds.contains(Kind.RES_SPIN_LOCK);
    if (twoLocks || (graph && !lock) || fields.size() > MAX_FIELDS) {
      throw new Unusable();
    }
  }

  private List<Field> ofType(int id, int depth) throws Unusable {
    if (depth >= MAX_DEPTH) {
      throw new Unusable();
    }
    List<Field> fields = new ArrayList<>();
    Set<Kind> seen = EnumSet.noneOf(Kind.class);
    switch (btf.kind(id)) {
      case STRUCT, UNION -> {
        for (int i = 0; i < btf.vlen(id); i++) {
          int bits = btf.memberBitOffset(id, i);
          if (bits % 8 == 0) {
            ofMember(btf.memberType(id, i), bits / 8, -1, seen, fields, depth);
          }
        }
      }
      case DATASEC -> {
        for (int i = 0; i < btf.vlen(id); i++) {
          int type = btf.target(btf.varSecType(id, i));
          ofMember(type, btf.varSecOffset(id, i), btf.varSecSize(id, i), seen, fields, depth);
        }
      }
      default -> {}
    }
    return fields;
  }

  private void ofMember(
      int memberType, int off, int expectedSize, Set<Kind> seen, List<Field> to, int depth)
      throws Unusable {
    int type = btf.skipModsAndTypedefs(memberType);
    long count = 1;
    for (int i = 0; btf.kind(type) == BtfKind.ARRAY; i++) {
      if (i == MAX_DEPTH) {
        throw new Unusable();
      }
      count *= btf.arrayLength(type);
      // The kernel looks at the element type as it is written.
      int element = btf.arrayElement(type);
      type = btf.skipModsAndTypedefs(element);
      memberType = element;
    }
    if (count <= 0) {
      return;
    }
    Special special = BY_NAME.get(btf.name(type));
    List<Field> one = new ArrayList<>();
    int elemSize;
    if (special != null) {
      elemSize = special.size;
      if (special.single && !seen.add(special.kind)) {
        throw new Unusable();
      }
      boolean sized = expectedSize < 0 || expectedSize == elemSize * count;
      boolean isStruct = btf.kind(type) == BtfKind.STRUCT && btf.size(type) == elemSize;
      if (!sized || off % special.align != 0 || !isStruct) {
        return;
      }
      one.add(new Field(special.kind, off, elemSize, identity(special.kind)));
    } else if (btf.kind(type) == BtfKind.STRUCT || btf.kind(type) == BtfKind.UNION) {
      elemSize = btf.size(type);
      if (expectedSize >= 0 && expectedSize != elemSize * count) {
        return;
      }
      for (Field f : ofType(type, depth + 1)) {
        one.add(new Field(f.kind(), off + f.off(), f.size(), f.identity()));
      }
    } else {
      elemSize = 8;
      Field kptr = kptr(memberType, off);
      if (kptr != null && off % 8 == 0) {
        one.add(kptr);
      }
    }
    repeat(one, count, elemSize, to);
  }

  private static void repeat(List<Field> one, long count, int elemSize, List<Field> to)
      throws Unusable {
    if (one.isEmpty()) {
      return;
    }
    if (one.size() * count > MAX_FIELDS) {
      throw new Unusable();
    }
    for (int i = 0; i < count; i++) {
      for (Field f : one) {
        if (count > 1 && !REPEATABLE.contains(f.kind())) {
          throw new Unusable();
        }
        to.add(new Field(f.kind(), f.off() + i * elemSize, f.size(), f.identity()));
      }
    }
  }

  /// Graph roots are the same only when they come from the same BTF object.
  private Object identity(Kind kind) {
    return kind == Kind.LIST_HEAD || kind == Kind.RB_ROOT ? btf : "";
  }

  private @Nullable Field kptr(int memberType, int off) throws Unusable {
    int at = memberType;
    while ((btf.kind(at).isModifier() && btf.kind(at) != BtfKind.TYPE_TAG)
        || btf.kind(at) == BtfKind.TYPEDEF) {
      at = btf.target(at);
    }
    if (btf.kind(at) != BtfKind.PTR || btf.kind(btf.target(at)) != BtfKind.TYPE_TAG) {
      return null;
    }
    int tag = btf.target(at);
    Kind kind = KPTR_TAGS.get(btf.name(tag));
    if (kind == null || btf.kind(btf.target(tag)) == BtfKind.TYPE_TAG) {
      throw new Unusable();
    }
    int pointee = btf.skipModsAndTypedefs(btf.target(tag));
    if (btf.kind(pointee) != BtfKind.STRUCT && btf.kind(pointee) != BtfKind.UNION) {
      throw new Unusable();
    }
    return new Field(kind, off, 8, btf.name(pointee));
  }
}
