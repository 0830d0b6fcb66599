package bpf4j.verifier.object;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Pointee.DynptrType;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;

/// Dynptrs: two stack slots each, written by helpers and kfuncs only. Source of the rules:
/// `process_dynptr_func` and its surroundings of Linux 6.18.
public final class Dynptrs {
  private static final int SLOTS = 2;

  private Dynptrs() {}

  /// How a call uses a dynptr argument.
  ///
  /// @param uninit whether the call makes the dynptr
  /// @param rdonly whether the dynptr itself stays as it is
  /// @param type the kind made or asked for; `INVALID` for any
  /// @param refObjId the reference that a clone shares, 0 for none
  public record Use(boolean uninit, boolean rdonly, DynptrType type, int refObjId) {}

  /// Checks a dynptr argument, and makes the dynptr where the call does.
  public static void argument(Machine m, int regno, Use use) {
    Env env = m.env;
    RegState reg = env.reg(regno);
    if (reg.type() != RegType.STACK && reg.type() != RegType.DYNPTR) {
      throw env.reject(
          Errno.EINVAL, "arg#%d expected pointer to stack or const struct bpf_dynptr", regno - 1);
    }
    if (use.uninit) {
      if (reg.type() == RegType.DYNPTR || find(env, reg) == SlotFinder.INVALID) {
        throw env.reject(Errno.EINVAL, "Dynptr has to be an uninitialized dynptr");
      }
      for (int i = 0; i < SLOTS; i++) {
        m.mem.check(
            env.insnIdx, regno, i * StackSlot.BYTES, StackSlot.BYTES, true, -1, false, false);
      }
      make(m, env.reg(regno), use);
      return;
    }
    if (reg.type() == RegType.DYNPTR && !use.rdonly) {
      throw env.reject(
          Errno.EINVAL, "cannot pass pointer to const bpf_dynptr, the helper mutates it");
    }
    if (!isInitialized(env, reg)) {
      throw env.reject(Errno.EINVAL, "Expected an initialized dynptr as arg #%d", regno - 1);
    }
    if (use.type != DynptrType.INVALID && type(env, reg) != use.type) {
      throw env.reject(
          Errno.EINVAL, "Expected a dynptr of type %s as arg #%d", use.type.text(), regno - 1);
    }
    if (reg.type() == RegType.STACK) {
      int spi = find(env, reg);
      m.liveness.markRead(reg.frameno(), slotMask(spi));
      for (int i = 0; i < SLOTS; i++) {
        env.scratchSlot(spi - i);
      }
    }
  }

  private static int find(Env env, RegState reg) {
    return SlotFinder.find(env, reg, "dynptr", SLOTS);
  }

  private static long slotMask(int spi) {
    return 1L << spi | 1L << (spi - 1);
  }

  private static void make(Machine m, RegState reg, Use use) {
    Env env = m.env;
    int spi = find(env, reg);
    if (spi < 0) {
      throw new Rejection(Errno.EINVAL);
    }
    Frame f = env.cur().frameOf(reg);
    destroy(m, f, spi);
    destroy(m, f, spi - 1);
    if (use.type == DynptrType.INVALID) {
      throw new Rejection(Errno.EINVAL);
    }
    int id = env.newId();
    int ref = 0;
    if (use.type.isReferenced()) {
      ref = use.refObjId != 0 ? use.refObjId : m.refs.acquire(env.insnIdx);
    }
    for (int i = 0; i < SLOTS; i++) {
      RegState r =
          RegState.pointer(RegType.DYNPTR, new Pointee.Dynptr(use.type, i == 0))
              .withId(id)
              .withRefObjId(ref);
      f.setSlot(spi - i, StackSlot.filled(StackSlot.DYNPTR, r));
      env.scratchSlot(spi - i);
    }
    m.liveness.markWrite(f.frameno, slotMask(spi));
  }

  /// Whether the register points to the first slot of a dynptr that was made.
  static boolean isInitialized(Env env, RegState reg) {
    if (reg.type() == RegType.DYNPTR) {
      return true;
    }
    int spi = find(env, reg);
    if (spi < 0) {
      return false;
    }
    Frame f = env.cur().frameOf(reg);
    return f.slot(spi).typeAt(0) == StackSlot.DYNPTR
        && f.slot(spi - 1).typeAt(0) == StackSlot.DYNPTR
        && f.slot(spi).spilled().pointee() instanceof Pointee.Dynptr d
        && d.firstSlot();
  }

  /// The state of the dynptr that the register points to or is.
  public static RegState state(Env env, RegState reg) {
    if (reg.type() == RegType.DYNPTR) {
      return reg;
    }
    int spi = find(env, reg);
    if (spi < 0) {
      throw new Rejection(Errno.EINVAL);
    }
    return env.cur().frameOf(reg).slot(spi).spilled();
  }

  /// What the dynptr points to.
  public static DynptrType type(Env env, RegState reg) {
    return state(env, reg).pointee() instanceof Pointee.Dynptr d ? d.type() : DynptrType.INVALID;
  }

  /// A store goes to a slot: the dynptr there is gone with its slices.
  static void destroy(Machine m, Frame f, int spi) {
    Env env = m.env;
    if (spi < 0 || f.slot(spi).typeAt(0) != StackSlot.DYNPTR) {
      return;
    }
    RegState state = f.slot(spi).spilled();
    int first = state.pointee() instanceof Pointee.Dynptr d && d.firstSlot() ? spi : spi + 1;
    state = f.slot(first).spilled();
    if (state.pointee() instanceof Pointee.Dynptr d && d.type().isReferenced()) {
      throw env.reject(Errno.EINVAL, "cannot overwrite referenced dynptr");
    }
    int id = state.id();
    clear(m, f, first);
    env.cur()
        .mapRegs(r ->
            RegType.base(r.type()) == RegType.MEM && r.dynptrId() == id ? m.refs.invalid() : r);
  }

  private static void clear(Machine m, Frame f, int first) {
    for (int i = 0; i < SLOTS; i++) {
      f.setSlot(first - i, StackSlot.EMPTY);
      m.env.scratchSlot(first - i);
    }
    m.liveness.markWrite(f.frameno, slotMask(first));
  }

  /// The call gives back what the dynptr holds: clones and slices are gone as well.
  static void release(Machine m, int regno) {
    Env env = m.env;
    RegState reg = env.reg(regno);
    if (reg.type() == RegType.DYNPTR) {
      throw env.reject(
          Errno.EFAULT, "verifier internal error: CONST_PTR_TO_DYNPTR cannot be released");
    }
    int spi = find(env, reg);
    if (spi < 0) {
      throw new Rejection(Errno.EINVAL);
    }
    Frame f = env.cur().frameOf(reg);
    RegState state = f.slot(spi).spilled();
    if (!type(env, reg).isReferenced()) {
      clear(m, f, spi);
      return;
    }
    int ref = state.refObjId();
    m.refs.release(ref);
    for (int i = 1; i < f.slots(); i++) {
      StackSlot slot = f.slot(i);
      if (slot.typeAt(0) == StackSlot.DYNPTR
          && slot.spilled().refObjId() == ref
          && slot.spilled().pointee() instanceof Pointee.Dynptr d
          && d.firstSlot()) {
        clear(m, f, i);
      }
    }
  }

  /// Refuses to release what is no dynptr with a reference.
  static void checkReleased(Env env, int regno) {
    RegState reg = env.reg(regno);
    if (reg.type() != RegType.STACK) {
      throw env.reject(Errno.EINVAL, "cannot release unowned const bpf_dynptr");
    }
    int spi = find(env, reg);
    if (spi < 0 || env.cur().frameOf(reg).slot(spi).spilled().refObjId() == 0) {
      throw env.reject(Errno.EINVAL, "arg %d is an unacquired reference", regno);
    }
  }
}
