package bpf4j.verifier.exec;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Whether an instruction may read or write a register at all.
public final class RegUse {
  private final Env env;

  RegUse(Env env) {
    this.env = env;
  }

  /// Register `r` is read.
  public RegState read(int r) {
    checkNumber(r);
    env.scratchReg(r);
    RegState s = env.reg(r);
    if (s.type() == RegType.NOT_INIT) {
      throw env.reject(Errno.EACCES, "R%d !read_ok", r);
    }
    return s;
  }

  /// Register `r` is about to be written; its state is set by the caller.
  public void write(int r) {
    checkNumber(r);
    env.scratchReg(r);
    if (r == Frame.FP) {
      throw env.reject(Errno.EACCES, "frame pointer is read only");
    }
  }

  /// Register `r` is overwritten with an unknown scalar.
  public void writeUnknown(int r) {
    write(r);
    env.setUnknown(r);
  }

  private void checkNumber(int r) {
    if (r >= Frame.REGS) {
      throw env.reject(Errno.EINVAL, "R%d is invalid", r);
    }
  }

  /// R0 to R5 hold nothing after a call.
  public void clobberCallerSaved(Frame f) {
    for (int r = 0; r <= 5; r++) {
      f.regs[r] = RegState.NOT_INIT;
      env.scratchReg(r);
    }
  }
}
