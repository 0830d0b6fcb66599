package bpf4j.maps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.maps.ShadowMemory.Access;
import bpf4j.model.spec.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
  private final GuestMemory memory = GuestMemory.reserve(1 << 26);

  @AfterEach
  void close() {
    memory.close();
  }

  @Test
  void sizeClassesCoverEverySmallSize() {
    for (int bytes = 1; bytes <= GuestAllocator.MAX_SMALL + GuestAllocator.RED_ZONE; bytes++) {
      int stride = GuestAllocator.strideOf(GuestAllocator.classOf(bytes));
      assertThat(stride).isGreaterThanOrEqualTo(bytes);
      assertThat(stride % 16).isZero();
      assertThat(stride).isLessThanOrEqualTo(Math.max(bytes + 16, bytes + bytes / 8 + 1));
    }
  }

  @Test
  void allocationsAreZeroedAlignedAndApart() {
    Random random = new Random(1);
    TreeMap<Long, Integer> live = new TreeMap<>();
    List<Long> order = new ArrayList<>();
    for (int i = 0; i < 4000; i++) {
      if (!order.isEmpty() && random.nextInt(3) == 0) {
        long addr = order.remove(random.nextInt(order.size()));
        live.remove(addr);
        memory.free(addr);
      } else {
        int size = random.nextInt(10) == 0 ? random.nextInt(40_000) : random.nextInt(600);
        long addr = memory.allocate(size, "test");
        assertThat(addr % 16).isZero();
        assertThat(memory.getBytes(addr, size)).isEqualTo(new byte[size]);
        memory.fill(addr, size, 0xff);
        live.put(addr, size);
        order.add(addr);
      }
    }
    long end = 0;
    for (var e : live.entrySet()) {
      assertThat(e.getKey() - end).isGreaterThanOrEqualTo(GuestAllocator.RED_ZONE);
      end = e.getKey() + e.getValue();
    }
    order.forEach(memory::free);
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void pageZeroIsNeverHandedOut() {
    for (int i = 0; i < 100; i++) {
      assertThat(memory.allocate(1, "x")).isGreaterThanOrEqualTo(1 << 16);
    }
  }

  @Test
  void outOfRoomIsTypedAndLeavesTheRestUsable() {
    assertThatThrownBy(() -> memory.allocate(1L << 27, "big"))
        .isInstanceOfSatisfying(
            MapException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
    assertThat(memory.allocate(1 << 20, "small")).isNotZero();
  }

  @Test
  void freedMemoryIsJoinedAndUsedAgain() {
    long first = memory.allocate(40 << 20, "a");
    memory.free(first);
    for (int i = 0; i < 100; i++) {
      long a = memory.allocate(20 << 20, "b");
      long b = memory.allocate(20 << 20, "c");
      memory.free(a);
      memory.free(b);
    }
  }

  @Test
  void doubleFreeIsRefused() {
    long addr = memory.allocate(64, "x");
    memory.free(addr);
    assertThatThrownBy(() -> memory.free(addr)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> memory.free(addr + 16)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shadowTellsWhatWasHitAndByHowMuch() {
    long before = memory.allocate(13, "early");
    ShadowMemory shadow = memory.enableShadow();
    long addr = memory.allocate(20, "value of m");
    assertThat(shadow.checkRead(before, 13)).isEqualTo(Access.OK);
    assertThat(shadow.checkRead(before + 12, 2)).isEqualTo(Access.RED_ZONE);
    assertThat(shadow.checkRead(addr, 20)).isEqualTo(Access.OK);
    assertThat(shadow.checkRead(addr + 16, 8)).isEqualTo(Access.RED_ZONE);
    assertThat(memory.describe(Access.RED_ZONE, addr + 16, 8))
        .endsWith("4 bytes past the end of value of m (20 bytes)");
    assertThat(shadow.checkRead(addr + 24, 1)).isEqualTo(Access.RED_ZONE);
    assertThat(shadow.checkRead(0, 8)).isEqualTo(Access.UNALLOCATED);
    shadow.markUninitialised(addr, 20);
    assertThat(shadow.checkRead(addr + 8, 4)).isEqualTo(Access.UNINITIALISED);
    assertThat(shadow.checkWrite(addr + 8, 4)).isEqualTo(Access.OK);
    assertThat(shadow.checkRead(addr + 8, 4)).isEqualTo(Access.OK);
    assertThat(shadow.checkRead(addr + 16, 4)).isEqualTo(Access.UNINITIALISED);
    memory.free(addr);
    assertThat(shadow.checkWrite(addr, 1)).isEqualTo(Access.FREED);
    assertThat(memory.describe(Access.FREED, addr, 1)).contains("value of m + 0, freed");
    long big = memory.allocate(100_001, "big");
    assertThat(shadow.checkRead(big + 99_996, 5)).isEqualTo(Access.OK);
    assertThat(shadow.checkRead(big + 99_997, 5)).isEqualTo(Access.RED_ZONE);
  }

  @Test
  void accessesAreMaskedIntoTheSegment() {
    memory.putU64(memory.size() + 0x20000, 7);
    assertThat(memory.getU64(0x20000)).isEqualTo(7);
    memory.putU64(memory.size() - 1, -1L);
    assertThat(memory.getU8(memory.size() - 1)).isEqualTo(0xff);
    assertThatThrownBy(() -> memory.getBytes(memory.size() - 8, 1 << 20))
        .isInstanceOf(MapException.class);
  }

  @Test
  void atomicsWorkOnAlignedWords() {
    long addr = memory.allocate(16, "word");
    GuestMemory.ATOMIC64.getAndAdd(memory.segment(), addr, 5L);
    GuestMemory.ATOMIC32.compareAndSet(memory.segment(), addr + 8, 0, 9);
    assertThat(memory.getU64(addr)).isEqualTo(5);
    assertThat(memory.getU32(addr + 8)).isEqualTo(9);
    memory.putU64(addr + 3, 0x0102030405060708L);
    assertThat(memory.getU64(addr + 3)).isEqualTo(0x0102030405060708L);
  }

  @Test
  void nothingIsLeftInTheTemporaryFolder() throws Exception {
    String mine = "bpf4j-" + ProcessHandle.current().pid() + "-";
    try (var files =
        java.nio.file.Files.list(java.nio.file.Path.of(System.getProperty("java.io.tmpdir")))) {
      org.junit.jupiter.api.Assumptions.assumeFalse(
          System.getProperty("os.name").startsWith("Windows"), "there it goes with the mapping");
      assertThat(files.filter(f -> f.getFileName().toString().startsWith(mine))).isEmpty();
    }
  }

  @Test
  void theDefaultIsFourGibibytesOrWhatTheMachineHas() {
    try (GuestMemory big = GuestMemory.reserve()) {
      assertThat(big.size()).isBetween(1L << 26, GuestMemory.DEFAULT_SIZE);
      long far = big.allocateAnywhere(big.size() / 2, "far");
      big.putU8(far + big.size() / 2 - 1, 1);
    }
  }
}
