package bpf4j.maps;

import java.util.TreeMap;
import java.util.TreeSet;

/// Page-granular ranges of guest addresses: best fit, freed neighbours are joined. Not thread-safe.
final class PageHeap {
  static final long PAGE = 4096;

  private record Range(long size, long addr) implements Comparable<Range> {
    @Override
    public int compareTo(Range o) {
      int bySize = Long.compare(size, o.size);
      return bySize != 0 ? bySize : Long.compare(addr, o.addr);
    }
  }

  /// Ranges that were used before and are free: their memory is not zero.
  private final TreeMap<Long, Long> freeSizeByAddr = new TreeMap<>();

  private final TreeSet<Range> freeBySize = new TreeSet<>();
  private final long end;

  /// Everything from here on was never used: it is zero, and not resident.
  private long fresh;

  private long freshBefore;

  PageHeap(long start, long end) {
    this.fresh = start;
    this.end = end;
  }

  /// Address of `size` bytes (a multiple of the page) at a multiple of `align`, or -1.
  long take(long size, long align) {
    freshBefore = fresh;
    Range fit = freeBySize.ceiling(new Range(size, 0));
    while (fit != null) {
      long addr = alignUp(fit.addr, align);
      if (addr + size <= fit.addr + fit.size) {
        remove(fit);
        add(fit.addr, addr - fit.addr);
        add(addr + size, fit.addr + fit.size - addr - size);
        return addr;
      }
      fit = freeBySize.higher(fit);
    }
    long addr = alignUp(fresh, align);
    if (size > end - addr) {
      return -1;
    }
    long gap = fresh;
    fresh = addr + size;
    if (addr > gap) {
      give(gap, addr - gap);
    }
    return addr;
  }

  /// Whether the range taken last at `addr` may hold old contents.
  boolean wasUsed(long addr) {
    return addr < freshBefore;
  }

  void give(long addr, long size) {
    Long nextSize = freeSizeByAddr.get(addr + size);
    if (nextSize != null) {
      remove(new Range(nextSize, addr + size));
      size += nextSize;
    }
    var prev = freeSizeByAddr.lowerEntry(addr);
    if (prev != null && prev.getKey() + prev.getValue() == addr) {
      remove(new Range(prev.getValue(), prev.getKey()));
      size += prev.getValue();
      addr = prev.getKey();
    }
    add(addr, size);
  }

  private void add(long addr, long size) {
    if (size > 0) {
      freeSizeByAddr.put(addr, size);
      freeBySize.add(new Range(size, addr));
    }
  }

  private void remove(Range r) {
    freeBySize.remove(r);
    freeSizeByAddr.remove(r.addr);
  }

  static long alignUp(long n, long align) {
    return (n + align - 1) & -align;
  }
}
