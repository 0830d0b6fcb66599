package bpf4j.vm;

import static bpf4j.vm.TestRunOutput.invalid;

import bpf4j.model.spec.Errno;

/// Test runs of socket lookup programs. Source: linux-6.18 `bpf_prog_test_run_sk_lookup()`.
final class SkLookupTestRun implements TestRunner {
  /// `sizeof(struct bpf_sk_lookup)`.
  private static final int SIZE = 72;

  // Offsets in struct bpf_sk_lookup.
  private static final int FAMILY = 8;
  private static final int LOCAL_PORT = 60;

  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SK_DROP = 0;
  private static final int SK_PASS = 1;
  private static final int MAX_PORT = 0xffff;

  @Override
  public RunResult run(Program program, TestRun run) {
    if (run.flags() != 0 || run.batchSize() != 0 || run.dataIn() != null) {
      throw invalid("socket lookup programs take neither flags nor data_in");
    }
    byte[] ctx = TestRunOutput.context(run, SIZE);
    if (ctx == null) {
      throw invalid("socket lookup programs need ctx_in");
    }
    if (GuestWords.u32(ctx, 0) != 0 || GuestWords.u32(ctx, 4) != 0) {
      throw invalid("ctx_in: sk must be 0");
    }
    for (int i = LOCAL_PORT + 4; i < SIZE; i++) {
      if (ctx[i] != 0) {
        throw invalid("ctx_in: what follows local_port must be 0");
      }
    }
    if (Integer.compareUnsigned(GuestWords.u32(ctx, LOCAL_PORT), MAX_PORT) > 0) {
      throw new TestRunException(Errno.ERANGE, "ctx_in: local_port is at most 65535");
    }
    int family = GuestWords.u32(ctx, FAMILY) & 0xffff;
    if (family != AF_INET && family != AF_INET6) {
      throw new TestRunException(Errno.EAFNOSUPPORT, "ctx_in: family " + family);
    }
    try (RunSession session = new RunSession(program, run)) {
      long at = session.allocate(SIZE, "struct bpf_sk_lookup");
      session.memory().putBytes(at, ctx);
      int verdict = (int) session.run(at, run.repeat());
      boolean selected = verdict == SK_PASS && session.env().selectedSocket() != 0;
      long cookie =
          selected
              ? program.collection().machine().socks().cookieOf(session.env().selectedSocket())
              : 0;
      GuestWords.putU32(ctx, 0, (int) cookie);
      GuestWords.putU32(ctx, 4, (int) (cookie >>> 32));
      int result = verdict == SK_DROP ? SK_DROP : SK_PASS;
      return TestRunOutput.finish(run, result, new byte[0], ctx, session);
    }
  }
}
