package bpf4j.loader.map;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.loader.object.ObjectFile;
import bpf4j.model.spec.MapSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Maps of a `maps` section, which libbpf gave up in its version 1.0 and old objects still have.
///
/// Every variable of the section is one struct, and all have the same size:
///
/// ```
///  0 type   4 key_size   8 value_size   12 max_entries   16 map_flags      struct bpf_map_def
/// 20 inner_map_idx  24 numa_node                                           of samples/bpf (28 bytes)
/// 20 id  24 pinning  28 inner_id  32 inner_idx                             bpf_elf_map of iproute2 (36)
/// ```
///
/// iproute2's outer map names its template by `id`, and the template says which slot it goes to.
final class LegacyMaps {
  private static final int MIN_SIZE = 16;
  private static final int SAMPLES_SIZE = 28;
  private static final int IPROUTE_SIZE = 36;
  private static final int PIN_GLOBAL = 2;

  private final ObjectFile object;
  private final List<String> notes;
  private final Map<Integer, MapEntry> byId = new HashMap<>();
  private final Map<Integer, Integer> slotOfId = new HashMap<>();

  LegacyMaps(ObjectFile object, List<String> notes) {
    this.object = object;
    this.notes = notes;
  }

  void collect(List<MapEntry> maps) throws ElfException {
    ElfFile elf = object.elf();
    ElfSection sec = elf.sections().get(object.legacyMapsIdx());
    ByteBuffer data = elf.data(sec);
    List<ElfSymbol> symbols = new ArrayList<>();
    for (ElfSymbol s : object.symbols()) {
      if (s.shndx() == sec.index() && s.type() != ElfSymbol.SECTION && s.isGlobalOrWeak()) {
        symbols.add(s);
      }
    }
    symbols.sort(Comparator.comparingLong(ElfSymbol::value));
    if (symbols.isEmpty()) {
      return;
    }
    int size = data.limit() / symbols.size();
    if (size < MIN_SIZE || data.limit() % symbols.size() != 0) {
      throw elf.refuse(
          LibbpfErrno.EINVAL,
          "unable to determine legacy map definition size in "
              + elf.name()
              + ": "
              + symbols.size()
              + " maps in "
              + data.limit()
              + " bytes");
    }
    List<MapEntry> found = new ArrayList<>();
    for (ElfSymbol s : symbols) {
      if (s.value() < 0 || s.value() > data.limit() - size) {
        throw elf.refuse(
            LibbpfErrno.EINVAL,
            "map '" + object.symbolName(s) + "': definition at " + s.value() + " is cut off");
      }
      found.add(read(s, data.slice((int) s.value(), size).order(data.order())));
    }
    for (int i = 0; i < found.size(); i++) {
      ByteBuffer d = data.slice((int) symbols.get(i).value(), size).order(data.order());
      linkInner(found, found.get(i), d);
    }
    maps.addAll(found);
    notes.add(
        "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+; loaded all"
            + " the same");
  }

  private MapEntry read(ElfSymbol s, ByteBuffer d) throws ElfException {
    MapDef def = new MapDef();
    def.type = d.getInt(0);
    def.keySize = d.getInt(4);
    def.valueSize = d.getInt(8);
    def.maxEntries = d.getInt(12);
    def.flags = d.limit() >= 20 ? d.getInt(16) : 0;
    MapEntry entry = new MapEntry(object.symbolName(s), MapSpec.Kind.DEFINED, s.shndx(), def);
    entry.secOffset = s.value();
    if (d.limit() >= IPROUTE_SIZE) {
      def.pinByName = d.getInt(24) == PIN_GLOBAL;
      if (d.getInt(20) != 0) {
        byId.putIfAbsent(d.getInt(20), entry);
        slotOfId.putIfAbsent(d.getInt(20), d.getInt(32));
      }
    } else if (d.limit() >= SAMPLES_SIZE) {
      def.numaNode = d.getInt(24);
    }
    return entry;
  }

  private void linkInner(List<MapEntry> all, MapEntry outer, ByteBuffer d) throws ElfException {
    if (!outer.isMapInMap()) {
      return;
    }
    MapEntry inner = null;
    if (d.limit() >= IPROUTE_SIZE) {
      int id = d.getInt(28);
      inner = byId.get(id);
      int slot = slotOfId.getOrDefault(id, -1);
      if (inner != null && Integer.compareUnsigned(slot, outer.def.maxEntries) < 0) {
        outer.initialSlots.put(slot, inner.name);
      }
    } else if (d.limit() >= SAMPLES_SIZE) {
      int index = d.getInt(20);
      inner = index >= 0 && index < all.size() ? all.get(index) : null;
    }
    if (inner == null || inner == outer || inner.isMapInMap()) {
      throw object
          .elf()
          .refuse(
              LibbpfErrno.EINVAL, "map '" + outer.name + "': legacy definition names no inner map");
    }
    outer.inner = inner.def;
  }
}
