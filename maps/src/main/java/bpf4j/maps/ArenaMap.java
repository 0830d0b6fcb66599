package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// ARENA: sparse memory that programs and user space share, handed out by pages.
///
/// The whole range is reserved in guest memory and resident only where used. A user address is the
/// base plus an offset; [MapLayout#DATA] holds the base's guest address. Source: linux-6.18
/// `arena.c`.
public final class ArenaMap extends BpfMap {
  public static final int PAGE_SIZE = MapLimits.PAGE_SIZE;

  private final long base;
  private final long pages;
  private final BitSet used = new BitSet();

  ArenaMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
    this.pages = MapCreateCheck.unsigned(spec.maxEntries());
    try {
      this.base = memory.allocate(pages * PAGE_SIZE, "arena " + MapTable.describe(spec));
    } catch (MapException e) {
      memory.free(descriptorAddr());
      throw e;
    }
    memory.putU32(descriptorAddr() + MapLayout.DATA, base);
  }

  /// Guest address of the arena's first page.
  public long base() {
    return base;
  }

  /// Bytes of the arena.
  public long size() {
    return pages * PAGE_SIZE;
  }

  /// Address of `count` pages that were free, or 0. With `addr` not 0 they begin there. Source:
  /// `bpf_arena_alloc_pages`.
  public synchronized long allocPages(long addr, long count) {
    if (count <= 0 || count > pages) {
      return 0;
    }
    int n = (int) count;
    int first;
    if (addr != 0) {
      long off = (addr & 0xffff_ffffL) - (base & 0xffff_ffffL);
      if (off < 0 || off % PAGE_SIZE != 0 || off / PAGE_SIZE + n > pages) {
        return 0;
      }
      first = (int) (off / PAGE_SIZE);
      int taken = used.nextSetBit(first);
      if (taken >= 0 && taken < first + n) {
        return 0;
      }
    } else {
      first = firstFit(n);
      if (first < 0) {
        return 0;
      }
    }
    used.set(first, first + n);
    return base + (long) first * PAGE_SIZE;
  }

  private int firstFit(int n) {
    for (int at = used.nextClearBit(0); at + (long) n <= pages; ) {
      int taken = used.nextSetBit(at);
      if (taken < 0 || taken >= at + n) {
        return at;
      }
      at = used.nextClearBit(taken);
    }
    return -1;
  }

  /// Gives pages back; their contents are gone. Source: `bpf_arena_free_pages`.
  public synchronized void freePages(long addr, long count) {
    long off = (addr & 0xffff_ffffL & -PAGE_SIZE) - (base & 0xffff_ffffL);
    if (off < 0 || off >= size() || count <= 0) {
      return;
    }
    int first = (int) (off / PAGE_SIZE);
    int end = (int) Math.min(pages, first + count);
    for (int i = used.nextSetBit(first); i >= 0 && i < end; i = used.nextSetBit(i + 1)) {
      memory.fill(base + (long) i * PAGE_SIZE, PAGE_SIZE, 0);
      used.clear(i);
    }
  }

  /// Whether the page that holds `addr` was handed out.
  public synchronized boolean isAllocated(long addr) {
    long off = (addr & 0xffff_ffffL) - (base & 0xffff_ffffL);
    return off >= 0 && off < size() && used.get((int) (off / PAGE_SIZE));
  }

  @Override
  public long directValueAddr() {
    return base;
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    throw refused(Errno.EINVAL, "an arena has no elements");
  }

  @Override
  public int updateElem(long keyAddr, long valueAddr, long flags, int cpu) {
    return Errno.EOPNOTSUPP.negated();
  }

  @Override
  public int deleteElem(long keyAddr, int cpu) {
    return Errno.EOPNOTSUPP.negated();
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    throw refused(Errno.EOPNOTSUPP, "an arena has no elements");
  }

  @Override
  long mmapSize() {
    return size();
  }

  @Override
  void destroy() {
    super.destroy();
    memory.free(base);
  }
}
