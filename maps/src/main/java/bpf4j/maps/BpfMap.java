package bpf4j.maps;

import bpf4j.model.spec.MapSpec;

/// A live map. Program-side operations take guest addresses and give what the kernel's
/// `bpf_map_ops` give: an address or 0, or 0 or a negated [bpf4j.model.spec.Errno].
public abstract class BpfMap {
  private final int id;
  private final MapSpec spec;

  protected BpfMap(int id, MapSpec spec) {
    this.id = id;
    this.spec = spec;
  }

  /// The map's id, unique in its collection, counted from 1.
  public final int id() {
    return id;
  }

  public final MapSpec spec() {
    return spec;
  }

  /// Guest address of the map's descriptor: what a `ld_imm64` of the map loads into a register.
  public abstract long descriptorAddr();

  /// Guest address of the value for the key at `keyAddr`, as seen by CPU `cpu`, or 0. For an outer
  /// map: the inner map's descriptor address. Source: `bpf_map_ops.map_lookup_elem`.
  public abstract long lookupElem(long keyAddr, int cpu);

  /// 0 or a negated errno. Source: `bpf_map_ops.map_update_elem`.
  public abstract int updateElem(long keyAddr, long valueAddr, long flags, int cpu);

  /// 0 or a negated errno. Source: `bpf_map_ops.map_delete_elem`.
  public abstract int deleteElem(long keyAddr);
}
