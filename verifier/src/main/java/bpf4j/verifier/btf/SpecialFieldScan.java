package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.FieldRecord.Field;
import bpf4j.verifier.state.FieldRecord.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the special fields of one struct or data section. Source of the rules: `btf_parse_fields`
/// of Linux 6.18.
final class SpecialFieldScan {
  /// The most fields that one record may have.
  private static final int MAX_FIELDS = 11;

  private static final int MAX_DEPTH = 32;
  private static final int POINTER_SIZE = 8;
  private static final String CONTAINS = "contains:";

  /// Kinds that are recognised by the name of their struct.
  private static final List<Kind> NAMED =
      List.of(
          Kind.SPIN_LOCK,
          Kind.RES_SPIN_LOCK,
          Kind.TIMER,
          Kind.WORKQUEUE,
          Kind.TASK_WORK,
          Kind.LIST_HEAD,
          Kind.LIST_NODE,
          Kind.RB_ROOT,
          Kind.RB_NODE,
          Kind.REFCOUNT);

  private static final Set<Kind> UNIQUE =
      EnumSet.of(
          Kind.SPIN_LOCK,
          Kind.RES_SPIN_LOCK,
          Kind.TIMER,
          Kind.WORKQUEUE,
          Kind.TASK_WORK,
          Kind.REFCOUNT);

  private static final Set<Kind> POINTERS =
      EnumSet.of(Kind.KPTR_UNREF, Kind.KPTR_REF, Kind.KPTR_PERCPU, Kind.UPTR);

  /// A place found, before its types are resolved.
  private record Place(Kind kind, int off, int typeId, String node) {
    Place moved(int by) {
      return new Place(kind, off + by, typeId, node);
    }
  }

  private final Btf btf;
  private final @Nullable Btf kernel;
  private final Set<Kind> wanted;
  private final Set<Kind> seen = EnumSet.noneOf(Kind.class);
  private int budget = MAX_FIELDS;

  private SpecialFieldScan(Btf btf, @Nullable Btf kernel, Set<Kind> wanted) {
    this.btf = btf;
    this.kernel = kernel;
    this.wanted = wanted;
  }

  /// The fields of the struct or data section `typeId` whose kinds are in `wanted`.
  static FieldRecord scan(
      Btf btf, @Nullable Btf kernel, int typeId, Set<Kind> wanted, int valueSize)
      throws BtfRefusal {
    var scan = new SpecialFieldScan(btf, kernel, wanted);
    List<Place> places =
        switch (btf.kind(typeId)) {
          case STRUCT, UNION -> scan.members(typeId, 0);
          case DATASEC -> scan.variables(typeId);
          default -> List.of();
        };
    return scan.resolve(places, valueSize);
  }

  static int size(Kind kind) {
    return switch (kind) {
      case SPIN_LOCK, RES_SPIN_LOCK, REFCOUNT -> 4;
      case KPTR_UNREF, KPTR_REF, KPTR_PERCPU, UPTR, TASK_WORK -> POINTER_SIZE;
      case TIMER, WORKQUEUE, LIST_HEAD, RB_ROOT -> 16;
      case LIST_NODE -> 24;
      case RB_NODE -> 32;
    };
  }

  private static int align(Kind kind) {
    return Math.min(size(kind), POINTER_SIZE);
  }

  private List<Place> members(int structId, int depth) throws BtfRefusal {
    List<Place> found = new ArrayList<>();
    for (int i = 0; i < btf.vlen(structId); i++) {
      int bits = btf.memberBitOffset(structId, i);
      if (bits % 8 != 0) {
        throw new BtfRefusal(Errno.EINVAL, "a member does not start at a byte");
      }
      found.addAll(one(structId, i, btf.memberType(structId, i), bits / 8, 0, depth));
    }
    return found;
  }

  private List<Place> variables(int sectionId) throws BtfRefusal {
    List<Place> found = new ArrayList<>();
    for (int i = 0; i < btf.vlen(sectionId); i++) {
      int varId = btf.varSecType(sectionId, i);
      found.addAll(
          one(
              varId,
              -1,
              btf.target(varId),
              btf.varSecOffset(sectionId, i),
              btf.varSecSize(sectionId, i),
              0));
    }
    return found;
  }

  /// Fields in one member or variable, arrays repeated.
  private List<Place> one(int owner, int idx, int typeId, int off, int expected, int depth)
      throws BtfRefusal {
    int type = typeId;
    long count = 1;
    for (int i = 0; btf.isKind(type, BtfKind.ARRAY); i++) {
      if (i == MAX_DEPTH) {
        throw new BtfRefusal(Errno.E2BIG, "arrays nest too deeply");
      }
      count *= Integer.toUnsignedLong(btf.arrayLength(type));
      type = btf.arrayElement(type);
    }
    count &= 0xffffffffL;
    if (count == 0) {
      return List.of();
    }
    boolean isStruct = btf.kind(type).isComposite();
    Kind kind = namedKind(type);
    if (kind == null && isStruct) {
      int size = btf.size(type);
      if (expected != 0 && expected != size * count) {
        return List.of();
      }
      if (depth + 1 >= MAX_DEPTH) {
        throw new BtfRefusal(Errno.E2BIG, "structs nest too deeply");
      }
      List<Place> inner = new ArrayList<>();
      for (Place p : members(type, depth + 1)) {
        inner.add(p.moved(off));
      }
      return repeat(inner, count, size);
    }
    boolean pointer = kind == null;
    if (pointer && POINTERS.stream().noneMatch(wanted::contains)) {
      return List.of();
    }
    int size = kind == null ? POINTER_SIZE : size(kind);
    int align = kind == null ? POINTER_SIZE : align(kind);
    if ((expected != 0 && expected != size * count) || off % align != 0) {
      return List.of();
    }
    Place place = kind == null ? pointer(type, off) : struct(kind, owner, idx, type, off);
    if (place == null) {
      return List.of();
    }
    take(1);
    return repeat(List.of(place), count, size);
  }

  private void take(long n) throws BtfRefusal {
    if (n > budget) {
      throw new BtfRefusal(Errno.E2BIG, "too many special fields");
    }
    budget -= (int) n;
  }

  private List<Place> repeat(List<Place> places, long count, int stride) throws BtfRefusal {
    if (count == 1 || places.isEmpty()) {
      return places;
    }
    for (Place p : places) {
      if (!POINTERS.contains(p.kind()) && p.kind() != Kind.LIST_HEAD && p.kind() != Kind.RB_ROOT) {
        throw new BtfRefusal(Errno.EINVAL, p.kind().text() + " in an array");
      }
    }
    take((count - 1) * places.size());
    List<Place> all = new ArrayList<>(places);
    for (int i = 1; i < count; i++) {
      for (Place p : places) {
        all.add(p.moved(i * stride));
      }
    }
    return all;
  }

  private @Nullable Kind namedKind(int type) throws BtfRefusal {
    for (Kind kind : NAMED) {
      if (!wanted.contains(kind) || !btf.nameEquals(type, kind.text())) {
        continue;
      }
      if (UNIQUE.contains(kind) && !seen.add(kind)) {
        throw new BtfRefusal(Errno.E2BIG, "more than one " + kind.text());
      }
      return kind;
    }
    return null;
  }

  private @Nullable Place struct(Kind kind, int owner, int idx, int type, int off)
      throws BtfRefusal {
    if (!btf.kind(type).isComposite() || btf.size(type) != size(kind)) {
      return null;
    }
    if (kind != Kind.LIST_HEAD && kind != Kind.RB_ROOT) {
      return new Place(kind, off, 0, "");
    }
    String contains = containsTag(owner, idx);
    int colon = contains.indexOf(':');
    if (colon < 0) {
      throw new BtfRefusal(Errno.EINVAL, "a graph root does not say what it contains");
    }
    int value = btf.find(contains.substring(0, colon), BtfKind.STRUCT);
    if (value == 0) {
      throw new BtfRefusal(Errno.ENOENT, "no struct " + contains.substring(0, colon));
    }
    String node = contains.substring(colon + 1);
    if (node.isEmpty()) {
      throw new BtfRefusal(Errno.EINVAL, "a graph root does not name its node");
    }
    return new Place(kind, off, value, node);
  }

  private String containsTag(int owner, int idx) throws BtfRefusal {
    String value = null;
    for (int id = 1; id < btf.typeCount(); id++) {
      if (btf.isKind(id, BtfKind.DECL_TAG)
          && btf.target(id) == owner
          && btf.declTagComponent(id) == idx
          && btf.name(id).startsWith(CONTAINS)) {
        if (value != null) {
          throw new BtfRefusal(Errno.EINVAL, "two contains tags");
        }
        value = btf.name(id).substring(CONTAINS.length());
      }
    }
    if (value == null) {
      throw new BtfRefusal(Errno.EINVAL, "a graph root without contains tag");
    }
    return value;
  }

  /// The kptr or uptr that a pointer type is by its tags, or null.
  private @Nullable Place pointer(int typeId, int off) throws BtfRefusal {
    int ptr = btf.isKind(typeId, BtfKind.VOLATILE) ? btf.target(typeId) : typeId;
    if (!btf.isKind(ptr, BtfKind.PTR)) {
      return null;
    }
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    int id = btf.target(ptr);
    for (; btf.kind(id).isModifier(); id = btf.target(id)) {
      Kind tagged = btf.isKind(id, BtfKind.TYPE_TAG) ? tagKind(btf.name(id)) : null;
      if (tagged != null) {
        kinds.add(tagged);
      }
    }
    if (kinds.size() > 1) {
      throw new BtfRefusal(Errno.EINVAL, "a pointer with several kptr tags");
    }
    if (kinds.isEmpty() || !wanted.containsAll(kinds)) {
      return null;
    }
    if (!btf.kind(id).isComposite()) {
      throw new BtfRefusal(Errno.EINVAL, "a kptr to no struct");
    }
    return new Place(kinds.iterator().next(), off, id, "");
  }

  static @Nullable Kind tagKind(String tag) {
    return switch (tag) {
      case "kptr_untrusted" -> Kind.KPTR_UNREF;
      case "kptr" -> Kind.KPTR_REF;
      case "percpu_kptr" -> Kind.KPTR_PERCPU;
      case "uptr" -> Kind.UPTR;
      default -> null;
    };
  }

  private FieldRecord resolve(List<Place> places, int valueSize) throws BtfRefusal {
    if (places.isEmpty()) {
      return FieldRecord.EMPTY;
    }
    List<Field> fields = new ArrayList<>();
    int next = 0;
    for (Place p : places) {
      int size = size(p.kind());
      if (p.off() + size > valueSize) {
        throw new BtfRefusal(Errno.EFAULT, "a special field outside the value");
      }
      if (p.off() < next) {
        throw new BtfRefusal(Errno.EEXIST, "special fields overlap");
      }
      next = p.off() + size;
      fields.add(
          switch (p.kind()) {
            case KPTR_UNREF, KPTR_REF, KPTR_PERCPU, UPTR -> kptr(p);
            case LIST_HEAD -> root(p, Kind.LIST_NODE);
            case RB_ROOT -> root(p, Kind.RB_NODE);
            default -> new Field(p.kind(), p.off(), size, null, 0, 0);
          });
    }
    fields.sort(Comparator.comparingInt(Field::off));
    FieldRecord rec = new FieldRecord(fields);
    if (rec.has(Kind.SPIN_LOCK) && rec.has(Kind.RES_SPIN_LOCK)) {
      throw new BtfRefusal(Errno.EINVAL, "two kinds of lock");
    }
    if ((rec.has(Kind.LIST_HEAD) || rec.has(Kind.RB_ROOT)) && !rec.hasLock()) {
      throw new BtfRefusal(Errno.EINVAL, "a graph root without lock");
    }
    if (!rec.has(Kind.REFCOUNT) && rec.has(Kind.LIST_NODE) && rec.has(Kind.RB_NODE)) {
      throw new BtfRefusal(Errno.EINVAL, "list and tree node without refcount");
    }
    return rec;
  }

  private Field kptr(Place p) throws BtfRefusal {
    String name = btf.name(p.typeId());
    int kernelId = kernel == null ? 0 : kernel.find(name, btf.kind(p.typeId()));
    if (kernel == null || kernelId == 0) {
      return new Field(p.kind(), p.off(), POINTER_SIZE, btf, p.typeId(), 0);
    }
    if (p.kind() == Kind.KPTR_REF && !KptrDestructors.has(name)) {
      throw new BtfRefusal(Errno.ENOENT, "no destructor for " + name);
    }
    return new Field(p.kind(), p.off(), POINTER_SIZE, kernel, kernelId, 0);
  }

  private Field root(Place p, Kind nodeKind) throws BtfRefusal {
    int nodeOff = -1;
    for (int i = 0; i < btf.vlen(p.typeId()); i++) {
      if (!btf.memberName(p.typeId(), i).equals(p.node())) {
        continue;
      }
      int type = btf.memberType(p.typeId(), i);
      int bits = btf.memberBitOffset(p.typeId(), i);
      if (nodeOff >= 0
          || !btf.kind(type).isComposite()
          || !btf.nameEquals(type, nodeKind.text())
          || bits % (8 * align(nodeKind)) != 0) {
        throw new BtfRefusal(Errno.EINVAL, "not a " + nodeKind.text() + ": " + p.node());
      }
      nodeOff = bits / 8;
    }
    if (nodeOff < 0) {
      throw new BtfRefusal(Errno.ENOENT, "no member " + p.node());
    }
    return new Field(p.kind(), p.off(), size(p.kind()), btf, p.typeId(), nodeOff);
  }
}
