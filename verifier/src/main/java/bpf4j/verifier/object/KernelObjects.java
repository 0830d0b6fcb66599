package bpf4j.verifier.object;

import bpf4j.model.proto.ArgFlags;
import bpf4j.model.proto.ArgProto;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.btf.TypesOfProgram;
import bpf4j.verifier.call.CallMeta;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.Pointee.DynptrType;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;

/// The rules of dynptrs, locks, timers and kptrs as calls and stack accesses meet them.
public final class KernelObjects implements StackObjects {
  private static final int DYNPTR_DATA = HelperTable.id("dynptr_data");
  private static final int DYNPTR_WRITE = HelperTable.id("dynptr_write");

  private final Locks locks;
  private final Kptrs kptrs;

  public KernelObjects(TypesOfProgram types) {
    locks = new Locks(types);
    kptrs = new Kptrs(types);
  }

  public Locks locks() {
    return locks;
  }

  @Override
  public void destroyDynptr(Machine m, Frame frame, int spi) {
    Dynptrs.destroy(m, frame, spi);
  }

  @Override
  public void dynptrArg(Machine m, int regno, ArgProto arg, CallMeta meta) {
    DynptrType type =
        arg.has(ArgFlags.DYNPTR_LOCAL)
            ? DynptrType.LOCAL
            : arg.has(ArgFlags.DYNPTR_RINGBUF) ? DynptrType.RINGBUF : DynptrType.INVALID;
    Dynptrs.argument(
        m, regno, new Dynptrs.Use(arg.has(ArgFlags.UNINIT), arg.has(ArgFlags.RDONLY), type, 0));
  }

  @Override
  public void subprogDynptrArg(Machine m, int regno) {
    m.helpers.checkOffset(m.env.reg(regno), regno, false, true);
    Dynptrs.argument(m, regno, new Dynptrs.Use(false, true, DynptrType.INVALID, 0));
  }

  @Override
  public void releaseDynptr(Machine m, int regno) {
    Dynptrs.release(m, regno);
  }

  @Override
  public void checkReleasedDynptr(Machine m, int regno) {
    Dynptrs.checkReleased(m.env, regno);
  }

  @Override
  public boolean dynptrCall(Machine m, int helperId, CallMeta meta) {
    Env env = m.env;
    if (helperId == DYNPTR_DATA) {
      RegState state = Dynptrs.state(env, env.reg(1));
      meta.dynptrId = state.id();
      meta.refObjId = state.refObjId();
      return false;
    }
    if (helperId == DYNPTR_WRITE) {
      DynptrType type = Dynptrs.type(env, env.reg(1));
      return type == DynptrType.SKB || type == DynptrType.SKB_META;
    }
    return false;
  }

  @Override
  public void spinLock(Machine m, int regno, boolean lock, CallMeta meta) {
    if (m.env.kfuncs.inLockedCallback(m.env)) {
      throw m.env.reject(Errno.EACCES, "can't spin_{lock,unlock} in rbtree cb");
    }
    locks.process(m, regno, Ref.Kind.LOCK, lock);
  }

  @Override
  public void timerArg(Machine m, int regno, CallMeta meta) {
    MapFields.check(m.env, regno, FieldRecord.Kind.TIMER);
    RegState reg = m.env.reg(regno);
    meta.map = reg.map();
    meta.mapUid = reg.mapUid();
  }

  @Override
  public void kptrArg(Machine m, int regno, CallMeta meta) {
    kptrs.exchangeArg(m.env, regno, meta);
  }

  @Override
  public void kptrAccess(Machine m, int regno, int off, boolean write, int valueRegno) {
    kptrs.access(m, regno, off, valueRegno);
  }
}
