package bpf4j.maps;

import static bpf4j.maps.GuestBytes.u32;
import static bpf4j.maps.GuestBytes.u64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The rules of outer maps, each test named after its row in the checklist of map-of-maps facts.
/// What creation and equality refuse is covered type by type by the recorded calls
/// ([KernelMapCallsTest], set `nesting`); here stand the rows that need more than one answer.
class MapOfMapsTest {
  private final GuestMemory memory = GuestMemory.reserve(1 << 26);
  private final MapTable table = new MapTable(memory, 2, VirtualKernel.BARE);
  private final MapSpec template = MapSpec.of("template", MapType.ARRAY, 4, 8, 4, 0);

  @AfterEach
  void close() {
    table.close();
    memory.close();
  }

  private MapFd outerArray(MapSpec inner) {
    return table.create(MapSpec.of("outer", MapType.ARRAY_OF_MAPS, 4, 4, 3, 0).withInner(inner));
  }

  private MapFd outerHash(MapSpec inner) {
    return table.create(
        MapSpec.of("outer", MapType.HASH_OF_MAPS, 4, 4, 3, MapFlags.ZERO_SEED).withInner(inner));
  }

  private List<MapFd> outers(MapSpec inner) {
    return List.of(outerArray(inner), outerHash(inner));
  }

  private MapFd inner(String name) {
    return table.create(MapSpec.of(name, MapType.ARRAY, 4, 8, 4, 0));
  }

  private long keyAt(int key) {
    long addr = memory.allocate(16, "key");
    memory.putU32(addr, key);
    return addr;
  }

  private static void refused(Errno errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            MapException.class, e -> assertThat(e.errno()).as(e.getMessage()).isEqualTo(errno));
  }

  // ---- the kernel's page: its examples through the Java API ----

  /// `create_outer_array(int inner_fd)`.
  private MapFd createOuterArray(MapFd innerMap) {
    return table.create(MapSpec.of("example_array", MapType.ARRAY_OF_MAPS, 4, 4, 2, 0), innerMap);
  }

  /// `add_devmap(int outer_fd, int index, const char *name)`.
  private void addDevmap(MapFd outer, int index, String name) {
    try (MapFd devmap = table.create(MapSpec.of(name, MapType.DEVMAP, 4, 4, 256, 0))) {
      outer.update(u32(index), devmap, UpdateFlag.ANY);
    }
  }

  @Test
  void pageExampleCreateOuterArrayAndAddDevmap() {
    MapFd innerMap = table.create(MapSpec.of("dev", MapType.DEVMAP, 4, 4, 256, 0));
    try (MapFd outer = createOuterArray(innerMap)) {
      innerMap.close();
      addDevmap(outer, 0, "dev0");
      addDevmap(outer, 1, "dev1");
      try (MapFd second = table.open(u32At(outer, 1))) {
        assertThat(second.name()).isEqualTo("dev1");
        second.update(u32(7), u32(1));
        assertThat(second.lookup(u32(7))).isEqualTo(u32(1));
      }
    }
    assertThat(table.maps()).isEmpty();
  }

  private static int u32At(MapFd outer, int key) {
    byte[] value = outer.lookup(u32(key));
    assertThat(value).isNotNull();
    return value == null ? 0 : GuestBytes.u32(value);
  }

  // ---- B: creating ----

  @Test
  void b1OuterSizesAreCheckedBeforeTheTemplate() {
    refused(Errno.EINVAL, () -> table.create(MapSpec.of(MapType.ARRAY_OF_MAPS, 4, 8, 2), null));
    refused(Errno.EBADF, () -> table.create(MapSpec.of(MapType.ARRAY_OF_MAPS, 4, 4, 2), null));
  }

  @Test
  void b4MapsNestOneLevelDeep() {
    try (MapFd outer = outerArray(template)) {
      assertThatThrownBy(() -> table.create(MapSpec.of(MapType.HASH_OF_MAPS, 4, 4, 2), outer))
          .hasMessageContaining("nest one level deep");
    }
  }

  @Test
  void b5ProgArraysCannotBeInner() {
    MapSpec outer =
        MapSpec.of(MapType.ARRAY_OF_MAPS, 4, 4, 2)
            .withInner(MapSpec.of(MapType.PROG_ARRAY, 4, 4, 2));
    refused(Errno.ENOTSUPP, () -> table.create(outer));
    assertThat(table.maps()).as("B20: nothing is left behind").isEmpty();
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void b8TheTemplateMapMayBeClosedAtOnce() {
    List<MapFd> outers = outers(template);
    assertThat(table.maps()).containsOnly(outers.get(0).map(), outers.get(1).map());
    for (MapFd outer : outers) {
      assertThat(outer.map().innerTemplate()).isNotNull();
      outer.close();
    }
  }

  @Test
  void b18HowATemplateIsOpenedIsNoPropertyOfIt() {
    MapSpec readOnly = MapSpec.of("t", MapType.ARRAY, 4, 8, 4, MapFlags.RDONLY);
    try (MapFd outer = outerArray(readOnly);
        MapFd a = inner("a")) {
      outer.update(u32(0), a, UpdateFlag.ANY);
      assertThat(u32At(outer, 0)).isEqualTo(a.id());
    }
  }

  // ---- C: equality, in words ----

  @Test
  void c1RefusalsNameWhatDiffers() {
    record Case(MapSpec inner, String message) {}
    List<Case> cases =
        List.of(
            new Case(
                MapSpec.of("a2", MapType.ARRAY, 4, 8, 8, 0),
                "inner map 'a2': max_entries 8 differs from the template's 4;"
                    + " allowed with BPF_F_INNER_MAP"),
            new Case(
                MapSpec.of("a2", MapType.HASH, 4, 8, 4, 0),
                "inner map 'a2': type HASH differs from the template's ARRAY"),
            new Case(
                MapSpec.of("a2", MapType.ARRAY, 4, 16, 4, 0),
                "inner map 'a2': value_size 16 differs from the template's 8"),
            new Case(
                MapSpec.of("a2", MapType.ARRAY, 4, 8, 4, MapFlags.MMAPABLE),
                "inner map 'a2': map_flags 0x400 differs from the template's 0x0"));
    for (MapFd outer : outers(template)) {
      for (Case c : cases) {
        try (MapFd bad = table.create(c.inner)) {
          assertThatThrownBy(() -> outer.update(u32(0), bad, UpdateFlag.ANY))
              .hasMessageEndingWith(c.message)
              .isInstanceOfSatisfying(
                  MapException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
        }
      }
      assertThat(outer.lookup(u32(0))).isNull();
      outer.close();
    }
    assertThat(table.maps()).isEmpty();
  }

  @Test
  void c4InnerMapFlagFreesMaxEntries() {
    MapSpec flexible = MapSpec.of("t", MapType.ARRAY, 4, 8, 4, MapFlags.INNER_MAP);
    try (MapFd outer = outerArray(flexible);
        MapFd large = table.create(MapSpec.of("l", MapType.ARRAY, 4, 8, 100, MapFlags.INNER_MAP))) {
      outer.update(u32(0), large, UpdateFlag.ANY);
      assertThat(u32At(outer, 0)).isEqualTo(large.id());
    }
  }

  @Test
  void c8AnOuterMapCannotStandInASlot() {
    try (MapFd outer = outerArray(template);
        MapFd other = outerArray(template)) {
      refused(Errno.EINVAL, () -> outer.update(u32(0), other, UpdateFlag.ANY));
    }
  }

  @Test
  void c9OneInnerMapInManySlotsAndOuters() {
    MapFd shared = inner("shared");
    List<MapFd> outers = outers(template);
    for (MapFd outer : outers) {
      for (int i = 0; i < 3; i++) {
        outer.update(u32(i), shared, UpdateFlag.ANY);
        assertThat(u32At(outer, i)).isEqualTo(shared.id());
      }
    }
    assertThat(shared.map().refs.refcnt()).isEqualTo(7);
    assertThat(shared.map().refs.usercnt()).isEqualTo(1);
    int id = shared.id();
    shared.close();
    assertThat(table.mapById(id)).isNotNull();
    outers.forEach(MapFd::close);
    assertThat(table.maps()).isEmpty();
  }

  @Test
  void foreignAndClosedMapsAreRefused() {
    MapTable elsewhere = new MapTable(memory, 2, VirtualKernel.BARE);
    MapFd foreign = elsewhere.create(template);
    MapFd closed = inner("closed");
    closed.close();
    for (MapFd outer : outers(template)) {
      refused(Errno.EBADF, () -> outer.update(u32(0), foreign, UpdateFlag.ANY));
      refused(Errno.EBADF, () -> outer.update(u32(0), closed, UpdateFlag.ANY));
      refused(Errno.EBADF, () -> outer.update(u32(0), u32(closed.fd() + 100)));
      outer.close();
    }
    foreign.close();
    elsewhere.close();
  }

  // ---- D: the program's side ----

  @Test
  void d1ProgramsCannotChangeAnOuterMap() {
    for (MapFd outer : outers(template)) {
      long key = keyAt(0);
      assertThat(outer.map().updateElem(key, key, 0, 0)).isNegative();
      assertThat(outer.map().deleteElem(key, 0)).isNegative();
      assertThat(outer.map().forEachElem((k, v) -> 0, 0, 0)).isNegative();
      outer.close();
    }
  }

  @Test
  void d2LookupGivesTheInnerMapsDescriptor() {
    for (MapFd outer : outers(template)) {
      try (MapFd a = inner("a")) {
        outer.update(u32(1), a, UpdateFlag.ANY);
        assertThat(outer.map().lookupElem(keyAt(1), 0)).isEqualTo(a.map().descriptorAddr());
        assertThat(table.mapAt(outer.map().lookupElem(keyAt(1), 0))).isSameAs(a.map());
      }
      outer.close();
    }
  }

  @Test
  void d9DevmapsInsideAreReadOnlyToPrograms() {
    try (MapFd devmap = table.create(MapSpec.of(MapType.DEVMAP, 4, 4, 2))) {
      assertThat(devmap.info().flags() & MapFlags.RDONLY_PROG).isNotZero();
    }
  }

  @Test
  void d13DescriptorsShowTheFieldsOfStructBpfMap() {
    try (MapFd a = inner("array_a")) {
      long d = a.map().descriptorAddr();
      assertThat(memory.getU32(d + 64)).isEqualTo(MapType.ARRAY.id());
      assertThat(memory.getU32(d + 68)).isEqualTo(4);
      assertThat(memory.getU32(d + 72)).isEqualTo(8);
      assertThat(memory.getU32(d + 76)).isEqualTo(4);
      assertThat(memory.getU32(d + 92)).isEqualTo(a.id());
      assertThat(new String(memory.getBytes(d + 136, 7), java.nio.charset.StandardCharsets.UTF_8))
          .isEqualTo("array_a");
    }
  }

  @Test
  void d16MissesAreNull() {
    for (MapFd outer : outers(template)) {
      assertThat(outer.map().lookupElem(keyAt(0), 0)).isZero();
      assertThat(outer.map().lookupElem(keyAt(99), 0)).isZero();
      assertThat(outer.map().lookupElem(keyAt(-1), 0)).isZero();
      outer.close();
    }
  }

  // ---- E: user space ----

  @Test
  void e2UpdateFlags() {
    try (MapFd array = outerArray(template);
        MapFd hash = outerHash(template);
        MapFd a = inner("a")) {
      refused(Errno.EINVAL, () -> array.update(u32(0), a, UpdateFlag.NOEXIST));
      refused(Errno.EINVAL, () -> array.update(u32(0), a, UpdateFlag.EXIST));
      refused(Errno.ENOENT, () -> hash.update(u32(0), a, UpdateFlag.EXIST));
      hash.update(u32(0), a, UpdateFlag.NOEXIST);
      refused(Errno.EEXIST, () -> hash.update(u32(0), a, UpdateFlag.NOEXIST));
      hash.update(u32(0), a, UpdateFlag.EXIST);
      refused(Errno.EINVAL, () -> hash.update(u32(0), a, UpdateFlag.LOCK));
      assertThat(a.map().refs.refcnt()).as("refusals keep no reference").isEqualTo(2);
    }
  }

  @Test
  void e3TheIndexIsCheckedBeforeTheMap() {
    try (MapFd array = outerArray(template);
        MapFd hash = outerHash(template)) {
      refused(Errno.E2BIG, () -> array.update(u32(3), u32(999)));
      refused(Errno.EBADF, () -> array.update(u32(2), u32(999)));
      refused(Errno.EBADF, () -> hash.update(u32(2), u32(999), 99));
      try (MapFd a = inner("a")) {
        for (int i = 0; i < 3; i++) {
          hash.update(u32(i), a, UpdateFlag.ANY);
        }
        refused(Errno.E2BIG, () -> hash.update(u32(3), a, UpdateFlag.ANY));
      }
    }
  }

  @Test
  void e4ReplacingReleasesTheOldMap() {
    for (MapFd outer : outers(template)) {
      MapFd a = inner("a");
      MapFd b = inner("b");
      outer.update(u32(0), a, UpdateFlag.ANY);
      a.close();
      outer.update(u32(0), b, UpdateFlag.ANY);
      assertThat(table.mapById(a.id())).isNull();
      assertThat(table.mapById(b.id())).isNotNull();
      b.close();
      outer.close();
    }
    assertThat(table.maps()).isEmpty();
  }

  @Test
  void e5LookupGivesTheIdAndEmptySlotsNothing() {
    for (MapFd outer : outers(template)) {
      try (MapFd a = inner("a")) {
        outer.update(u32(2), a, UpdateFlag.ANY);
        assertThat(u32At(outer, 2)).isEqualTo(a.id());
        assertThat(outer.lookup(u32(1))).isNull();
        assertThat(outer.lookup(u32(77))).isNull();
      }
      outer.close();
    }
  }

  @Test
  void e6AnIdOpensTheInnerMap() {
    try (MapFd outer = outerArray(template)) {
      MapFd a = inner("a");
      a.update(u32(1), u64(42));
      outer.update(u32(0), a, UpdateFlag.ANY);
      a.close();
      try (MapFd again = table.open(u32At(outer, 0))) {
        assertThat(again.lookup(u32(1))).isEqualTo(u64(42));
      }
    }
  }

  @Test
  void e7Delete() {
    try (MapFd array = outerArray(template);
        MapFd hash = outerHash(template);
        MapFd a = inner("a")) {
      assertThat(array.delete(u32(0))).isFalse();
      assertThat(hash.delete(u32(0))).isFalse();
      refused(Errno.E2BIG, () -> array.delete(u32(3)));
      array.update(u32(0), a, UpdateFlag.ANY);
      hash.update(u32(0), a, UpdateFlag.ANY);
      assertThat(array.delete(u32(0))).isTrue();
      assertThat(hash.delete(u32(0))).isTrue();
      assertThat(a.map().refs.refcnt()).isEqualTo(1);
    }
  }

  @Test
  void e8NextKeyGoesOverEmptySlotsOfArraysOnly() {
    try (MapFd array = outerArray(template);
        MapFd hash = outerHash(template);
        MapFd a = inner("a")) {
      assertThat(array.nextKey(null)).isEqualTo(u32(0));
      assertThat(array.nextKey(u32(0))).isEqualTo(u32(1));
      assertThat(array.nextKey(u32(2))).isNull();
      assertThat(hash.nextKey(null)).isNull();
      hash.update(u32(2), a, UpdateFlag.ANY);
      assertThat(hash.nextKey(null)).isEqualTo(u32(2));
    }
  }

  @Test
  void e9NoLookupAndDelete() {
    for (MapFd outer : outers(template)) {
      refused(Errno.ENOTSUPP, () -> outer.lookupAndDelete(u32(0)));
      outer.close();
    }
  }

  @Test
  void e10Batches() {
    try (MapFd array = outerArray(template);
        MapFd hash = outerHash(template);
        MapFd a = inner("a")) {
      List<byte[]> keys = List.of(u32(0), u32(2));
      List<byte[]> fds = List.of(u32(a.fd()), u32(a.fd()));
      assertThat(array.updateBatch(keys, fds, 0).count()).isEqualTo(2);
      assertThat(hash.updateBatch(keys, fds, 0).count()).isEqualTo(2);
      BatchResult fromArray = array.lookupBatch(null, 10, 0);
      assertThat(fromArray.errno()).isEqualTo(Errno.ENOENT);
      assertThat(fromArray.keys()).containsExactly(u32(0), u32(2));
      assertThat(fromArray.values()).containsExactly(u32(a.id()), u32(a.id()));
      assertThat(hash.lookupBatch(null, 10, 0).count()).isEqualTo(2);
      refused(Errno.ENOTSUPP, () -> array.deleteBatch(keys, 0));
      assertThat(hash.deleteBatch(List.of(u32(0)), 0).count()).isEqualTo(1);
      assertThat(hash.lookupAndDeleteBatch(null, 10, 0).values()).containsExactly(u32(a.id()));
      assertThat(a.map().refs.refcnt()).isEqualTo(3);
    }
  }

  @Test
  void e11Freeze() {
    for (MapFd outer : outers(template)) {
      try (MapFd a = inner("a")) {
        outer.update(u32(0), a, UpdateFlag.ANY);
        outer.freeze();
        refused(Errno.EPERM, outer::freeze);
        refused(Errno.EPERM, () -> outer.update(u32(1), a, UpdateFlag.ANY));
        refused(Errno.EPERM, () -> outer.delete(u32(0)));
        assertThat(u32At(outer, 0)).isEqualTo(a.id());
      }
      outer.close();
    }
  }

  @Test
  void e12HandlesWithHalfTheRights() {
    for (MapFd outer : outers(template)) {
      try (MapFd a = inner("a");
          MapFd reader = table.open(outer.id(), MapFlags.RDONLY);
          MapFd writer = table.open(outer.id(), MapFlags.WRONLY)) {
        refused(Errno.EPERM, () -> reader.update(u32(0), a, UpdateFlag.ANY));
        writer.update(u32(0), a, UpdateFlag.ANY);
        refused(Errno.EPERM, () -> writer.lookup(u32(0)));
        assertThat(u32At(reader, 0)).isEqualTo(a.id());
      }
      outer.close();
    }
  }

  @Test
  void e13NoMmapNoPerCpuLookup() {
    for (MapFd outer : outers(template)) {
      refused(Errno.EINVAL, outer::view);
      assertThat(outer.map().lookupPercpuElem(keyAt(0), 0)).isZero();
      outer.close();
    }
  }

  // ---- F: lifetime ----

  @Test
  void f1ASlotKeepsTheMapButIsNoUser() {
    try (MapFd outer = outerHash(template)) {
      MapFd a = inner("a");
      a.update(u32(3), u64(7));
      outer.update(u32(5), a, UpdateFlag.ANY);
      BpfMap map = a.map();
      a.close();
      assertThat(map.refs.usercnt()).isZero();
      assertThat(map.refs.refcnt()).isEqualTo(1);
      assertThat(memory.getU64(map.lookupElem(keyAt(3), 0))).as("plain data stays").isEqualTo(7);
    }
  }

  @Test
  void f1bAPerfEventArrayLosesWhatWasStoredThroughAClosedHandle() {
    for (int flags : new int[] {0, MapFlags.PRESERVE_ELEMS}) {
      MapSpec perf = MapSpec.of("p", MapType.PERF_EVENT_ARRAY, 4, 4, 2, flags);
      try (MapFd outer = outerArray(perf)) {
        MapFd events = table.create(perf);
        events.update(u32(0), new NullEvent(), UpdateFlag.ANY);
        outer.update(u32(0), events, UpdateFlag.ANY);
        PerfEventArrayMap map = (PerfEventArrayMap) events.map();
        assertThat(map.eventAt(0)).isNotNull();
        events.close();
        assertThat(map.eventAt(0) != null).isEqualTo(flags != 0);
      }
    }
  }

  private record NullEvent() implements VirtualKernel.PerfEvent {
    @Override
    public int id() {
      return 0;
    }

    @Override
    public int cpu() {
      return -1;
    }

    @Override
    public int output(int cpu, byte[] sample) {
      return 0;
    }
  }

  @Test
  void f2AReplacedMapGoesWithTheLastRunThatCanSeeIt() {
    for (MapFd outer : outers(template)) {
      MapFd a = inner("a");
      outer.update(u32(0), a, UpdateFlag.ANY);
      int id = a.id();
      a.update(u32(0), u64(11));
      a.close();
      Rcu.Reader run = table.rcu().register();
      run.enter();
      long seen = outer.map().lookupElem(keyAt(0), 0);
      long value = seen + ArrayLayout.DATA;
      assertThat(outer.delete(u32(0))).isTrue();
      long used = memory.usedBytes();
      assertThat(table.mapById(id)).as("gone for user space").isNull();
      assertThat(memory.getU64(value)).as("but not for the run").isEqualTo(11);
      run.exit();
      assertThat(memory.usedBytes()).isLessThan(used);
      run.close();
      outer.close();
    }
  }

  @Test
  void f3DestroyingAnOuterMapReleasesItsInnerMaps() {
    for (MapFd outer : outers(template)) {
      for (int i = 0; i < 3; i++) {
        try (MapFd a = inner("a" + i)) {
          outer.update(u32(i), a, UpdateFlag.ANY);
        }
      }
      assertThat(table.maps()).hasSize(outer.type() == MapType.ARRAY_OF_MAPS ? 5 : 4);
      outer.close();
    }
    assertThat(table.maps()).isEmpty();
  }

  @Test
  void f4AProgramKeepsTheOuterMapAndSoItsInnerMaps() {
    MapFd outer = outerHash(template);
    MapFd a = inner("a");
    outer.update(u32(0), a, UpdateFlag.ANY);
    a.close();
    BpfMap map = outer.map();
    assertThat(map.inc()).isTrue(); // a program is loaded
    outer.close();
    assertThat(table.maps()).hasSize(2);
    assertThat(map.lookupElem(keyAt(0), 0)).isNotZero();
    map.put();
    assertThat(table.maps()).isEmpty();
  }

  @Test
  void g8PerfEventArrayTemplatesWithoutSizeGetAnEntryForEachCpu() {
    MapSpec perf = MapSpec.of("p", MapType.PERF_EVENT_ARRAY, 4, 4, 0, 0);
    try (MapFd outer = outerArray(perf)) {
      MapSpec inner = outer.map().innerTemplate();
      assertThat(inner).isNotNull();
      assertThat(inner == null ? 0 : inner.maxEntries()).isEqualTo(2);
    }
  }
}
