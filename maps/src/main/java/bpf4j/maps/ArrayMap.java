package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_F_LOCK;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/// ARRAY: every element exists from the start. Layout: [ArrayLayout].
final class ArrayMap extends BpfMap {
  private final long data;
  private final long elemSize;
  private final int maxEntries;

  ArrayMap(MapTable table, MapSpec spec) {
    super(table, spec, bytes(spec));
    this.data = descriptorAddr() + ArrayLayout.DATA;
    this.elemSize = ArrayLayout.elemSize(spec.valueSize());
    this.maxEntries = spec.maxEntries();
    writeArrayWords(memory, descriptorAddr(), elemSize, maxEntries);
  }

  private static long bytes(MapSpec spec) {
    return MapCreateCheck.unsigned(spec.maxEntries()) * ArrayLayout.elemSize(spec.valueSize());
  }

  static void writeArrayWords(GuestMemory memory, long d, long elemSize, int maxEntries) {
    memory.putU32(d + MapLayout.DATA, d + ArrayLayout.DATA);
    memory.putU32(d + MapLayout.ELEM_SIZE, elemSize);
    long mask = MapCreateCheck.roundUpPow2(MapCreateCheck.unsigned(maxEntries)) - 1;
    memory.putU32(d + MapLayout.INDEX_MASK, mask);
  }

  @Override
  public long directValueAddr() {
    return data;
  }

  @Override
  public long lookupElem(long keyAddr, int cpu) {
    return elemAt((int) memory.getU32(keyAddr));
  }

  private long elemAt(int index) {
    return Integer.compareUnsigned(index, maxEntries) < 0
        ? data + Integer.toUnsignedLong(index) * elemSize
        : 0;
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    if ((flags & ~BPF_F_LOCK) > BPF_EXIST || flags < 0) {
      return Errno.EINVAL.negated();
    }
    if ((flags & BPF_F_LOCK) != 0 && !hasSpinLock()) {
      return Errno.EINVAL.negated();
    }
    long elem = elemAt((int) memory.getU32(keyAddr));
    if (elem == 0) {
      return Errno.E2BIG.negated();
    }
    if ((flags & BPF_NOEXIST) != 0) {
      return Errno.EEXIST.negated();
    }
    copyValue(elem, valueAddr, (flags & BPF_F_LOCK) != 0);
    return 0;
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    return Errno.EINVAL.negated();
  }

  @Override
  public long forEachElem(ElemCallback callback, long flags, int cpu) {
    return forEach(this, callback, flags, this::elemAt);
  }

  /// Calls `callback` for every index; the key it gets is a copy in guest memory.
  static long forEach(BpfMap map, ElemCallback callback, long flags, IntToLongFunction valueAt) {
    if (flags != 0) {
      return Errno.EINVAL.negated();
    }
    long keyAddr = map.takeStaging();
    try {
      long max = MapCreateCheck.unsigned(map.spec().maxEntries());
      for (long i = 0; i < max; i++) {
        map.memory.putU32(keyAddr, i);
        if (callback.call(keyAddr, valueAt.applyAsLong((int) i)) == 1) {
          return i + 1;
        }
      }
      return max;
    } finally {
      map.giveStaging(keyAddr);
    }
  }

  @Override
  String why(Errno errno, byte[] key, long flags) {
    return whyArray(super.why(errno, key, flags), errno, key, maxEntries);
  }

  static String whyArray(String otherwise, Errno errno, byte[] key, int maxEntries) {
    return switch (errno) {
      case E2BIG ->
          "index %s is past the end: max_entries is %s"
              .formatted(
                  Integer.toUnsignedString(GuestBytes.u32(key)),
                  Integer.toUnsignedString(maxEntries));
      case EEXIST -> "BPF_NOEXIST, but every element of an array exists";
      default -> otherwise;
    };
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    long elem = elemAt(GuestBytes.u32(key));
    return elem == 0 ? null : valueOut(elem, spec().valueSize(), (flags & BPF_F_LOCK) != 0);
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    return GuestBytes.nextIndex(key, maxEntries);
  }
}
