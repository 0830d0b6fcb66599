package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.kernel.Task;
import java.nio.charset.StandardCharsets;

/// The current task and CPU.
final class TaskHelpers {
  private static final int TASK_COMM_LEN = 16;
  private static final int PIDNS_INFO_SIZE = 8;

  private TaskHelpers() {}

  static void register(HelperRegistry r) {
    r.add("get_smp_processor_id", (rc, _, _, _, _, _) -> rc.cpu());
    r.add("get_numa_node_id", (rc, _, _, _, _, _) -> RunEnv.of(rc).kernel().numaNode());
    r.add("get_current_pid_tgid", TaskHelpers::pidTgid);
    r.add("get_current_uid_gid", TaskHelpers::uidGid);
    r.add("get_current_comm", TaskHelpers::comm);
    r.add("get_current_cgroup_id", (rc, _, _, _, _, _) -> current(rc).cgroupId());
    r.add("get_ns_current_pid_tgid", TaskHelpers::nsPidTgid);
    r.add("get_attach_cookie", (rc, _, _, _, _, _) -> RunEnv.of(rc).cookie());
    r.add("send_signal", (_, _, _, _, _, _) -> Errno.EPERM.negated());
    r.add("send_signal_thread", (_, _, _, _, _, _) -> Errno.EPERM.negated());
  }

  private static Task current(RunCtx rc) {
    return RunEnv.of(rc).kernel().currentTask();
  }

  private static long pidTgid(RunCtx rc, long r1, long r2, long r3, long r4, long r5) {
    Task t = current(rc);
    return (long) t.tgid() << 32 | (t.pid() & 0xffff_ffffL);
  }

  private static long uidGid(RunCtx rc, long r1, long r2, long r3, long r4, long r5) {
    Task t = current(rc);
    return (long) t.gid() << 32 | (t.uid() & 0xffff_ffffL);
  }

  private static long comm(RunCtx rc, long buf, long size, long r3, long r4, long r5) {
    GuestMemory memory = rc.memory();
    byte[] name = current(rc).comm().getBytes(StandardCharsets.UTF_8);
    int room = (int) (size & 0xffff_ffffL);
    memory.fill(buf, room, 0);
    int length = Math.min(Math.min(name.length, TASK_COMM_LEN - 1), room - 1);
    memory.putBytes(buf, name, 0, Math.max(length, 0));
    return 0;
  }

  /// The virtual kernel has one pid namespace, whose device and inode are 0 and 1.
  private static long nsPidTgid(RunCtx rc, long dev, long ino, long info, long size, long r5) {
    GuestMemory memory = rc.memory();
    if ((int) size != PIDNS_INFO_SIZE || dev != (int) dev) {
      memory.fill(info, size & 0xffff_ffffL, 0);
      return Errno.EINVAL.negated();
    }
    Task t = current(rc);
    memory.putU32(info, t.pid());
    memory.putU32(info + 4, t.tgid());
    return 0;
  }
}
