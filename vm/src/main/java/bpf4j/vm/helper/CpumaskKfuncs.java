package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.vm.engine.RunCtx;

/// CPU masks: `struct bpf_cpumask`, the bits of up to 64 virtual CPUs followed by a use count.
///
/// ```
///    0  bits   1024 bytes (8,192 CPUs)
/// 1024  usage  u32
/// ```
final class CpumaskKfuncs {
  private static final int BYTES = 1024;
  private static final int NR_CPUS = BYTES * 8;

  @FunctionalInterface
  private interface Combine {
    long apply(long a, long b);
  }

  private CpumaskKfuncs() {}

  static void register(KfuncRegistry r) {
    r.add("bpf_cpumask_create", CpumaskKfuncs::create);
    r.add("bpf_cpumask_acquire", CpumaskKfuncs::acquire);
    r.add("bpf_cpumask_release", CpumaskKfuncs::release);
    r.add("bpf_cpumask_first", (rc, m, _, _, _, _) -> first(rc, m, 0, 0, (a, _) -> a));
    r.add("bpf_cpumask_first_zero", (rc, m, _, _, _, _) -> first(rc, m, 0, 0, (a, _) -> ~a));
    r.add("bpf_cpumask_first_and", (rc, a, b, _, _, _) -> first(rc, a, b, 0, (x, y) -> x & y));
    r.add("bpf_cpumask_any_distribute", (rc, m, _, _, _, _) -> first(rc, m, 0, 0, (a, _) -> a));
    r.add(
        "bpf_cpumask_any_and_distribute",
        (rc, a, b, _, _, _) -> first(rc, a, b, 0, (x, y) -> x & y));
    r.add("bpf_cpumask_set_cpu", (rc, cpu, m, _, _, _) -> change(rc, cpu, m, 1) & 0);
    r.add("bpf_cpumask_clear_cpu", (rc, cpu, m, _, _, _) -> change(rc, cpu, m, 0) & 0);
    r.add("bpf_cpumask_test_cpu", (rc, cpu, m, _, _, _) -> change(rc, cpu, m, -1));
    r.add("bpf_cpumask_test_and_set_cpu", (rc, cpu, m, _, _, _) -> change(rc, cpu, m, 1));
    r.add("bpf_cpumask_test_and_clear_cpu", (rc, cpu, m, _, _, _) -> change(rc, cpu, m, 0));
    r.add("bpf_cpumask_setall", (rc, m, _, _, _, _) -> fill(rc, m, -1));
    r.add("bpf_cpumask_clear", (rc, m, _, _, _, _) -> fill(rc, m, 0));
    r.add("bpf_cpumask_and", (rc, d, a, b, _, _) -> combine(rc, d, a, b, (x, y) -> x & y));
    r.add("bpf_cpumask_or", (rc, d, a, b, _, _) -> combine(rc, d, a, b, (x, y) -> x | y));
    r.add("bpf_cpumask_xor", (rc, d, a, b, _, _) -> combine(rc, d, a, b, (x, y) -> x ^ y));
    r.add("bpf_cpumask_copy", (rc, d, a, _, _, _) -> combine(rc, d, a, a, (x, _) -> x));
    r.add("bpf_cpumask_equal", (rc, a, b, _, _, _) -> none(rc, a, b, (x, y) -> x ^ y));
    r.add("bpf_cpumask_subset", (rc, a, b, _, _, _) -> none(rc, a, b, (x, y) -> x & ~y));
    r.add("bpf_cpumask_intersects", (rc, a, b, _, _, _) -> 1 - none(rc, a, b, (x, y) -> x & y));
    r.add("bpf_cpumask_empty", (rc, a, _, _, _, _) -> none(rc, a, a, (x, _) -> x));
    r.add("bpf_cpumask_full", (rc, a, _, _, _, _) -> none(rc, a, a, (x, _) -> ~x));
    r.add("bpf_cpumask_weight", CpumaskKfuncs::weight);
  }

  private static int cpus(RunCtx rc) {
    return RunEnv.of(rc).machine().maps().possibleCpus();
  }

  /// The bits that stand for CPUs in word `word`.
  private static long valid(RunCtx rc, int word) {
    int bits = Math.min(Math.max(cpus(rc) - word * 64, 0), 64);
    return bits == 64 ? -1L : (1L << bits) - 1;
  }

  private static int words(RunCtx rc) {
    return (cpus(rc) + 63) / 64;
  }

  private static long create(RunCtx rc, long r1, long r2, long r3, long r4, long r5) {
    long mask = rc.memory().tryAllocate(BYTES + 8, "struct bpf_cpumask");
    if (mask != 0) {
      rc.memory().putU32(mask + BYTES, 1);
    }
    return mask;
  }

  private static long acquire(RunCtx rc, long mask, long r2, long r3, long r4, long r5) {
    Refcount.add(rc.memory(), mask + BYTES, 1);
    return mask;
  }

  private static long release(RunCtx rc, long mask, long r2, long r3, long r4, long r5) {
    if (Refcount.add(rc.memory(), mask + BYTES, -1) == 0) {
      rc.memory().free(mask);
    }
    return 0;
  }

  /// The first CPU from `from` whose combined bit is set, or the number of CPUs.
  private static long first(RunCtx rc, long a, long b, int from, Combine f) {
    GuestMemory m = rc.memory();
    for (int word = from; word < words(rc); word++) {
      long y = b == 0 ? 0 : m.getU64(b + word * 8L);
      long bits = f.apply(m.getU64(a + word * 8L), y) & valid(rc, word);
      if (bits != 0) {
        return word * 64L + Long.numberOfTrailingZeros(bits);
      }
    }
    return cpus(rc);
  }

  /// The old bit; `value` -1 leaves it.
  private static long change(RunCtx rc, long cpu, long mask, int value) {
    int n = (int) cpu;
    if (n < 0 || n >= cpus(rc) || n >= NR_CPUS) {
      return 0;
    }
    GuestMemory m = rc.memory();
    long at = mask + (n >> 6) * 8L;
    long bit = 1L << n;
    long old = m.getU64(at);
    if (value >= 0) {
      m.putU64(at, value == 1 ? old | bit : old & ~bit);
    }
    return (old & bit) != 0 ? 1 : 0;
  }

  private static long fill(RunCtx rc, long mask, long value) {
    for (int word = 0; word < words(rc); word++) {
      rc.memory().putU64(mask + word * 8L, value & valid(rc, word));
    }
    return 0;
  }

  private static long combine(RunCtx rc, long dst, long a, long b, Combine f) {
    GuestMemory m = rc.memory();
    long any = 0;
    for (int word = 0; word < words(rc); word++) {
      long bits = f.apply(m.getU64(a + word * 8L), m.getU64(b + word * 8L)) & valid(rc, word);
      m.putU64(dst + word * 8L, bits);
      any |= bits;
    }
    return any != 0 ? 1 : 0;
  }

  /// 1 when the combination is empty.
  private static long none(RunCtx rc, long a, long b, Combine f) {
    GuestMemory m = rc.memory();
    for (int word = 0; word < words(rc); word++) {
      long bits = f.apply(m.getU64(a + word * 8L), m.getU64(b + word * 8L));
      if ((bits & valid(rc, word)) != 0) {
        return 0;
      }
    }
    return 1;
  }

  private static long weight(RunCtx rc, long mask, long r2, long r3, long r4, long r5) {
    long count = 0;
    for (int word = 0; word < words(rc); word++) {
      count += Long.bitCount(rc.memory().getU64(mask + word * 8L) & valid(rc, word));
    }
    return count;
  }
}
