package bpf4j.vm;

import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapSpec.InitialSlot;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.Verdict;
import bpf4j.verifier.Verifier;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Makes a live collection of a spec, in the order of libbpf's `bpf_object__load()`: maps, their
/// contents, programs, and at last the program arrays.
final class CollectionLoader {
  private final CollectionSpec spec;
  private final CollectionOptions options;

  CollectionLoader(CollectionSpec spec, CollectionOptions options) {
    this.spec = spec;
    this.options = options;
  }

  Collection load() {
    Set<ProgramSpec> chosen = chosen();
    Collection collection =
        Collection.create(options.kernel(), options.verifier().kernelBtf(), options.cpus());
    boolean done = false;
    try {
      for (MapSpec map : spec.maps()) {
        collection.createMap(map);
      }
      collection.fillSlots(spec.maps().stream().filter(MapSpec::isMapInMap).toList());
      for (ProgramSpec program : chosen) {
        verify(collection, program);
      }
      collection.fillSlots(programArrays());
      done = true;
      return collection;
    } finally {
      if (!done) {
        collection.close();
      }
    }
  }

  private Set<ProgramSpec> chosen() {
    Set<ProgramSpec> chosen = new LinkedHashSet<>();
    for (String name : options.programs()) {
      if (spec.program(name).isEmpty()) {
        throw new CollectionException(
            Errno.ENOENT,
            "no program '%s' in %s; there are %s"
                .formatted(
                    name,
                    spec.objectName(),
                    spec.programs().stream().map(ProgramSpec::name).toList()));
      }
    }
    for (ProgramSpec program : spec.programs()) {
      boolean named = options.programs().contains(program.name());
      if (named || (options.programs().isEmpty() && program.autoload()) || isTarget(program)) {
        chosen.add(program);
      }
    }
    return chosen;
  }

  /// Whether a program array's first contents name the program: a chosen one may tail-call it.
  private boolean isTarget(ProgramSpec program) {
    return programArrays().stream()
        .flatMap(m -> m.initialSlots().stream())
        .map(InitialSlot::target)
        .anyMatch(program.name()::equals);
  }

  private List<MapSpec> programArrays() {
    return spec.maps().stream().filter(m -> !m.isMapInMap()).toList();
  }

  private void verify(Collection collection, ProgramSpec program) {
    switch (Verifier.verify(program, options.verifier())) {
      case Verdict.Accept accept -> collection.add(accept.program());
      case Verdict.Reject reject ->
          throw new CollectionException(
              reject.errno(),
              "program '%s': %s".formatted(program.name(), reject.message()),
              reject.log());
    }
  }
}
