package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.model.spec.AttachType;
import java.util.Map;

/// Test runs of tracing programs: they run at the kernel's test functions, as if attached there; at
/// any other function their arguments are the words of `ctx_in`. Source: linux-6.18
/// `bpf_prog_test_run_tracing()`.
final class TracingTestRun implements TestRunner {
  /// Arguments of the test functions, and at the end what they return.
  private static final Map<String, long[]> FUNCTIONS =
      Map.ofEntries(
          Map.entry("bpf_fentry_test1", new long[] {1, 2}),
          Map.entry("bpf_fentry_test2", new long[] {2, 3, 5}),
          Map.entry("bpf_fentry_test3", new long[] {4, 5, 6, 15}),
          Map.entry("bpf_fentry_test4", new long[] {7, 8, 9, 10, 34}),
          Map.entry("bpf_fentry_test5", new long[] {11, 12, 13, 14, 15, 65}),
          Map.entry("bpf_fentry_test6", new long[] {16, 17, 18, 19, 20, 21, 111}),
          Map.entry("bpf_fentry_test7", new long[] {0, 0}),
          Map.entry("bpf_fentry_test8", new long[] {0, 0}),
          Map.entry("bpf_fentry_test9", new long[] {0, 0}),
          Map.entry("bpf_fentry_test10", new long[] {0, 0}));

  private static final String MODIFY_RETURN = "bpf_modify_return_test";
  private static final long MODIFY_RETURN_RESULT = 4;
  private static final long MODIFY_RETURN_2_RESULT = 29;

  @Override
  public RunResult run(Program program, TestRun run) {
    if (run.flags() != 0 || run.batchSize() != 0) {
      throw invalid("tracing programs take no flags");
    }
    AttachType attach = program.spec().attachType();
    String function = program.spec().attachTo();
    if (attach == AttachType.MODIFY_RETURN && function != null) {
      return modifyReturn(program, run, function);
    }
    long[] args = function == null ? null : FUNCTIONS.get(function);
    boolean traces = attach == AttachType.TRACE_FENTRY || attach == AttachType.TRACE_FEXIT;
    if (!traces || args == null) {
      return new CtxTestRun().run(program, run);
    }
    try (RunSession session = new RunSession(program, run)) {
      session.env().setFunctionArgs(args.length - 1);
      long[] words = args.clone();
      if ("bpf_fentry_test8".equals(function) || "bpf_fentry_test9".equals(function)) {
        words[0] = session.allocate(16, "argument of " + function);
      }
      session.run(words(session, words), run.repeat());
      return TestRunOutput.finish(run, 0, new byte[0], null, session);
    }
  }

  private static long words(RunSession session, long[] words) {
    long at = session.allocate(words.length * 8, "arguments");
    for (int i = 0; i < words.length; i++) {
      session.memory().putU64(at + i * 8L, words[i]);
    }
    return at;
  }

  /// The program's result replaces the function's when it is not 0.
  private static RunResult modifyReturn(Program program, TestRun run, String function) {
    boolean second = function.equals(MODIFY_RETURN + "2");
    if (!second && !function.equals(MODIFY_RETURN)) {
      return new CtxTestRun().run(program, run);
    }
    try (RunSession session = new RunSession(program, run)) {
      long b = session.allocate(8, "argument of " + function);
      session.memory().putU32(b, 2);
      long[] args = second ? new long[] {1, b, 3, 4, 5, 6, 7, 0} : new long[] {1, b, 0};
      session.env().setFunctionArgs(args.length - 1);
      long r0 = (int) session.run(words(session, args), run.repeat());
      int sideEffects = r0 == 0 ? 2 : 1;
      long own = r0 != 0 ? r0 : second ? MODIFY_RETURN_2_RESULT : MODIFY_RETURN_RESULT;
      long other = second ? MODIFY_RETURN_RESULT : MODIFY_RETURN_2_RESULT;
      long retval = (long) sideEffects << 16 | (own + other & 0xffff);
      return TestRunOutput.finish(run, retval, new byte[0], null, session);
    }
  }
}
