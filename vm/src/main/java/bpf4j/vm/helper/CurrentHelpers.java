package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.kernel.Task;

/// The current task as a kernel structure, and what tracing programs ask about their event.
final class CurrentHelpers {
  /// What the virtual kernel's only stack frame shows: the start of the kernel's text.
  private static final long KERNEL_TEXT = 0xffff_ffff_8100_0000L;

  private static final long STACK_FLAGS = 0x1fff;
  private static final long F_USER_STACK = 1 << 8;

  private CurrentHelpers() {}

  static void register(HelperRegistry r) {
    r.add("get_current_task", (rc, _, _, _, _, _) -> currentTask(rc));
    r.add("get_current_task_btf", (rc, _, _, _, _, _) -> currentTask(rc));
    r.add("task_pt_regs", (rc, task, _, _, _, _) -> registers(rc, task));
    r.add("get_current_ancestor_cgroup_id", CurrentHelpers::ancestor);
    r.add("get_stack", (rc, _, buf, size, flags, _) -> stack(rc, buf, size, flags));
    r.add("get_task_stack", (rc, _, buf, size, flags, _) -> stack(rc, buf, size, flags));
    r.add("get_func_ip", (_, _, _, _, _, _) -> KERNEL_TEXT);
    r.add("get_func_arg", CurrentHelpers::argument);
    r.add("get_func_ret", CurrentHelpers::returned);
    r.add("get_func_arg_cnt", (rc, _, _, _, _, _) -> RunEnv.of(rc).functionArgs());
    r.add("get_retval", (rc, _, _, _, _, _) -> RunEnv.of(rc).retval());
    r.add("set_retval", CurrentHelpers::setRetval);
    r.add("override_return", (rc, _, value, _, _, _) -> setRetval(rc, value, 0, 0, 0, 0));
    r.add("read_branch_records", (_, _, _, _, _, _) -> Errno.ENOENT.negated());
    r.add("get_branch_snapshot", (_, _, _, _, _, _) -> Errno.ENOENT.negated());
    r.add("perf_prog_read_value", CurrentHelpers::noCounter);
    r.add("find_vma", (_, _, _, _, _, _) -> Errno.ENOENT.negated());
    r.add("kallsyms_lookup_name", CurrentHelpers::noSymbol);
    r.add("btf_find_by_name_kind", CurrentHelpers::findType);
    r.add("seq_write", CurrentHelpers::seqWrite);
    r.add("seq_printf", CurrentHelpers::seqPrintf);
  }

  static long currentTask(RunCtx rc) {
    RunEnv env = RunEnv.of(rc);
    Task t = env.kernel().currentTask();
    KernelMemory kernel = env.machine().kernelMemory();
    long task = kernel.of("task_struct", "task " + t.pid());
    kernel.put(task, "task_struct", "pid", t.pid());
    kernel.put(task, "task_struct", "tgid", t.tgid());
    kernel.put(task, "task_struct", "usage", 1);
    kernel.put(task, "task_struct", "group_leader", task);
    kernel.put(task, "task_struct", "real_parent", task);
    kernel.put(task, "task_struct", "parent", task);
    kernel.putText(task, "task_struct", "comm", t.comm());
    return task;
  }

  private static long registers(RunCtx rc, long task) {
    return RunEnv.of(rc).machine().kernelMemory().of("pt_regs", "registers of " + task);
  }

  private static long ancestor(RunCtx rc, long level, long r2, long r3, long r4, long r5) {
    return (int) level == 0 ? RunEnv.of(rc).kernel().currentTask().cgroupId() : 0;
  }

  /// Bytes written, or a negated errno. User stacks are empty.
  private static long stack(RunCtx rc, long buf, long size, long flags) {
    GuestMemory m = rc.memory();
    int n = (int) size;
    if ((flags & ~STACK_FLAGS) != 0 || n % 8 != 0) {
      m.fill(buf, Math.max(n, 0), 0);
      return Errno.EINVAL.negated();
    }
    m.fill(buf, n, 0);
    boolean empty = (flags & F_USER_STACK) != 0 || (flags & 0xff) > 0 || n == 0;
    if (empty) {
      return (flags & F_USER_STACK) != 0 ? Errno.EFAULT.negated() : 0;
    }
    m.putU64(buf, KERNEL_TEXT);
    return 8;
  }

  private static long argument(RunCtx rc, long ctx, long n, long value, long r4, long r5) {
    if (Integer.compareUnsigned((int) n, RunEnv.of(rc).functionArgs()) >= 0) {
      return Errno.EINVAL.negated();
    }
    rc.memory().putU64(value, rc.memory().getU64(ctx + (int) n * 8L));
    return 0;
  }

  private static long returned(RunCtx rc, long ctx, long value, long r3, long r4, long r5) {
    rc.memory().putU64(value, rc.memory().getU64(ctx + RunEnv.of(rc).functionArgs() * 8L));
    return 0;
  }

  private static long setRetval(RunCtx rc, long value, long r2, long r3, long r4, long r5) {
    RunEnv.of(rc).setRetval((int) value);
    return 0;
  }

  private static long noCounter(RunCtx rc, long ctx, long buf, long size, long r4, long r5) {
    rc.memory().fill(buf, (int) size, 0);
    return Errno.EINVAL.negated();
  }

  private static long noSymbol(RunCtx rc, long name, long size, long flags, long result, long r5) {
    rc.memory().putU64(result, 0);
    return flags != 0 ? Errno.EINVAL.negated() : Errno.ENOENT.negated();
  }

  private static long findType(RunCtx rc, long name, long size, long kind, long flags, long r5) {
    int n = (int) size;
    if (flags != 0 || n <= 1 || rc.memory().getU8(name + n - 1) != 0) {
      return Errno.EINVAL.negated();
    }
    RunEnv env = RunEnv.of(rc);
    Btf btf = env.machine().kernelBtf();
    byte[] bytes = rc.memory().getBytes(name, n - 1);
    String text = new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    int wanted = (int) kind;
    if (btf == null || wanted <= 0 || wanted >= BtfKind.values().length) {
      return Errno.ENOENT.negated();
    }
    int id = btf.find(text, BtfKind.values()[wanted]);
    return id > 0 ? id : Errno.ENOENT.negated();
  }

  private static long seqWrite(RunCtx rc, long seq, long data, long size, long r4, long r5) {
    RunEnv.of(rc).print(rc.memory().getBytes(data, (int) size));
    return 0;
  }

  private static long seqPrintf(
      RunCtx rc, long seq, long format, long size, long data, long dataSize) {
    RunEnv env = RunEnv.of(rc);
    long[] args = TraceHelpers.arguments(rc.memory(), data, dataSize & 0xffff_ffffL);
    if (args == null) {
      return Errno.EINVAL.negated();
    }
    try {
      String text = Bprintf.print(env, rc.memory().getBytes(format, (int) size), args);
      env.print(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
      return 0;
    } catch (Bprintf.FormatException e) {
      return e.errno().negated();
    }
  }
}
