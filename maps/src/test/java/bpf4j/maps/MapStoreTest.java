package bpf4j.maps;

import static bpf4j.maps.GuestBytes.u32;
import static bpf4j.maps.GuestBytes.u64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapStoreTest {
  private static final MapSpec INNER = MapSpec.of("inner", MapType.ARRAY, 4, 8, 4, 0);

  @TempDir Path folder;

  private void session(Consumer<MapStore> work) {
    try (GuestMemory memory = GuestMemory.reserve(1 << 24)) {
      MapTable table = new MapTable(memory, 2, VirtualKernel.BARE);
      try (MapStore store = MapStore.open(folder, table)) {
        work.accept(store);
      }
      assertThat(table.maps()).isEmpty();
    }
  }

  private static MapFd create(MapStore store, MapSpec spec) {
    MapFd map = store.table().create(spec);
    store.pin(spec.type().name().toLowerCase(java.util.Locale.ROOT), map);
    return map;
  }

  @Test
  void mapsSurvive() {
    session(store -> {
      MapFd hash = create(store, MapSpec.of("h", MapType.HASH, 4, 8, 4, 0));
      hash.update(u32(1), u64(10));
      hash.freeze();
      create(store, MapSpec.of("p", MapType.PERCPU_ARRAY, 4, 8, 4, 0))
          .update(u32(3), new byte[] {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0});
      MapFd queue = create(store, MapSpec.of("q", MapType.QUEUE, 0, 4, 4, 0));
      queue.update(new byte[0], u32(1));
      queue.update(new byte[0], u32(2));
      store.commit();
    });
    session(store -> {
      assertThat(store.names()).containsExactlyInAnyOrder("hash", "percpu_array", "queue");
      MapFd hash = store.get("hash");
      assertThat(hash.lookup(u32(1))).isEqualTo(u64(10));
      assertThat(hash.info().frozen()).isTrue();
      assertThat(store.get("percpu_array").lookup(u32(3)))
          .startsWith(1, 0)
          .endsWith(2, 0, 0, 0, 0, 0, 0, 0);
      assertThat(store.get("queue").lookupAndDelete(new byte[0])).isEqualTo(u32(1));
      assertThat(store.unpin("hash")).isTrue();
      // not committed: forgotten
    });
    session(store -> assertThat(store.get("hash").lookup(u32(1))).isEqualTo(u64(10)));
  }

  @Test
  void sharedInnerMapsStayShared() {
    session(store -> {
      MapSpec outer = MapSpec.of("o", MapType.HASH_OF_MAPS, 4, 4, 4, 0).withInner(INNER);
      MapFd map = create(store, outer);
      try (MapFd inner = store.table().create(INNER)) {
        inner.update(u32(2), u64(5));
        map.update(u32(7), inner, UpdateFlag.ANY);
        map.update(u32(8), inner, UpdateFlag.ANY);
      }
      store.commit();
    });
    session(store -> {
      MapFd map = store.get("hash_of_maps");
      byte[] id = map.lookup(u32(7));
      assertThat(id).isNotNull().isEqualTo(map.lookup(u32(8)));
      try (MapFd inner = store.table().open(GuestBytes.u32(id == null ? u32(0) : id))) {
        assertThat(inner.lookup(u32(2))).isEqualTo(u64(5));
      }
    });
  }

  @Test
  void aDamagedStateIsRefusedWhole() throws IOException {
    session(store -> {
      create(store, MapSpec.of("h", MapType.HASH, 4, 8, 4, 0)).update(u32(1), u64(10));
      store.commit();
    });
    Path state = folder.resolve("maps.state");
    byte[] good = Files.readAllBytes(state);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 0x40;
      Files.write(state, i % 2 == 0 ? bad : java.util.Arrays.copyOf(good, i));
      assertThatThrownBy(() -> session(store -> {}))
          .isInstanceOfSatisfying(
              MapException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EIO));
    }
    Files.write(state, good);
    Files.write(folder.resolve("maps.state.next"), new byte[] {1, 2, 3}); // a killed commit
    session(store -> assertThat(store.get("hash").lookup(u32(1))).isEqualTo(u64(10)));
  }

  @Test
  void whatCannotBeKeptLeavesTheOldState() {
    session(store -> {
      create(store, MapSpec.of("h", MapType.HASH, 4, 8, 4, 0));
      store.commit();
    });
    session(store -> {
      create(store, MapSpec.of("r", MapType.RINGBUF, 0, 0, 4096, 0));
      assertThatThrownBy(store::commit)
          .isInstanceOfSatisfying(
              MapException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP));
    });
    session(store -> assertThat(store.names()).containsExactly("hash"));
  }
}
