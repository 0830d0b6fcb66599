package bpf4j.verifier.exec;

import bpf4j.model.proto.ProgRules;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/// `exit` instructions: returns from frames, and what a program may return.
public final class Exits {
  private final Machine m;
  private final Env env;

  Exits(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// Executes an exit; false where a caller's frame goes on.
  ///
  /// @param exception whether `bpf_throw` leaves all frames
  boolean execute(boolean exception) {
    m.refs.checkLeak(
        exception,
        exception || env.cur().curFrameno() == 0,
        exception ? "bpf_throw" : "BPF_EXIT instruction in main prog");
    if (exception) {
      return true;
    }
    if (env.cur().curFrameno() != 0) {
      m.subprogCalls.returnToCaller();
      return false;
    }
    checkReturn(0, "R0");
    return true;
  }

  /// Checks the value in `regno` that leaves the program, `name` in messages.
  public void checkReturn(int regno, String name) {
    Frame frame = env.cur().frame(0);
    boolean isSubprog = frame.subprogIdx != 0;
    boolean asMain = !isSubprog || frame.inExceptionCallback;
    ProgType type = env.progType();
    if (asMain && returnsNothing(type)) {
      return;
    }
    if (asMain
        && type == ProgType.STRUCT_OPS
        && !frame.inExceptionCallback
        && m.btf.returnsReference(m, regno)) {
      m.mem.checkUnmoved(env.reg(regno), regno, false);
      return;
    }
    RegState r = m.regUse.read(regno);
    if (env.isPointerValue(r)) {
      throw env.reject(Errno.EACCES, "R%d leaks addr as return value", regno);
    }
    if (frame.inAsyncCallback) {
      enforce(
          regno,
          name,
          "At async callback return",
          new ProgRules.ReturnRange(frame.callbackRetMin, frame.callbackRetMax, false));
      return;
    }
    if (isSubprog && !frame.inExceptionCallback) {
      if (!r.isScalar()) {
        throw env.reject(
            Errno.EINVAL,
            "At subprogram exit the register R%d is not a scalar value (%s)",
            regno,
            RegType.name(r.type()));
      }
      return;
    }
    ProgRules.ReturnRange range = range(type);
    if (range != null) {
      enforce(regno, name, "At program exit", range);
    }
  }

  private boolean returnsNothing(ProgType type) {
    boolean hookResult =
        type == ProgType.STRUCT_OPS
            || (type == ProgType.LSM && env.attachType() != AttachType.LSM_CGROUP);
    return hookResult && m.targetIsVoid();
  }

  private ProgRules.@Nullable ReturnRange range(ProgType type) {
    AttachType attach = env.attachType();
    if (type == ProgType.EXT) {
      return null;
    }
    if (type == ProgType.STRUCT_OPS) {
      return m.btf.targetReturnsPointer(m) ? new ProgRules.ReturnRange(0, 0, false) : null;
    }
    return ProgRules.returnRange(
        type,
        attach == null ? AttachType.CGROUP_INET_INGRESS : attach,
        env.attach.name,
        m.targetIsVoid());
  }

  private void enforce(int regno, String name, String when, ProgRules.ReturnRange range) {
    RegState r = env.reg(regno);
    if (!r.isScalar()) {
      throw env.reject(
          Errno.EINVAL,
          "%s the register R%d is not a known value (%s)",
          when,
          regno,
          RegType.name(r.type()));
    }
    m.precision.markReg(regno);
    r = env.reg(regno);
    boolean ok =
        range.is32Bit()
            ? range.min() <= r.range().s32min && r.range().s32max <= range.max()
            : range.min() <= r.range().smin && r.range().smax <= range.max();
    if (ok) {
      return;
    }
    logOutOfRange(r, range.min(), range.max(), when, name);
    if (env.cur().frame(0).subprogIdx == 0
        && env.progType() == ProgType.LSM
        && env.attachType() == AttachType.LSM_CGROUP
        && m.targetIsVoid()) {
      env.log.print(
          "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!\n");
    }
    throw new bpf4j.verifier.env.Rejection(Errno.EINVAL);
  }

  /// Says that a scalar is not in the range it must be in.
  void logOutOfRange(RegState r, int min, int max, String when, String name) {
    StringBuilder out = env.log.out();
    out.append(when).append(" the register ").append(name).append(" has");
    boolean unknown = true;
    if (r.range().smin > Long.MIN_VALUE) {
      out.append(" smin=").append(r.range().smin);
      unknown = false;
    }
    if (r.range().smax < Long.MAX_VALUE) {
      out.append(" smax=").append(r.range().smax);
      unknown = false;
    }
    if (unknown) {
      out.append(" unknown scalar value");
    }
    out.append(" should have been in [").append(min).append(", ").append(max).append("]\n");
  }

  /// Checks the result of a synchronous callback; refuses one outside its range.
  public void checkCallbackReturn(RegState r0, Frame callee) {
    if (callee.callbackRetMin <= r0.range().smin && r0.range().smax <= callee.callbackRetMax) {
      return;
    }
    logOutOfRange(r0, callee.callbackRetMin, callee.callbackRetMax, "At callback return", "R0");
    throw new bpf4j.verifier.env.Rejection(Errno.EINVAL);
  }
}
