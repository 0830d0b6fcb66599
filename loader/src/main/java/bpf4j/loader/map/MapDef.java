package bpf4j.loader.map;

/// The numbers of one map definition while it is being read.
final class MapDef {
  int type;
  int keySize;
  int valueSize;
  int keyTypeId;
  int valueTypeId;
  int maxEntries;
  int flags;
  int numaNode;
  long mapExtra;
  boolean pinByName;

  /// Whether `values` gave the template of inner maps.
  boolean hasInner;
}
