package bpf4j.verifier.object;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Pointee.IterState;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;

/// Open-coded iterators on the stack. Source of the rules: `process_iter_arg` of Linux 6.18.
public final class Iterators {
  private static final String STRUCT_PREFIX = "bpf_iter_";

  private Iterators() {}

  /// Where an iterator lies.
  public record Place(int frameno, int spi) {}

  /// How the stack looks where an iterator is expected.
  private enum Health {
    OK,
    INVALID,
    NEEDS_RCU
  }

  /// The name of an iterator type, such as `num`.
  static String name(Btf btf, int typeId) {
    String name = btf.name(typeId);
    return name.startsWith(STRUCT_PREFIX) ? name.substring(STRUCT_PREFIX.length()) : name;
  }

  /// `bpf_iter_X_new`: makes the iterator.
  ///
  /// @param rcuFlags flags of a type that needs RCU: `RCU` or `UNTRUSTED`, else 0
  public static void create(Machine m, int regno, Btf btf, int typeId, int rcuFlags) {
    Env env = m.env;
    int slots = btf.size(typeId) / StackSlot.BYTES;
    RegState reg = env.reg(regno);
    if (!isFree(env, reg, slots)) {
      throw env.reject(
          Errno.EINVAL, "expected uninitialized iter_%s as arg #%d", name(btf, typeId), regno - 1);
    }
    for (int i = 0; i < slots; i++) {
      m.mem.check(env.insnIdx, regno, i * StackSlot.BYTES, StackSlot.BYTES, true, -1, false, false);
    }
    int spi = SlotFinder.find(env, reg, "iter", slots);
    if (spi < 0) {
      throw new Rejection(Errno.EINVAL);
    }
    int id = m.refs.acquire(env.insnIdx);
    Frame f = env.cur().frameOf(reg);
    Pointee iter = new Pointee.Iter(btf, typeId, IterState.ACTIVE, 0);
    for (int i = 0; i < slots; i++) {
      RegState r = RegState.pointer(RegType.STACK | rcuFlags, iter).withRefObjId(i == 0 ? id : 0);
      f.setSlot(spi - i, StackSlot.filled(StackSlot.ITER, r));
      env.scratchSlot(spi - i);
      m.liveness.markWrite(f.frameno, 1L << (spi - i));
    }
  }

  private static boolean isFree(Env env, RegState reg, int slots) {
    int spi = SlotFinder.find(env, reg, "iter", slots);
    if (spi < 0) {
      return spi == SlotFinder.BEYOND;
    }
    Frame f = env.cur().frameOf(reg);
    for (int i = 0; i < slots; i++) {
      for (int b = 0; b < StackSlot.BYTES; b++) {
        if (f.slot(spi - i).typeAt(b) == StackSlot.ITER) {
          return false;
        }
      }
    }
    return true;
  }

  /// `bpf_iter_X_next`, `_destroy` and others that take an iterator: finds it.
  ///
  /// @param func name of the kfunc, for messages
  public static Place use(Machine m, int regno, Btf btf, int typeId, String func) {
    Env env = m.env;
    RegState reg = env.reg(regno);
    int slots = btf.size(typeId) / StackSlot.BYTES;
    switch (health(env, reg, btf, typeId, slots)) {
      case OK -> {}
      case INVALID ->
          throw env.reject(
              Errno.EINVAL,
              "expected an initialized iter_%s as arg #%d",
              name(btf, typeId),
              regno - 1);
      case NEEDS_RCU -> throw env.reject(Errno.EPROTO, "expected an RCU CS when using %s", func);
    }
    int spi = SlotFinder.find(env, reg, "iter", slots);
    for (int i = 0; i < slots; i++) {
      m.liveness.markRead(reg.frameno(), 1L << (spi - i));
      env.scratchSlot(spi - i);
    }
    return new Place(reg.frameno(), spi);
  }

  private static Health health(Env env, RegState reg, Btf btf, int typeId, int slots) {
    int spi = SlotFinder.find(env, reg, "iter", slots);
    if (spi < 0) {
      return Health.INVALID;
    }
    Frame f = env.cur().frameOf(reg);
    for (int i = 0; i < slots; i++) {
      StackSlot slot = f.slot(spi - i);
      RegState r = slot.spilled();
      if (slot.typeAt(0) == StackSlot.ITER && (r.type() & RegType.UNTRUSTED) != 0) {
        return Health.NEEDS_RCU;
      }
      boolean whole = true;
      for (int b = 0; b < StackSlot.BYTES; b++) {
        whole &= slot.typeAt(b) == StackSlot.ITER;
      }
      if (!whole
          || (i == 0) != (r.refObjId() != 0)
          || !(r.pointee() instanceof Pointee.Iter it)
          || it.btf() != btf
          || it.typeId() != typeId) {
        return Health.INVALID;
      }
    }
    return Health.OK;
  }

  /// `bpf_iter_X_destroy`: the slots are free again.
  public static void destroy(Machine m, Place at) {
    Env env = m.env;
    Frame f = env.cur().frame(at.frameno);
    RegState main = f.slot(at.spi).spilled();
    if (!(main.pointee() instanceof Pointee.Iter it)) {
      throw new Rejection(Errno.EINVAL);
    }
    Btf btf = it.btf();
    int slots = btf == null ? 1 : btf.size(it.typeId()) / StackSlot.BYTES;
    m.refs.release(main.refObjId());
    for (int i = 0; i < slots; i++) {
      f.setSlot(at.spi - i, StackSlot.EMPTY);
      env.scratchSlot(at.spi - i);
      m.liveness.markWrite(f.frameno, 1L << (at.spi - i));
    }
  }
}
