package bpf4j.verifier.object;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;

/// Saved interrupt flags on the stack. Source of the rules: `process_irq_flag` of Linux 6.18.
public final class IrqFlags {
  /// Saved by `bpf_local_irq_save`.
  public static final int NATIVE = 1;

  /// Saved by `bpf_res_spin_lock_irqsave`.
  public static final int LOCK = 2;

  private IrqFlags() {}

  /// Saves the flags into the slot that the register points to.
  public static void save(Machine m, int regno, int kfuncClass) {
    Env env = m.env;
    RegState reg = stackPointer(env, regno);
    if (!isFree(env, reg)) {
      throw env.reject(Errno.EINVAL, "expected uninitialized irq flag as arg#%d", regno - 1);
    }
    m.mem.check(env.insnIdx, regno, 0, StackSlot.BYTES, true, -1, false, false);
    int spi = find(env, reg);
    if (spi < 0) {
      throw new Rejection(Errno.EINVAL);
    }
    PathState st = env.cur();
    int id = env.newId();
    st.addRef(new Ref(Ref.Kind.IRQ, id, env.insnIdx, null));
    st.activeIrqId = id;
    Frame f = st.frameOf(reg);
    RegState r = RegState.pointer(RegType.STACK, new Pointee.IrqFlag(kfuncClass)).withRefObjId(id);
    f.setSlot(spi, StackSlot.filled(StackSlot.IRQ_FLAG, r));
    env.scratchSlot(spi);
    m.liveness.markWrite(f.frameno, 1L << spi);
  }

  /// Restores the flags from the slot that the register points to.
  public static void restore(Machine m, int regno, int kfuncClass) {
    Env env = m.env;
    RegState reg = stackPointer(env, regno);
    int spi = find(env, reg);
    Frame f = env.cur().frameOf(reg);
    if (spi < 0 || !isFlag(f.slot(spi))) {
      throw env.reject(Errno.EINVAL, "expected an initialized irq flag as arg#%d", regno - 1);
    }
    m.liveness.markRead(f.frameno, 1L << spi);
    env.scratchSlot(spi);
    RegState r = f.slot(spi).spilled();
    int savedBy = r.pointee() instanceof Pointee.IrqFlag i ? i.kfuncClass() : 0;
    if (savedBy != kfuncClass) {
      throw env.reject(
          Errno.EINVAL,
          "irq flag acquired by %s kfuncs cannot be restored with %s kfuncs",
          className(savedBy),
          className(kfuncClass));
    }
    release(env, r.refObjId());
    f.setSlot(spi, StackSlot.EMPTY);
    env.scratchSlot(spi);
    m.liveness.markWrite(f.frameno, 1L << spi);
  }

  private static RegState stackPointer(Env env, int regno) {
    RegState reg = env.reg(regno);
    if (reg.type() != RegType.STACK) {
      throw env.reject(Errno.EINVAL, "arg#%d doesn't point to an irq flag on stack", regno - 1);
    }
    return reg;
  }

  private static int find(Env env, RegState reg) {
    return SlotFinder.find(env, reg, "irq_flag", 1);
  }

  private static boolean isFree(Env env, RegState reg) {
    int spi = find(env, reg);
    if (spi < 0) {
      return spi == SlotFinder.BEYOND;
    }
    StackSlot slot = env.cur().frameOf(reg).slot(spi);
    for (int i = 0; i < StackSlot.BYTES; i++) {
      if (slot.typeAt(i) == StackSlot.IRQ_FLAG) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFlag(StackSlot slot) {
    for (int i = 0; i < StackSlot.BYTES; i++) {
      if (slot.typeAt(i) != StackSlot.IRQ_FLAG) {
        return false;
      }
    }
    return slot.spilled().refObjId() != 0;
  }

  private static String className(int kfuncClass) {
    return kfuncClass == NATIVE ? "native" : "lock";
  }

  private static void release(Env env, int id) {
    PathState st = env.cur();
    if (id != st.activeIrqId) {
      int insnIdx = 0;
      for (Ref r : st.refs) {
        if (r.id() == st.activeIrqId) {
          insnIdx = r.insnIdx();
        }
      }
      throw env.reject(
          Errno.EACCES,
          "cannot restore irq state out of order, expected id=%d acquired at insn_idx=%d",
          st.activeIrqId,
          insnIdx);
    }
    int prev = 0;
    for (int i = 0; i < st.refs.length; i++) {
      Ref r = st.refs[i];
      if (r.kind() != Ref.Kind.IRQ) {
        continue;
      }
      if (r.id() == id) {
        st.removeRef(i);
        st.activeIrqId = prev;
        return;
      }
      prev = r.id();
    }
  }
}
