package bpf4j.maps;

import static bpf4j.maps.GuestBytes.u32;
import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/// Every map type behaves as a plain Java model of it.
class MapModelProperties {
  private static final GuestMemory MEMORY = GuestMemory.reserve(1 << 26);
  private static final MapTable TABLE = new MapTable(MEMORY, 2, VirtualKernel.BARE);
  private static final int CAPACITY = 8;

  /// One call: what to do, with which key, value and flags.
  record Call(int op, int key, int value, long flags) {}

  @AfterContainer
  static void close() {
    TABLE.close();
    MEMORY.close();
  }

  @Provide
  Arbitrary<List<Call>> calls() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 5),
            Arbitraries.integers().between(0, 14),
            Arbitraries.integers(),
            Arbitraries.of(0L, 0L, 0L, 1L, 2L))
        .as(Call::new)
        .list()
        .ofMaxSize(120);
  }

  /// The errno of an update of a hash; null for success.
  private static @org.jspecify.annotations.Nullable Errno hashUpdate(
      Map<Integer, Integer> model, Call c) {
    boolean there = model.containsKey(c.key);
    if (there && c.flags == 1) {
      return Errno.EEXIST;
    }
    if (!there && c.flags == 2) {
      return Errno.ENOENT;
    }
    if (!there && model.size() == CAPACITY) {
      return Errno.E2BIG;
    }
    model.put(c.key, c.value);
    return null;
  }

  private static void update(
      MapFd map,
      byte[] key,
      byte[] value,
      long flags,
      @org.jspecify.annotations.Nullable Errno want) {
    Errno got = null;
    try {
      map.update(key, value, flags);
    } catch (MapException e) {
      got = e.errno();
    }
    assertThat(got).isEqualTo(want);
  }

  @Property(tries = 60)
  void hashIsAMap(@ForAll("calls") List<Call> calls, @ForAll boolean noPrealloc) {
    int flags = noPrealloc ? MapFlags.NO_PREALLOC : 0;
    try (MapFd map = TABLE.create(MapSpec.of("h", MapType.HASH, 4, 4, CAPACITY, flags))) {
      Map<Integer, Integer> model = new HashMap<>();
      for (Call c : calls) {
        byte[] key = u32(c.key);
        switch (c.op) {
          case 0, 1 -> update(map, key, u32(c.value), c.flags, hashUpdate(model, c));
          case 2 -> assertThat(map.delete(key)).isEqualTo(model.remove(c.key) != null);
          case 3 -> {
            Integer old = model.remove(c.key);
            assertThat(map.lookupAndDelete(key)).isEqualTo(old == null ? null : u32(old));
          }
          default -> {
            Integer value = model.get(c.key);
            assertThat(map.lookup(key)).isEqualTo(value == null ? null : u32(value));
          }
        }
        assertThat(keys(map)).isEqualTo(model.keySet());
      }
    }
  }

  private static Set<Integer> keys(MapFd map) {
    Set<Integer> keys = new HashSet<>();
    for (byte[] k = map.nextKey(null); k != null; k = map.nextKey(k)) {
      assertThat(keys.add(GuestBytes.u32(k))).as("a key comes once").isTrue();
    }
    return keys;
  }

  @Property(tries = 60)
  void lruKeepsWhatWasStoredLastAndNeverTooMuch(
      @ForAll("calls") List<Call> calls, @ForAll boolean ownLists) {
    int flags = ownLists ? MapFlags.NO_COMMON_LRU : 0;
    try (MapFd map = TABLE.create(MapSpec.of("l", MapType.LRU_HASH, 4, 4, CAPACITY, flags))) {
      Map<Integer, Integer> last = new HashMap<>();
      for (Call c : calls) {
        byte[] key = u32(c.key);
        switch (c.op) {
          case 0, 1, 2, 3 -> {
            map.update(key, u32(c.value));
            last.put(c.key, c.value);
            assertThat(map.lookup(key)).isEqualTo(u32(c.value));
          }
          case 4 -> {
            map.delete(key);
            last.remove(c.key);
            assertThat(map.lookup(key)).isNull();
          }
          default -> {
            byte[] value = map.lookup(key);
            Integer stored = last.get(c.key);
            assertThat(value == null || (stored != null && stored == GuestBytes.u32(value)))
                .isTrue();
          }
        }
        assertThat(keys(map)).hasSizeLessThanOrEqualTo(CAPACITY).isSubsetOf(last.keySet());
      }
    }
  }

  @Property(tries = 50)
  void arrayIsAnArray(@ForAll("calls") List<Call> calls) {
    try (MapFd map = TABLE.create(MapSpec.of(MapType.ARRAY, 4, 4, CAPACITY))) {
      int[] model = new int[CAPACITY];
      for (Call c : calls) {
        boolean in = c.key < CAPACITY;
        if (c.op < 3) {
          Errno want = !in ? Errno.E2BIG : c.flags == 1 ? Errno.EEXIST : null;
          update(map, u32(c.key), u32(c.value), c.flags, want);
          if (want == null) {
            model[c.key] = c.value;
          }
        } else {
          assertThat(map.lookup(u32(c.key))).isEqualTo(in ? u32(model[c.key]) : null);
        }
      }
    }
  }

  @Property(tries = 50)
  void queueAndStackAreDeques(@ForAll("calls") List<Call> calls, @ForAll boolean queue) {
    MapType type = queue ? MapType.QUEUE : MapType.STACK;
    byte[] none = new byte[0];
    try (MapFd map = TABLE.create(MapSpec.of(type, 0, 4, CAPACITY))) {
      ArrayDeque<Integer> model = new ArrayDeque<>(); // first = oldest
      for (Call c : calls) {
        if (c.op < 3) {
          boolean full = model.size() == CAPACITY;
          Errno want = c.flags == 1 ? Errno.EINVAL : full && c.flags == 0 ? Errno.E2BIG : null;
          update(map, none, u32(c.value), c.flags, want);
          if (want == null) {
            if (full) {
              model.removeFirst();
            }
            model.addLast(c.value);
          }
        } else {
          Integer top = queue ? model.peekFirst() : model.peekLast();
          byte[] want = top == null ? null : u32(top);
          assertThat(c.op == 3 ? map.lookup(none) : map.lookupAndDelete(none)).isEqualTo(want);
          if (c.op > 3 && top != null) {
            Integer gone = queue ? model.pollFirst() : model.pollLast();
            assertThat(gone).isEqualTo(top);
          }
        }
      }
    }
  }

  /// A prefix of a 16-bit address.
  record Prefix(int len, int bits) {
    boolean holds(int address) {
      return len == 0 || (bits ^ address) >>> (16 - len) == 0;
    }

    byte[] key() {
      return keyOf(len, bits);
    }

    static byte[] keyOf(int len, int address) {
      byte[] key = new byte[6];
      System.arraycopy(u32(len), 0, key, 0, 4);
      key[4] = (byte) (address >> 8);
      key[5] = (byte) address;
      return key;
    }
  }

  @Property(tries = 60)
  void trieFindsTheLongestPrefix(@ForAll long seed) {
    Random random = new Random(seed);
    MapSpec spec = MapSpec.of("t", MapType.LPM_TRIE, 6, 4, 20, MapFlags.NO_PREALLOC);
    try (MapFd map = TABLE.create(spec)) {
      Map<Prefix, Integer> model = new HashMap<>();
      for (int i = 0; i < 150; i++) {
        int len = random.nextInt(17);
        int bits = random.nextInt(4) << 14 | random.nextInt(4);
        Prefix prefix = new Prefix(len, len == 0 ? 0 : bits & (0xffff << (16 - len)));
        if (random.nextInt(3) > 0) {
          boolean full = model.size() == 20 && !model.containsKey(prefix);
          update(map, prefix.key(), u32(i), 0, full ? Errno.ENOSPC : null);
          if (!full) {
            model.put(prefix, i);
          }
        } else {
          assertThat(map.delete(prefix.key())).isEqualTo(model.remove(prefix) != null);
        }
        int address = random.nextInt(4) << 14 | random.nextInt(4);
        Integer want =
            model.entrySet().stream()
                .filter(e -> e.getKey().holds(address))
                .max(Map.Entry.comparingByKey((a, b) -> Integer.compare(a.len, b.len)))
                .map(Map.Entry::getValue)
                .orElse(null);
        assertThat(map.lookup(Prefix.keyOf(16, address)))
            .isEqualTo(want == null ? null : u32(want));
        int count = 0;
        for (byte[] k = map.nextKey(null); k != null; k = map.nextKey(k)) {
          count++;
        }
        assertThat(count).isEqualTo(model.size());
      }
    }
  }

  @Property(tries = 60)
  void bloomFiltersNeverDenyWhatWasPushed(@ForAll List<Integer> pushed) {
    try (MapFd map = TABLE.create(MapSpec.of(MapType.BLOOM_FILTER, 0, 4, 100))) {
      for (int value : pushed) {
        map.update(new byte[0], u32(value));
      }
      for (int value : pushed) {
        assertThat(map.mayContain(u32(value))).isTrue();
      }
    }
  }

  @Property(tries = 50)
  void ringsGiveRecordsInOrder(@ForAll long seed) {
    Random random = new Random(seed);
    try (MapFd fd = TABLE.create(MapSpec.of(MapType.RINGBUF, 0, 0, 4096))) {
      RingbufMap map = (RingbufMap) fd.map();
      RingBuffer ring = new RingBuffer(fd);
      ArrayDeque<Integer> committed = new ArrayDeque<>();
      ArrayDeque<long[]> open = new ArrayDeque<>();
      for (int i = 0; i < 200; i++) {
        switch (random.nextInt(3)) {
          case 0 -> {
            int size = 4 + random.nextInt(900);
            long record = map.reserve(size, 0);
            if (record != 0) {
              MEMORY.putU32(record, i);
              open.add(new long[] {record, i, size});
            }
          }
          case 1 -> {
            long[] record = open.poll();
            if (record != null && random.nextBoolean()) {
              map.submit(record[0], 0);
              committed.add((int) record[1]);
            } else if (record != null) {
              map.discard(record[0], 0);
            }
          }
          default ->
              ring.consume(data -> {
                assertThat(GuestBytes.u32(data)).isEqualTo(committed.poll());
                return true;
              });
        }
      }
      ring.consume(data -> {
        assertThat(GuestBytes.u32(data)).isEqualTo(committed.poll());
        return true;
      });
      assertThat(committed).isEmpty();
    }
  }
}
