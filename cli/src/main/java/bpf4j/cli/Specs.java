package bpf4j.cli;

import bpf4j.model.spec.MapSpec;

/// Copies of specs with something changed.
final class Specs {
  private Specs() {}

  /// The same map without a name and with another capacity.
  static MapSpec anonymous(MapSpec m, int maxEntries) {
    return new MapSpec(
        "",
        m.type(),
        m.keySize(),
        m.valueSize(),
        maxEntries,
        m.flags(),
        m.mapExtra(),
        m.numaNode(),
        m.inner(),
        false,
        m.btf(),
        m.btfKeyTypeId(),
        m.btfValueTypeId(),
        m.kind(),
        m.initialSlots(),
        m.initialData(),
        m.frozen());
  }
}
