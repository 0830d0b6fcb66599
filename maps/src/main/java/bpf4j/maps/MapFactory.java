package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// Makes a map of the class that its type has. Source: each type's `map_alloc`.
final class MapFactory {
  private MapFactory() {}

  static BpfMap allocate(MapTable table, MapSpec spec, @Nullable MapFd inner) {
    MapSpec stored = spec.withFlags(MapCreateCheck.storedFlags(spec));
    return switch (spec.type()) {
      case ARRAY -> new ArrayMap(table, stored);
      default ->
          throw new MapException(
              Errno.EINVAL, MapTable.describe(spec) + ": this map type is not supported yet");
    };
  }
}
