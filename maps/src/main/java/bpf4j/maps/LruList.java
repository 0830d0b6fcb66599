package bpf4j.maps;

import java.util.Arrays;
import java.util.function.IntPredicate;

/// Which element of an LRU map is used next.
///
/// Two arrangements, as in the kernel: one list for all CPUs, with elements handed to the CPUs in
/// batches and held back for a while in a pending list; or (`BPF_F_NO_COMMON_LRU`) a list for each
/// CPU with an equal share of the elements. Source: linux-6.18 `bpf_lru_list.c`.
final class LruList {
  private static final int PENDING = 3;
  private static final int LARGEST_BATCH = 128;
  private static final int PERCPU_BATCH = 4;

  /// What one CPU holds for itself.
  private final class Local {
    final LruQueue pending = new LruQueue(memory, PENDING);
    int[] free = new int[8];
    int freeCount;
    int nextSteal;

    /// Elements never used yet of this CPU's share (per-CPU lists only).
    long unused;

    void push(int elem) {
      if (freeCount == free.length) {
        free = Arrays.copyOf(free, freeCount * 2);
      }
      free[freeCount++] = elem;
    }

    int pop() {
      return freeCount > 0 ? free[--freeCount] : 0;
    }
  }

  private final GuestMemory memory;
  private final ElementPool pool;
  private final boolean common;
  private final LruGeneration[] lists;
  private final Local[] locals;
  private final int batch;
  private final IntPredicate unlink;
  private final SpinLocks lock = new SpinLocks(1, 1);

  LruList(
      GuestMemory memory,
      ElementPool pool,
      boolean common,
      int cpus,
      long elems,
      IntPredicate unlink) {
    this.memory = memory;
    this.pool = pool;
    this.common = common;
    this.unlink = unlink;
    this.batch = Math.clamp(elems / cpus / 2, 1, LARGEST_BATCH);
    this.lists = new LruGeneration[common ? 1 : cpus];
    for (int i = 0; i < lists.length; i++) {
      lists[i] = new LruGeneration(memory, common ? LARGEST_BATCH : PERCPU_BATCH, unlink);
    }
    this.locals = new Local[cpus];
    for (int i = 0; i < cpus; i++) {
      locals[i] = new Local();
      locals[i].nextSteal = i;
      locals[i].unused = elems / cpus;
    }
  }

  /// An element in no bucket for CPU `cpu`, taken from another key if need be, or 0. Takes bucket
  /// locks, so the caller holds none.
  int take(int cpu) {
    int at = Math.floorMod(cpu, locals.length);
    lock.lock(0);
    try {
      return common ? takeCommon(at) : takePercpu(at);
    } finally {
      lock.unlock(0);
    }
  }

  private int takePercpu(int cpu) {
    LruGeneration list = lists[cpu];
    Local local = locals[cpu];
    list.rotate();
    if (local.freeCount == 0 && local.unused == 0) {
      list.shrink(PERCPU_BATCH, local::push);
    }
    int elem = local.pop();
    if (elem == 0 && local.unused > 0) {
      local.unused--;
      elem = pool.take();
    }
    if (elem != 0) {
      setCpu(elem, cpu);
      list.addInactive(elem);
    }
    return elem;
  }

  private int takeCommon(int cpu) {
    Local local = locals[cpu];
    int elem = local.pop();
    if (elem == 0) {
      refill(local);
      elem = local.pop();
    }
    if (elem == 0) {
      elem = steal(local);
    }
    if (elem != 0) {
      setCpu(elem, cpu);
      memory.putU32(Integer.toUnsignedLong(elem) + HashLayout.LRU_REF, 0);
      local.pending.pushFront(elem);
    }
    return elem;
  }

  private void refill(Local local) {
    LruGeneration list = lists[0];
    for (int elem = local.pending.back(); elem != 0; elem = local.pending.back()) {
      local.pending.remove(elem);
      if (isRef(elem)) {
        list.addActive(elem);
      } else {
        list.addInactive(elem);
      }
    }
    list.rotate();
    int got = 0;
    for (int elem = -1; got < batch; got++) {
      elem = pool.take();
      if (elem == 0) {
        break;
      }
      local.push(elem);
    }
    if (got < batch) {
      list.shrink(batch - got, local::push);
    }
  }

  private int steal(Local thief) {
    int first = thief.nextSteal;
    int from = first;
    int elem;
    do {
      elem = locals[from].pop();
      if (elem == 0) {
        elem = takePending(locals[from].pending);
      }
      from = (from + 1) % locals.length;
    } while (elem == 0 && from != first);
    thief.nextSteal = from;
    return elem;
  }

  private int takePending(LruQueue pending) {
    for (int pass = 0; pass < 2; pass++) {
      for (int elem = pending.back(); elem != 0; elem = pending.younger(elem)) {
        if ((pass == 1 || !isRef(elem)) && unlink.test(elem)) {
          pending.remove(elem);
          return elem;
        }
      }
    }
    return 0;
  }

  /// An element that is out of its bucket, or never came into one, is free.
  void give(int elem) {
    lock.lock(0);
    try {
      long addr = Integer.toUnsignedLong(elem);
      int cpu = (int) memory.getU16(addr + HashLayout.LRU_LIST + 2);
      Local local = locals[cpu % locals.length];
      boolean pending = memory.getU8(addr + HashLayout.LRU_LIST) == PENDING;
      memory.putU32(addr + HashLayout.LRU_REF, 0);
      if (pending) {
        local.pending.remove(elem);
        local.push(elem);
      } else if (!common) {
        lists[cpu % lists.length].remove(elem);
        local.push(elem);
      } else {
        lists[0].remove(elem);
        pool.give(elem);
      }
    } finally {
      lock.unlock(0);
    }
  }

  private void setCpu(int elem, int cpu) {
    memory.putU16(Integer.toUnsignedLong(elem) + HashLayout.LRU_LIST + 2, cpu);
  }

  private boolean isRef(int elem) {
    return memory.getU32(Integer.toUnsignedLong(elem) + HashLayout.LRU_REF) != 0;
  }
}
