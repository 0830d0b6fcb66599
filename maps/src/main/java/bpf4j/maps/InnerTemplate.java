package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What all inner maps of one outer map have in common: a copy of the properties of the map that
/// stood model when the outer map was created. That map itself is not kept.
///
/// Source: linux-6.18 `bpf_map_meta_alloc()`, `bpf_map_meta_equal()` and each type's
/// `map_meta_equal`.
final class InnerTemplate {
  /// Types that no outer map may hold; the two outer types are refused before.
  private static final Set<MapType> NEVER_INNER =
      EnumSet.of(
          MapType.PROG_ARRAY,
          MapType.STRUCT_OPS,
          MapType.CGROUP_STORAGE,
          MapType.PERCPU_CGROUP_STORAGE);

  private final MapSpec template;
  private final SpecialFields fields;

  private InnerTemplate(MapSpec template, SpecialFields fields) {
    this.template = template;
    this.fields = fields;
  }

  MapSpec spec() {
    return template;
  }

  /// The template of an outer map described by `outer`; throws [MapException] as `BPF_MAP_CREATE`
  /// refuses its `inner_map_fd`.
  static InnerTemplate of(MapSpec outer, @Nullable MapFd inner) {
    String who = MapTable.describe(outer);
    if (inner == null) {
      throw new MapException(Errno.EBADF, who + ": an outer map needs a template (inner_map_fd)");
    }
    BpfMap map = inner.map();
    String what = who + ": inner map template " + MapTable.describe(map.spec());
    if (map.innerTemplate() != null) {
      throw new MapException(
          Errno.EINVAL, what + " is itself an outer map; maps nest one level deep");
    }
    if (NEVER_INNER.contains(map.type())) {
      throw new MapException(Errno.ENOTSUPP, what + ": this type cannot be an inner map");
    }
    return new InnerTemplate(map.spec(), map.specialFields());
  }

  /// Throws [MapException] with EINVAL, naming what differs, unless `inner` may stand in a slot of
  /// `outer`.
  void checkEqual(BpfMap outer, BpfMap inner) {
    String differs = difference(inner);
    if (differs != null) {
      String name = inner.spec().name();
      throw new MapException(
          Errno.EINVAL,
          "%s: inner map %s: %s"
              .formatted(
                  MapTable.describe(outer.spec()),
                  name.isEmpty() ? "with id " + inner.id() : "'" + name + "'",
                  differs));
    }
  }

  private @Nullable String difference(BpfMap map) {
    MapSpec inner = map.spec();
    if (inner.type() != template.type()) {
      return differs("type", inner.type(), template.type());
    }
    if (inner.keySize() != template.keySize()) {
      return differs("key_size", inner.keySize(), template.keySize());
    }
    if (inner.valueSize() != template.valueSize()) {
      return differs("value_size", inner.valueSize(), template.valueSize());
    }
    if (inner.flags() != template.flags()) {
      return differs(
          "map_flags",
          "0x" + Integer.toHexString(inner.flags()),
          "0x" + Integer.toHexString(template.flags()));
    }
    if (!fields.sameAs(map.specialFields())) {
      return differs("the special fields of its value", map.specialFields(), fields);
    }
    return maxEntriesDiffer(inner);
  }

  /// Lookups in arrays and AF_XDP maps are compiled against the template's bound. (6.18 does not
  /// compare it for per-CPU arrays.)
  private @Nullable String maxEntriesDiffer(MapSpec inner) {
    boolean bound =
        switch (template.type()) {
          case ARRAY -> (template.flags() & MapFlags.INNER_MAP) == 0;
          case XSKMAP -> true;
          default -> false;
        };
    if (!bound || inner.maxEntries() == template.maxEntries()) {
      return null;
    }
    String text =
        differs(
            "max_entries",
            Integer.toUnsignedString(inner.maxEntries()),
            Integer.toUnsignedString(template.maxEntries()));
    return template.type() == MapType.ARRAY ? text + "; allowed with BPF_F_INNER_MAP" : text;
  }

  private static String differs(String what, Object is, Object wanted) {
    return "%s %s differs from the template's %s".formatted(what, is, wanted);
  }
}
