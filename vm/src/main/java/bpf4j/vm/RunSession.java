package bpf4j.vm;

import bpf4j.maps.GuestMemory;
import bpf4j.maps.Rcu;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.helper.RunEnv;
import java.util.ArrayList;
import java.util.List;

/// One test run: the virtual CPU, and guest memory that lives as long as the run.
final class RunSession implements AutoCloseable {
  private final Collection collection;
  private final Program program;
  private final Tier tier;
  private final RunCtx rc;
  private final Rcu.Reader reader;
  private final RunEnv env;
  private final Executable executable;
  private final List<Long> allocations = new ArrayList<>();
  private long nanos;

  RunSession(Program program, TestRun run) {
    this.program = program;
    collection = program.collection();
    tier = program.resolve(run.tier());
    executable = program.executable(tier);
    env = new RunEnv(collection.machine(), program.type(), program.spec().attachType());
    reader = collection.machine().maps().rcu().register();
    long stack = allocate(RunCtx.STACK_BYTES, "stack");
    rc = new RunCtx(collection.machine().memory(), collection.codeSpace(tier), stack, run.cpu());
    rc.setHost(env);
    rc.setBudget(collection.budget());
  }

  long allocate(int size, String label) {
    long addr = collection.machine().memory().allocate(size, label);
    allocations.add(addr);
    return addr;
  }

  GuestMemory memory() {
    return collection.machine().memory();
  }

  RunEnv env() {
    return env;
  }

  RunCtx rc() {
    return rc;
  }

  /// The engine that has run the program last.
  Tier tier() {
    return program.engine(tier);
  }

  /// Runs `repeat` times and gives the last `r0`; the average time is in [#nanos].
  long run(long ctxAddr, int repeat) {
    int n = Math.max(repeat, 1);
    long r0 = 0;
    long start = System.nanoTime();
    for (int i = 0; i < n; i++) {
      reader.enter();
      try {
        r0 = rc.run(executable, ctxAddr);
      } finally {
        reader.exit();
      }
      fireTimers();
    }
    nanos = (System.nanoTime() - start) / n;
    return r0;
  }

  /// Runs the timers whose time has come.
  void fireTimers() {
    reader.enter();
    try {
      collection.machine().timers().fireDue(rc, env.kernel().nanos());
    } finally {
      reader.exit();
    }
  }

  long nanos() {
    return nanos;
  }

  @Override
  public void close() {
    reader.close();
    for (long addr : allocations) {
      collection.machine().memory().free(addr);
    }
  }
}
