package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Critical sections. A run is not preempted and has no interrupts, so most do nothing; locks are
/// taken, because runs on several virtual CPUs may be under way.
final class SectionKfuncs {
  private static final int SPINS = 1 << 20;

  private SectionKfuncs() {}

  static void register(HelperRegistry r) {
    r.add("spin_lock", (rc, lock, _, _, _, _) -> lock(rc, lock, true));
    r.add("spin_unlock", SectionKfuncs::unlock);
  }

  static void register(KfuncRegistry r) {
    for (String name :
        new String[] {
          "bpf_rcu_read_lock", "bpf_rcu_read_unlock", "bpf_preempt_disable", "bpf_preempt_enable"
        }) {
      r.add(name, (_, _, _, _, _, _) -> 0);
    }
    r.add("bpf_local_irq_save", SectionKfuncs::saveFlags);
    r.add("bpf_local_irq_restore", (_, _, _, _, _, _) -> 0);
    r.add("bpf_res_spin_lock", (rc, lock, _, _, _, _) -> lock(rc, lock, false));
    r.add("bpf_res_spin_unlock", SectionKfuncs::unlock);
    r.add("bpf_res_spin_lock_irqsave", SectionKfuncs::lockSaving);
    r.add("bpf_res_spin_unlock_irqrestore", SectionKfuncs::unlock);
  }

  private static long saveFlags(RunCtx rc, long flags, long r2, long r3, long r4, long r5) {
    rc.memory().putU64(flags, 0x200); // the interrupt flag of x86
    return 0;
  }

  private static long lockSaving(RunCtx rc, long lock, long flags, long r3, long r4, long r5) {
    long result = lock(rc, lock, false);
    if (result == 0) {
      rc.memory().putU64(flags, 0x200);
    }
    return result;
  }

  /// Waits for the lock. A resilient lock that stays taken gives EDEADLK when this CPU holds it,
  /// ETIMEDOUT otherwise.
  private static long lock(RunCtx rc, long lock, boolean forever) {
    GuestMemory m = rc.memory();
    int own = rc.cpu() + 1;
    for (int spins = 0; ; spins++) {
      int holder =
          (int)
              GuestMemory.ATOMIC32.compareAndExchangeAcquire(m.segment(), lock & m.mask(), 0, own);
      if (holder == 0) {
        return 0;
      }
      if (!forever && holder == own) {
        return Errno.EDEADLK.negated();
      }
      if (spins > SPINS) {
        if (!forever) {
          return Errno.ETIMEDOUT.negated();
        }
        spins = 0;
        rc.nextSlice(0);
      }
      Thread.onSpinWait();
    }
  }

  private static long unlock(RunCtx rc, long lock, long r2, long r3, long r4, long r5) {
    GuestMemory m = rc.memory();
    GuestMemory.ATOMIC32.setRelease(m.segment(), lock & m.mask(), 0);
    return 0;
  }
}
