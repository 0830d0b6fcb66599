package bpf4j.maps;

import static bpf4j.maps.GuestBytes.u32;
import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Maps under threads that run as CPUs do. Each test does a fixed amount of work.
class MapConcurrencyTest {
  private static final int THREADS = 4;
  private static final int ROUNDS = 8_000;

  private final GuestMemory memory = GuestMemory.reserve(1 << 26);
  private final MapTable table = new MapTable(memory, THREADS, VirtualKernel.BARE);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  @AfterEach
  void close() {
    table.close();
    memory.close();
  }

  private interface Work {
    void run(int cpu) throws Exception;
  }

  /// Runs `work` on [#THREADS] threads that start together; fails when one of them does.
  private void together(Work work) throws InterruptedException {
    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int cpu = i;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  start.await();
                  work.run(cpu);
                } catch (Throwable e) {
                  failure.compareAndSet(null, e);
                }
              }));
    }
    for (Thread t : threads) {
      t.join();
    }
    assertThat(failure.get()).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, MapFlags.NO_PREALLOC})
  void aKeyOfOneThreadHoldsWhatThatThreadStored(int flags) throws Exception {
    try (MapFd fd = table.create(MapSpec.of("h", MapType.HASH, 4, 8, 64, flags))) {
      BpfMap map = fd.map();
      together(cpu -> {
        long scratch = memory.allocate(16, "key and value");
        Random random = new Random(cpu);
        long[] model = new long[16];
        for (int i = 1; i <= ROUNDS; i++) {
          int slot = random.nextInt(16);
          memory.putU32(scratch, slot * THREADS + cpu);
          if (random.nextInt(3) == 0) {
            assertThat(map.deleteElem(scratch, cpu)).isEqualTo(model[slot] == 0 ? -2 : 0);
            model[slot] = 0;
          } else {
            memory.putU64(scratch + 8, i);
            assertThat(map.updateElem(scratch, scratch + 8, 0, cpu)).isZero();
            model[slot] = i;
          }
          int read = random.nextInt(16);
          memory.putU32(scratch, read * THREADS + cpu);
          long value = map.lookupElem(scratch, cpu);
          assertThat(value == 0 ? 0 : memory.getU64(value)).isEqualTo(model[read]);
        }
      });
    }
  }

  @Test
  void aKeyThatIsOnlyOverwrittenIsNeverMissed() throws Exception {
    // Few buckets, and elements that wander between them.
    try (MapFd fd = table.create(MapSpec.of(MapType.HASH, 4, 8, 8))) {
      BpfMap map = fd.map();
      for (int key = 0; key < 4; key++) {
        fd.update(u32(key), new byte[8]);
      }
      AtomicBoolean done = new AtomicBoolean();
      together(cpu -> {
        long scratch = memory.allocate(16, "key and value");
        for (int i = 0; cpu < 2 ? i < ROUNDS : !done.get(); i++) {
          if (cpu < 2) {
            memory.putU32(scratch, i % 4);
            map.updateElem(scratch, scratch + 8, UpdateFlag.BPF_EXIST, cpu);
            memory.putU32(scratch, 100 + i % 5);
            map.updateElem(scratch, scratch + 8, 0, cpu);
            map.deleteElem(scratch, cpu);
          } else {
            memory.putU32(scratch, i % 4);
            assertThat(map.lookupElem(scratch, cpu)).isNotZero();
          }
        }
        done.set(true);
      });
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, MapFlags.NO_COMMON_LRU})
  void lruNeverHoldsAKeyTwiceOrTooMany(int flags) throws Exception {
    try (MapFd fd = table.create(MapSpec.of("l", MapType.LRU_HASH, 4, 8, 64, flags))) {
      BpfMap map = fd.map();
      together(cpu -> {
        long scratch = memory.allocate(16, "key and value");
        Random random = new Random(cpu);
        for (int i = 0; i < ROUNDS; i++) {
          int key = random.nextInt(200);
          memory.putU32(scratch, key);
          memory.putU64(scratch + 8, key);
          if (random.nextInt(8) == 0) {
            map.deleteElem(scratch, cpu);
          } else if (random.nextBoolean()) {
            map.lookupElem(scratch, cpu);
          } else {
            assertThat(map.updateElem(scratch, scratch + 8, 0, cpu)).isIn(0, -12);
          }
        }
      });
      Set<Integer> keys = new HashSet<>();
      for (byte[] k = fd.nextKey(null); k != null; k = fd.nextKey(k)) {
        assertThat(keys.add(GuestBytes.u32(k))).isTrue();
        assertThat(fd.lookup(k)).isEqualTo(GuestBytes.u64(GuestBytes.u32(k)));
      }
      assertThat(keys).hasSizeLessThanOrEqualTo(64);
      for (int i = 0; i < 1000; i++) {
        fd.update(u32(1000 + i), new byte[8]); // no element was lost
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"ARRAY_OF_MAPS", "HASH_OF_MAPS"})
  void runsNeverSeeAFreedInnerMap(MapType type) throws Exception {
    MapSpec template = MapSpec.of("inner", MapType.ARRAY, 4, 8, 4, 0);
    try (MapFd outer = table.create(MapSpec.of(type, 4, 4, 2).withInner(template))) {
      AtomicBoolean done = new AtomicBoolean();
      together(cpu -> {
        long key = memory.allocate(8, "key");
        memory.putU32(key, 1);
        if (cpu == 0) {
          for (int i = 0; i < 1500; i++) {
            replace(outer);
          }
          done.set(true);
          return;
        }
        try (Rcu.Reader reader = table.rcu().register()) {
          while (!done.get()) {
            reader.enter();
            long inner = outer.map().lookupElem(key, cpu);
            for (int i = 0; inner != 0 && i < 20; i++) {
              assertThat(memory.getU64(inner + ArrayLayout.DATA + 8)).isEqualTo(0x5a5a);
              assertThat(memory.getU32(inner + MapLayout.MAX_ENTRIES)).isEqualTo(4);
            }
            reader.exit();
          }
        }
      });
    }
    assertThat(table.maps()).isEmpty();
  }

  private void replace(MapFd outer) {
    MapFd inner = table.create(MapSpec.of("inner", MapType.ARRAY, 4, 8, 4, 0));
    inner.update(u32(1), GuestBytes.u64(0x5a5a));
    outer.update(u32(1), inner, UpdateFlag.ANY);
    inner.close();
  }

  @Test
  void everyRecordOfARingArrivesOnceAndInOrder() throws Exception {
    try (MapFd fd = table.create(MapSpec.of(MapType.RINGBUF, 0, 0, 4096))) {
      RingbufMap map = (RingbufMap) fd.map();
      RingBuffer ring = new RingBuffer(fd);
      int producers = THREADS - 1;
      int each = ROUNDS / 4;
      int[] last = new int[THREADS];
      together(cpu -> {
        if (cpu < producers) {
          for (int i = 1; i <= each; ) {
            long record = map.reserve(8 + i % 40, 0);
            if (record == 0) {
              Thread.yield();
              continue;
            }
            memory.putU32(record, cpu);
            memory.putU32(record + 4, i);
            map.submit(record, 0);
            i++;
          }
          return;
        }
        for (int got = 0; got < producers * each; ) {
          got +=
              ring.poll(
                  java.time.Duration.ofMillis(100),
                  data -> {
                    int from = GuestBytes.u32(data);
                    int number = (int) (GuestBytes.u64(data) >>> 32);
                    assertThat(number).isEqualTo(++last[from]);
                    return true;
                  });
        }
      });
      assertThat(ring.availableBytes()).isZero();
    }
  }

  @Test
  void queuesLoseAndDoubleNothing() throws Exception {
    try (MapFd fd = table.create(MapSpec.of(MapType.QUEUE, 0, 8, 32))) {
      BpfMap map = fd.map();
      Set<Long> seen = java.util.concurrent.ConcurrentHashMap.newKeySet();
      java.util.concurrent.atomic.AtomicInteger pushed =
          new java.util.concurrent.atomic.AtomicInteger();
      together(cpu -> {
        long value = memory.allocate(8, "value");
        for (int i = 0; i < ROUNDS; i++) {
          memory.putU64(value, (long) cpu << 32 | i);
          if (map.pushElem(value, 0) == 0) {
            pushed.incrementAndGet();
          }
          if (map.popElem(value) == 0) {
            assertThat(seen.add(memory.getU64(value))).isTrue();
          }
        }
      });
      for (byte[] v = fd.lookupAndDelete(new byte[0]); v != null; ) {
        assertThat(seen.add(GuestBytes.u64(v))).isTrue();
        v = fd.lookupAndDelete(new byte[0]);
      }
      assertThat(seen).hasSize(pushed.get());
    }
  }

  @Test
  void atomicAddsToOneValueAllCount() throws Exception {
    try (MapFd fd = table.create(MapSpec.of(MapType.ARRAY, 4, 8, 1))) {
      long value = fd.map().directValueAddr();
      together(cpu -> {
        for (int i = 0; i < ROUNDS; i++) {
          GuestMemory.ATOMIC64.getAndAdd(memory.segment(), value, 1L);
        }
      });
      assertThat(fd.lookup(u32(0))).isEqualTo(GuestBytes.u64((long) THREADS * ROUNDS));
    }
  }

  @Test
  void programsAndUserSpaceShareATrie() throws Exception {
    MapSpec spec = MapSpec.of("t", MapType.LPM_TRIE, 8, 8, 1000, MapFlags.NO_PREALLOC);
    try (MapFd fd = table.create(spec)) {
      BpfMap map = fd.map();
      together(cpu -> {
        long scratch = memory.allocate(16, "key and value");
        try (Rcu.Reader reader = table.rcu().register()) {
          for (int i = 0; i < ROUNDS / 4; i++) {
            reader.enter();
            memory.putU32(scratch, 32);
            memory.putU32(scratch + 4, i % 7 * THREADS + cpu);
            memory.putU64(scratch + 8, i);
            assertThat(map.updateElem(scratch, scratch + 8, 0, cpu)).isZero();
            assertThat(memory.getU64(map.lookupElem(scratch, cpu))).isEqualTo(i);
            assertThat(map.deleteElem(scratch, cpu)).isZero();
            reader.exit();
          }
        }
      });
      assertThat(fd.nextKey(null)).isNull();
    }
  }
}
