package bpf4j.maps;

import bpf4j.model.spec.MapType;

/// What `bpf_map_info` tells about a map.
///
/// @param flags the flags the map keeps, without those of the handle
/// @param name at most 15 characters
public record MapInfo(
    MapType type,
    int id,
    int keySize,
    int valueSize,
    int maxEntries,
    int flags,
    long mapExtra,
    String name,
    int btfKeyTypeId,
    int btfValueTypeId,
    boolean frozen) {}
