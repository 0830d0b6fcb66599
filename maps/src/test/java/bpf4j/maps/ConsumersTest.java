package bpf4j.maps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConsumersTest {
  private final GuestMemory memory = GuestMemory.reserve(1 << 24);
  private final MapTable table = new MapTable(memory, 2, VirtualKernel.BARE);

  @AfterEach
  void close() {
    memory.close();
  }

  @Test
  void aPollEndsWithTheFirstRecord() throws Exception {
    MapFd fd = table.create(MapSpec.of(MapType.RINGBUF, 0, 0, 4096));
    RingbufMap map = (RingbufMap) fd.map();
    RingBuffer ring = new RingBuffer(fd);
    assertThat(ring.poll(Duration.ZERO, _ -> true)).isZero();
    long data = memory.allocate(8, "data");
    Thread producer = Thread.ofPlatform().start(() -> map.output(data, 8, 0));
    assertThat(ring.poll(Duration.ofSeconds(30), bytes -> bytes.length == 8)).isEqualTo(1);
    producer.join();
  }

  @Test
  void aConsumerMayStopAfterARecord() {
    MapFd fd = table.create(MapSpec.of(MapType.RINGBUF, 0, 0, 4096));
    RingbufMap map = (RingbufMap) fd.map();
    long data = memory.allocate(8, "data");
    map.output(data, 8, 0);
    map.output(data, 4, 0);
    RingBuffer ring = new RingBuffer(fd);
    assertThat(ring.consume(_ -> false)).isEqualTo(1);
    assertThat(ring.consume(bytes -> bytes.length == 4)).isEqualTo(1);
  }

  @Test
  void perfSamplesComeByCpuAndLossesAreCounted() throws Exception {
    MapFd fd = table.create(MapSpec.of(MapType.PERF_EVENT_ARRAY, 4, 4, 2));
    PerfEventArrayMap map = (PerfEventArrayMap) fd.map();
    try (PerfBuffer buffer = new PerfBuffer(fd, 1)) {
      assertThat(map.output(PerfEventArrayMap.BPF_F_CURRENT_CPU, new byte[] {1, 2}, 1)).isZero();
      assertThat(map.output(0, new byte[] {1}, 1)).isEqualTo(Errno.EOPNOTSUPP.negated());
      assertThat(map.output(7, new byte[] {1}, 1)).isEqualTo(Errno.E2BIG.negated());
      List<Integer> cpus = new ArrayList<>();
      assertThat(buffer.poll(Duration.ofSeconds(30), (cpu, _) -> cpus.add(cpu))).isEqualTo(1);
      assertThat(cpus).containsExactly(1);
      for (int i = 0; i < 5; i++) {
        map.output(0, new byte[1000], 0);
      }
      assertThat(buffer.consume((_, _) -> {})).isEqualTo(4);
      assertThat(buffer.lost(0)).isEqualTo(1);
    }
    assertThat(map.output(0, new byte[1], 0)).isEqualTo(Errno.ENOENT.negated());
  }

  @Test
  void samplesOfUserSpaceReachADrain() throws Exception {
    MapFd fd = table.create(MapSpec.of(MapType.USER_RINGBUF, 0, 0, 4096));
    UserRingbufMap map = (UserRingbufMap) fd.map();
    UserRingBuffer ring = new UserRingBuffer(fd);
    for (int i = 0; i < 100; i++) {
      ring.submit(GuestBytes.u64(i));
      int want = i;
      long drained =
          map.drain(
              (addr, size) -> {
                assertThat(size).isEqualTo(8);
                assertThat(memory.getU64(addr)).isEqualTo(want);
                return 0;
              },
              0);
      assertThat(drained).isEqualTo(1);
    }
    ring.submit(new byte[4000]);
    assertThatThrownBy(() -> ring.submit(new byte[200], Duration.ZERO))
        .isInstanceOfSatisfying(
            MapException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
    assertThat(map.drain((_, _) -> 1, 4)).isEqualTo(Errno.EINVAL.negated());
  }
}
