package bpf4j.vm;

import org.jspecify.annotations.Nullable;

/// The arguments of one `BPF_PROG_TEST_RUN`.
///
/// @param dataIn the packet, or null for none
/// @param dataOutSize room for the packet afterwards (`data_size_out`), or -1 for as much as it
///   takes
/// @param ctxIn the context, or null for none
/// @param ctxOutSize room for the context afterwards, or -1 for as much as it takes
/// @param wantCtxOut whether the context is wanted afterwards
/// @param repeat how often to run; 0 counts as 1
/// @param flags bits of `BPF_F_TEST_*`
/// @param cpu number of the virtual CPU
public record TestRun(
    byte @Nullable [] dataIn,
    int dataOutSize,
    byte @Nullable [] ctxIn,
    int ctxOutSize,
    boolean wantCtxOut,
    int repeat,
    int flags,
    int cpu,
    int batchSize,
    Tier tier) {

  /// `BPF_F_TEST_RUN_ON_CPU`.
  public static final int F_RUN_ON_CPU = 1;

  /// `BPF_F_TEST_XDP_LIVE_FRAMES`.
  public static final int F_XDP_LIVE_FRAMES = 1 << 1;

  /// `BPF_F_TEST_SKB_CHECKSUM_COMPLETE`.
  public static final int F_SKB_CHECKSUM_COMPLETE = 1 << 2;

  /// Without packet or context, once, on CPU 0.
  public static final TestRun EMPTY = new TestRun(null, -1, null, -1, false, 1, 0, 0, 0, Tier.AUTO);

  /// With a packet.
  public static TestRun of(byte[] packet) {
    return EMPTY.withData(packet);
  }

  public TestRun withData(byte @Nullable [] packet) {
    return new TestRun(
        packet, dataOutSize, ctxIn, ctxOutSize, wantCtxOut, repeat, flags, cpu, batchSize, tier);
  }

  public TestRun withDataOutSize(int size) {
    return new TestRun(
        dataIn, size, ctxIn, ctxOutSize, wantCtxOut, repeat, flags, cpu, batchSize, tier);
  }

  /// With a context, which is wanted back.
  public TestRun withCtx(byte @Nullable [] ctx) {
    return new TestRun(
        dataIn, dataOutSize, ctx, ctxOutSize, ctx != null, repeat, flags, cpu, batchSize, tier);
  }

  /// With the context wanted afterwards, even when none is given.
  public TestRun withCtxOut() {
    return new TestRun(
        dataIn, dataOutSize, ctxIn, ctxOutSize, true, repeat, flags, cpu, batchSize, tier);
  }

  public TestRun withCtxOutSize(int size) {
    return new TestRun(
        dataIn, dataOutSize, ctxIn, size, wantCtxOut, repeat, flags, cpu, batchSize, tier);
  }

  public TestRun withRepeat(int times) {
    return new TestRun(
        dataIn, dataOutSize, ctxIn, ctxOutSize, wantCtxOut, times, flags, cpu, batchSize, tier);
  }

  public TestRun withFlags(int bits) {
    return new TestRun(
        dataIn, dataOutSize, ctxIn, ctxOutSize, wantCtxOut, repeat, bits, cpu, batchSize, tier);
  }

  /// On virtual CPU `number`; the kernel knows this for raw tracepoints only, here it is for all.
  public TestRun withCpu(int number) {
    return new TestRun(
        dataIn, dataOutSize, ctxIn, ctxOutSize, wantCtxOut, repeat, flags, number, batchSize, tier);
  }

  public TestRun withTier(Tier newTier) {
    return new TestRun(
        dataIn, dataOutSize, ctxIn, ctxOutSize, wantCtxOut, repeat, flags, cpu, batchSize, newTier);
  }
}
