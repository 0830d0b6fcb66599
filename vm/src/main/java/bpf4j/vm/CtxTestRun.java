package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;

/// Runs of programs whose context the caller gives as bytes: what `BPF_PROG_TEST_RUN` does for
/// `syscall` and `raw_tracepoint`, and the same for types that the kernel cannot test-run.
///
/// Source: linux-6.18 `bpf_prog_test_run_syscall()` and `bpf_prog_test_run_raw_tp()`.
final class CtxTestRun implements TestRunner {
  private static final int MAX_SYSCALL_CTX = 0xffff;
  private static final int MAX_RAW_TP_CTX = 12 * 8;

  /// At least so much context memory is there, so that a program without `ctx_in` reads zeros.
  private static final int MIN_ROOM = 512;

  @Override
  public RunResult run(Program program, TestRun run) {
    byte[] ctx = run.ctxIn() == null ? new byte[0] : run.ctxIn();
    boolean syscall = program.type() == ProgType.SYSCALL;
    boolean rawTp = program.type() == ProgType.RAW_TRACEPOINT;
    if (syscall || rawTp) {
      check(program, run, ctx, syscall ? MAX_SYSCALL_CTX : MAX_RAW_TP_CTX);
    }
    if (syscall && run.flags() != 0) {
      throw invalid("syscall programs take no flags");
    }
    int cpus = program.collection().machine().maps().possibleCpus();
    if (run.cpu() < 0 || run.cpu() >= cpus) {
      throw new TestRunException(Errno.ENXIO, "no CPU " + run.cpu());
    }
    try (RunSession session = new RunSession(program, run)) {
      long at = session.allocate(Math.max(ctx.length, MIN_ROOM), "ctx");
      session.memory().putBytes(at, ctx);
      long r0 = session.run(at, run.repeat());
      byte[] out = session.memory().getBytes(at, ctx.length);
      RunResult result = TestRunOutput.finish(run, r0, new byte[0], out, session);
      if (rawTp) {
        return new RunResult(
            result.retval(), result.dataOut(), 0, null, 0, result.tier(), result.errno());
      }
      return result;
    }
  }

  private static void check(Program program, TestRun run, byte[] ctx, int max) {
    if (run.dataIn() != null || run.batchSize() != 0 || run.repeat() > 1) {
      throw invalid(program.type() + " programs take neither data_in nor repeat nor batch_size");
    }
    if (ctx.length > max) {
      throw invalid("ctx_in has %d bytes; the most is %d".formatted(ctx.length, max));
    }
  }
}
