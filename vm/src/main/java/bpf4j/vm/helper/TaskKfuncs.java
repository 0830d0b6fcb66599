package bpf4j.vm.helper;

import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.kernel.Task;

/// Tasks and cgroups of the virtual kernel, which has one of each.
final class TaskKfuncs {
  private TaskKfuncs() {}

  static void register(KfuncRegistry r) {
    r.add("bpf_task_acquire", (_, task, _, _, _, _) -> task);
    r.add("bpf_task_release", (_, _, _, _, _, _) -> 0);
    r.add("bpf_task_from_pid", (rc, pid, _, _, _, _) -> byPid(rc, (int) pid));
    r.add("bpf_task_from_vpid", (rc, pid, _, _, _, _) -> byPid(rc, (int) pid));
    r.add("bpf_cgroup_acquire", (_, cgroup, _, _, _, _) -> cgroup);
    r.add("bpf_cgroup_release", (_, _, _, _, _, _) -> 0);
    r.add("bpf_cgroup_from_id", TaskKfuncs::cgroupById);
    r.add("bpf_cgroup_ancestor", (_, cgroup, level, _, _, _) -> (int) level == 0 ? cgroup : 0);
    r.add("bpf_task_get_cgroup1", (_, _, _, _, _, _) -> 0);
    r.add("bpf_task_under_cgroup", (_, _, _, _, _, _) -> 1);
    r.add("bpf_get_task_exe_file", (_, _, _, _, _, _) -> 0);
    r.add("bpf_put_file", (_, _, _, _, _, _) -> 0);
  }

  private static long byPid(RunCtx rc, int pid) {
    Task t = RunEnv.of(rc).kernel().currentTask();
    return t.pid() == pid ? CurrentHelpers.currentTask(rc) : 0;
  }

  private static long cgroupById(RunCtx rc, long id, long r2, long r3, long r4, long r5) {
    RunEnv env = RunEnv.of(rc);
    return env.kernel().currentTask().cgroupId() == id
        ? env.machine().kernelMemory().of("cgroup", "cgroup " + id)
        : 0;
  }
}
