package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;

/// Reading memory that may not be there. Kernel and user space are both guest memory here.
final class MemoryHelpers {
  private MemoryHelpers() {}

  static void register(HelperRegistry r) {
    r.add("probe_read", MemoryHelpers::probeRead);
    r.add("probe_read_kernel", MemoryHelpers::probeRead);
    r.add("probe_read_user", MemoryHelpers::probeRead);
    r.add("probe_read_str", MemoryHelpers::probeReadStr);
    r.add("probe_read_kernel_str", MemoryHelpers::probeReadStr);
    r.add("probe_read_user_str", MemoryHelpers::probeReadStr);
    r.add("probe_write_user", MemoryHelpers::probeWrite);
    r.add("copy_from_user", MemoryHelpers::copyFromUser);
    r.add("copy_from_user_task", MemoryHelpers::copyFromUserTask);
    r.add("per_cpu_ptr", (_, ptr, _, _, _, _) -> ptr);
    r.add("this_cpu_ptr", (_, ptr, _, _, _, _) -> ptr);
  }

  private static long probeRead(RunCtx rc, long dst, long size, long from, long r4, long r5) {
    int n = (int) size;
    if (n == 0) {
      return 0;
    }
    GuestMemory memory = rc.memory();
    if (!RunEnv.of(rc).isReadable(from, n)) {
      memory.fill(dst, n, 0);
      return Errno.EFAULT.negated();
    }
    memory.copy(dst, from, n);
    return 0;
  }

  /// Bytes copied with the closing NUL, or a negated errno.
  private static long probeReadStr(RunCtx rc, long dst, long size, long from, long r4, long r5) {
    int n = (int) size;
    if (n == 0) {
      return 0;
    }
    RunEnv env = RunEnv.of(rc);
    GuestMemory memory = rc.memory();
    GuestMemory.Allocation a = (from & ~memory.mask()) == 0 ? memory.allocationAt(from) : null;
    if (a == null || !a.live() || !env.isReadable(from, 1)) {
      memory.fill(dst, n, 0);
      return Errno.EFAULT.negated();
    }
    long end = a.addr() + a.size();
    for (int i = 0; i < n; i++) {
      if (from + i >= end) {
        memory.fill(dst, n, 0);
        return Errno.EFAULT.negated();
      }
      long c = memory.getU8(from + i);
      memory.putU8(dst + i, c);
      if (c == 0) {
        return i + 1L;
      }
    }
    memory.putU8(dst + n - 1, 0);
    return n;
  }

  private static long probeWrite(RunCtx rc, long dst, long src, long size, long r4, long r5) {
    if (!RunEnv.of(rc).isReadable(dst, (int) size)) {
      return Errno.EFAULT.negated();
    }
    rc.memory().copy(dst, src, (int) size);
    return 0;
  }

  private static long copyFromUser(RunCtx rc, long dst, long size, long from, long r4, long r5) {
    return probeRead(rc, dst, size, from, 0, 0);
  }

  private static long copyFromUserTask(
      RunCtx rc, long dst, long size, long from, long task, long flags) {
    return flags != 0 ? Errno.EINVAL.negated() : probeRead(rc, dst, size, from, 0, 0);
  }
}
