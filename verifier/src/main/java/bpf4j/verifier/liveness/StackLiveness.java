package bpf4j.verifier.liveness;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Learns during symbolic execution which stack slots each instruction reads and writes, and
/// answers which slots may still be read later. States that differ only in slots that are not alive
/// are equal.
///
/// How it is used, for each instruction that is executed:
///
/// 1. [#beginInsn] forgets the writes of the last one;
/// 2. [#markRead] and [#markWrite] while the instruction is checked;
/// 3. [#commitWrites] when it is done.
///
/// When a path ends, [#update] solves the equations again; before states are compared, [#query]
/// chooses the place and [#isAlive] answers. The caller tells with [#setFrames] where it is
/// whenever its frames change.
///
/// Sound because marks only ever make more slots alive: reads accumulate over all executions, and a
/// write counts only while every execution of the instruction makes it. A path that has not reached
/// an instruction yet is covered because its states are compared with loops' exact comparison until
/// it has ended.
///
/// Source: linux-6.18 liveness.c.
public final class StackLiveness {
  private static final int MAX_FRAMES = 8;

  private final Flow flow;
  private final @Nullable Consumer<String> log;
  private final Map<CallChain, Instance> instances = new HashMap<>();
  private final long[] written = new long[MAX_FRAMES];
  private int insnIdx;
  private int[] sites = new int[1];
  private @Nullable Instance current;

  private final Instance[] queried = new Instance[MAX_FRAMES];
  private int queriedFrame;
  private int queriedInsnIdx;

  /// @param log takes the lines of log level 2, or null at another level
  public StackLiveness(Flow flow, @Nullable Consumer<String> log) {
    this.flow = flow;
    this.log = log;
  }

  /// Tells where execution is: `sites[i]` is the call instruction that frame `i` is in, and the
  /// last element is the start of the current frame's subprogram. The array is not kept.
  public void setFrames(int... sites) {
    if (current == null || !Arrays.equals(this.sites, sites)) {
      this.sites = sites.clone();
      current = null;
    }
  }

  /// Starts an instruction of the current frame.
  public void beginInsn(int insnIdx) {
    this.insnIdx = insnIdx;
    Arrays.fill(written, 0);
  }

  /// The instruction at `insnIdx` of the current frame may read the slots `mask` of frame `frame`.
  public void markRead(int frame, int insnIdx, long mask) {
    current().read(frame, insnIdx, mask);
  }

  /// The instruction that [#beginInsn] started writes all of the slots `mask` of frame `frame`.
  public void markWrite(int frame, long mask) {
    written[frame] |= mask;
  }

  /// Ends the instruction.
  public void commitWrites() {
    current().write(insnIdx, written);
  }

  /// Solves the equations for all frames of the current chain, from the innermost outwards, handing
  /// what a callee does to its caller's stack to the call instruction.
  public void update() {
    for (int frame = sites.length - 1; frame >= 0; frame--) {
      Instance instance = instance(outer(sites, frame));
      if (instance.update(flow, log) && frame > 0) {
        handOut(instance);
      }
    }
  }

  private void handOut(Instance callee) {
    CallChain chain = callee.chain;
    int callerFrame = chain.frame() - 1;
    int callsite = chain.callsite(callerFrame);
    Instance caller = callerOf(chain);
    long[] writes = new long[MAX_FRAMES];
    for (int frame = 0; frame <= callerFrame; frame++) {
      if (callee.reaches(frame)) {
        writes[frame] = callee.writtenFromStart(frame);
        caller.read(frame, callsite, callee.liveAtStart(frame));
      }
    }
    caller.write(callsite, writes);
  }

  private Instance callerOf(CallChain chain) {
    return instance(outer(sites, chain.frame() - 1));
  }

  /// Chooses the place that [#isAlive] speaks of: an instruction of the innermost frame of `sites`.
  public void query(int[] sites, int insnIdx) {
    queriedFrame = sites.length - 1;
    queriedInsnIdx = insnIdx;
    for (int frame = 0; frame <= queriedFrame; frame++) {
      queried[frame] = instance(outer(sites, frame));
    }
  }

  /// Whether slot `spi` of frame `frame` may be read after the place that [#query] chose.
  public boolean isAlive(int frame, int spi) {
    Instance innermost = queried[queriedFrame];
    if (innermost.isLiveBefore(queriedInsnIdx, frame, spi)) {
      return true;
    }
    for (int outer = frame; outer < queriedFrame; outer++) {
      int callsite = innermost.chain.callsite(outer);
      // A synchronous callback may be called again; any other call goes on behind itself.
      int resume = flow.callsCallback(callsite) ? callsite : callsite + 1;
      if (queried[outer].isLiveBefore(resume, frame, spi)) {
        return true;
      }
    }
    return false;
  }

  private Instance current() {
    Instance instance = current;
    if (instance == null) {
      instance = instance(new CallChain(sites));
      current = instance;
    }
    return instance;
  }

  /// The chain of frame `frame`: its callers' call instructions and its subprogram's start.
  private CallChain outer(int[] sites, int frame) {
    if (frame == sites.length - 1) {
      return new CallChain(sites);
    }
    int[] cut = Arrays.copyOf(sites, frame + 1);
    cut[frame] = flow.subprogStart(sites[frame]);
    return new CallChain(cut);
  }

  private Instance instance(CallChain chain) {
    return instances.computeIfAbsent(
        chain, c -> new Instance(c, flow.subprogEnd(c.subprogStart()) - c.subprogStart()));
  }
}
