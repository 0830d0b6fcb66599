package bpf4j.vm;

import bpf4j.model.spec.Errno;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Checks and copies that all test runs share. Source: linux-6.18 `bpf_ctx_init()`,
/// `bpf_test_finish()`, `bpf_ctx_finish()`.
final class TestRunOutput {
  private TestRunOutput() {}

  /// The context of `size` bytes that the caller gives, zero-padded; null when there is none. Bytes
  /// behind `size` must be zero (E2BIG).
  static byte @Nullable [] context(TestRun run, int size) {
    byte[] in = run.ctxIn();
    if (in == null) {
      return run.wantCtxOut() ? new byte[size] : null;
    }
    for (int i = size; i < in.length; i++) {
      if (in[i] != 0) {
        throw new TestRunException(
            Errno.E2BIG, "ctx_in has %d bytes, and byte %d is not zero".formatted(in.length, i));
      }
    }
    return Arrays.copyOf(in, size);
  }

  static RunResult finish(
      TestRun run, long r0, byte[] data, byte @Nullable [] ctx, RunSession session) {
    Errno errno = null;
    byte[] dataOut = data;
    // A size of 0 gives no hint, as in the kernel: everything is copied.
    if (run.dataOutSize() > 0 && run.dataOutSize() < data.length) {
      dataOut = Arrays.copyOf(data, run.dataOutSize());
      errno = Errno.ENOSPC;
    }
    byte[] ctxOut = null;
    if (errno == null && ctx != null && run.wantCtxOut()) {
      ctxOut = ctx;
      if (run.ctxOutSize() >= 0 && run.ctxOutSize() < ctx.length) {
        ctxOut = Arrays.copyOf(ctx, run.ctxOutSize());
        errno = Errno.ENOSPC;
      }
    }
    return new RunResult(
        (int) r0, dataOut, data.length, ctxOut, session.nanos(), session.tier(), errno);
  }

  static TestRunException invalid(String why) {
    return new TestRunException(Errno.EINVAL, why);
  }
}
