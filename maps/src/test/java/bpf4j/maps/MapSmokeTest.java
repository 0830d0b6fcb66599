package bpf4j.maps;

import static bpf4j.maps.GuestBytes.u32;
import static bpf4j.maps.GuestBytes.u64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MapSmokeTest {
  private final GuestMemory memory = GuestMemory.reserve(1 << 26);
  private final MapTable table = new MapTable(memory, 2, VirtualKernel.BARE);

  @AfterEach
  void close() {
    table.close();
    memory.close();
  }

  @Test
  void hashKeepsTheOldValueForWhoHoldsIt() {
    try (MapFd hash = table.create(MapSpec.of("h", MapType.HASH, 4, 8, 2, MapFlags.ZERO_SEED))) {
      hash.update(u32(1), u64(10));
      long scratch = memory.allocate(16, "key and value");
      memory.putU32(scratch, 1);
      memory.putU64(scratch + 8, 20);
      long value = hash.map().lookupElem(scratch, 0);
      assertThat(hash.map().updateElem(scratch, scratch + 8, 0, 0)).isZero();
      assertThat(memory.getU64(value)).isEqualTo(10);
      assertThat(hash.lookup(u32(1))).isEqualTo(u64(20));
      hash.update(u32(2), u64(2));
      assertThatThrownBy(() -> hash.update(u32(3), u64(3)))
          .isInstanceOfSatisfying(
              MapException.class, e -> assertThat(e.errno()).isEqualTo(Errno.E2BIG));
      assertThat(hash.delete(u32(1))).isTrue();
      assertThat(hash.delete(u32(1))).isFalse();
      assertThat(hash.nextKey(null)).isEqualTo(u32(2));
      assertThat(hash.nextKey(u32(2))).isNull();
    }
    assertThat(table.maps()).isEmpty();
  }

  @Test
  void closingEverythingFreesEverything() {
    try (MapFd warmUp = table.create(MapSpec.of(MapType.HASH, 4, 8, 1))) {
      warmUp.update(u32(1), u64(1)); // the piece of memory that calls go through is kept
    }
    for (MapType type : new MapType[] {MapType.HASH, MapType.LRU_HASH, MapType.PERCPU_HASH}) {
      long before = memory.usedBytes();
      try (MapFd map = table.create(MapSpec.of(type, 4, 8, 100))) {
        for (int i = 0; i < 300; i++) {
          try {
            map.update(u32(i), new byte[map.valueSize()]);
          } catch (MapException e) {
            assertThat(e.errno()).isEqualTo(Errno.E2BIG);
            assertThat(i).isGreaterThanOrEqualTo(100);
          }
        }
        int count = 0;
        for (byte[] k = map.nextKey(null); k != null; k = map.nextKey(k)) {
          assertThat(map.lookup(k)).isNotNull();
          count++;
        }
        assertThat(count).isBetween(1, 100);
      }
      assertThat(memory.usedBytes()).isEqualTo(before);
    }
  }

  @Test
  void ringRecordsComeInOrderAndWrapAround() {
    try (MapFd fd = table.create(MapSpec.of(MapType.RINGBUF, 0, 0, 4096))) {
      RingbufMap ring = (RingbufMap) fd.map();
      long first = ring.reserve(3000, 0);
      assertThat(ring.reserve(1100, 0)).isZero();
      long second = ring.reserve(1000, 0);
      assertThat(table.ringbufOf(second)).isSameAs(ring);
      ring.submit(second, 0);
      assertThat(ring.query(0)).isEqualTo(3008 + 1008);
      ring.discard(first, 0);
      ring.ring().setConsumerPos(3008);
      long third = ring.reserve(2000, 0);
      assertThat(third).isNotZero();
      memory.fill(third, 2000, 7);
      ring.submit(third, 0);
      assertThat(ring.reserve(0x4000_0000L, 0)).isZero();
    }
  }
}
