package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.maps.VirtualKernel.Prog;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// DEVMAP and CPUMAP: where XDP packets can be redirected to, by index.
///
/// ```text
///   descriptor + MapLayout.SIZE + index * 8    u32 ifindex or queue size (0: empty slot), u32 prog id
/// ```
///
/// Source: linux-6.18 `devmap.c`, `cpumap.c`.
abstract class RedirectArrayMap extends BpfMap {
  static final int SLOT = 8;

  final int maxEntries;
  private final long data;
  private final ObjectSlots<Prog> progs;

  RedirectArrayMap(MapTable table, MapSpec spec) {
    super(table, spec, MapCreateCheck.unsigned(spec.maxEntries()) * SLOT);
    this.maxEntries = spec.maxEntries();
    this.data = descriptorAddr() + MapLayout.SIZE;
    this.progs = new ObjectSlots<>(maxEntries);
  }

  private long slotAddr(int index) {
    return data + Integer.toUnsignedLong(index) * SLOT;
  }

  final boolean outOfRange(int index) {
    return Integer.compareUnsigned(index, maxEntries) >= 0;
  }

  /// The program to run at the destination, or null.
  final @Nullable Prog progAt(int index) {
    return outOfRange(index) ? null : progs.get(index);
  }

  /// Throws [MapException] where the type refuses the word; it has passed the general checks.
  abstract void checkWord(int index, int word);

  /// The program behind `fd` for a destination; throws [MapException] where it does not fit.
  abstract Prog prog(int fd);

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    int index = (int) memory.getU32(keyAddr);
    return outOfRange(index) || memory.getU32(slotAddr(index)) == 0 ? 0 : slotAddr(index);
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    int index = GuestBytes.u32(key);
    return outOfRange(index) || memory.getU32(slotAddr(index)) == 0
        ? null
        : memory.getBytes(slotAddr(index), spec().valueSize());
  }

  @Override
  void sysUpdate(byte[] key, byte[] value, long flags) {
    int index = GuestBytes.u32(key);
    if (flags < 0 || flags > BPF_EXIST) {
      check(Errno.EINVAL.negated(), "update", key, flags);
    }
    if (outOfRange(index)) {
      check(Errno.E2BIG.negated(), "update", key, flags);
    }
    if (flags == BPF_NOEXIST) {
      check(Errno.EEXIST.negated(), "update", key, flags);
    }
    int word = GuestBytes.u32(value);
    checkWord(index, word);
    int progFd = value.length == 8 ? (int) (GuestBytes.u64(value) >>> 32) : 0;
    Prog prog = null;
    if (word == 0) {
      if (progFd > 0 && refusesProgOnEmpty()) {
        throw refused(Errno.EINVAL, "a program, but nowhere to run it");
      }
    } else if (progFd > 0) {
      prog = prog(progFd);
    }
    progs.exchange(index, prog);
    long slot = Integer.toUnsignedLong(word) | (prog == null ? 0 : (long) prog.id() << 32);
    GuestMemory.ATOMIC64.setRelease(memory.segment(), slotAddr(index), slot);
  }

  boolean refusesProgOnEmpty() {
    return false;
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    int index = (int) memory.getU32(keyAddr);
    if (outOfRange(index)) {
      return Errno.EINVAL.negated();
    }
    progs.exchange(index, null);
    GuestMemory.ATOMIC64.setRelease(memory.segment(), slotAddr(index), 0L);
    return 0;
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    return GuestBytes.nextIndex(key, maxEntries);
  }

  @Override
  String why(Errno errno, byte[] key, long flags) {
    return ArrayMap.whyArray(super.why(errno, key, flags), errno, key, maxEntries);
  }
}
