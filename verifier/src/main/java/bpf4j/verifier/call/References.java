package bpf4j.verifier.call;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Resources that a program acquires and must release.
public final class References {
  private final Env env;

  public References(Env env) {
    this.env = env;
  }

  /// Takes a new reference at an instruction; gives its id.
  public int acquire(int insnIdx) {
    int id = env.newId();
    env.cur().addRef(new Ref(Ref.Kind.PTR, id, insnIdx, null));
    return id;
  }

  public boolean isHeld(int id) {
    return indexOf(env.cur(), id) >= 0;
  }

  private static int indexOf(PathState st, int id) {
    for (int i = 0; i < st.refs.length; i++) {
      if (st.refs[i].kind() == Ref.Kind.PTR && st.refs[i].id() == id) {
        return i;
      }
    }
    return -1;
  }

  /// Drops a reference of a state without touching registers; false where it is not held.
  public static boolean drop(PathState st, int id) {
    int i = indexOf(st, id);
    if (i < 0) {
      return false;
    }
    st.removeRef(i);
    return true;
  }

  /// Drops a reference and makes every pointer with it unusable; false where it is not held.
  public boolean release(int id) {
    if (!drop(env.cur(), id)) {
      return false;
    }
    env.cur().mapRegs(r -> r.refObjId() == id ? invalid() : r);
    return true;
  }

  /// What a pointer becomes when its object is gone: a number, or nothing at all where pointers
  /// must not leak.
  public RegState invalid() {
    return env.priv.allowPtrLeaks() ? RegState.unknown(!env.priv.bpfCapable()) : RegState.NOT_INIT;
  }

  /// Makes pointers into the packet, and slices of packet dynptrs, unusable.
  public void clearPacketPointers() {
    env.cur().mapRegs(r -> isPacketPointer(r) ? invalid() : r);
  }

  private static boolean isPacketPointer(RegState r) {
    int flags = RegType.DYNPTR_SKB | RegType.DYNPTR_XDP | RegType.DYNPTR_SKB_META;
    return RegType.isPacket(r.type())
        || r.type() == RegType.PACKET_END
        || (RegType.base(r.type()) == RegType.MEM && (r.type() & flags) != 0);
  }

  /// Makes pointers that lived by a lock unusable.
  public void invalidateNonOwning() {
    env.cur().mapRegs(r -> RegType.isNonOwningRef(r.type()) ? invalid() : r);
  }

  public void acquireLock(Ref.Kind kind, int id, int insnIdx, Object object) {
    PathState st = env.cur();
    st.addRef(new Ref(kind, id, insnIdx, object));
    st.activeLocks++;
    st.activeLockId = id;
    st.activeLockObject = object;
  }

  /// The lock held with this id and object, or any with `object` null; null where there is none.
  public @Nullable Ref findLock(Ref.Kind kind, int id, @Nullable Object object) {
    for (Ref r : env.cur().refs) {
      if (r.kind() == kind
          && (object == null || (r.id() == id && Objects.equals(r.object(), object)))) {
        return r;
      }
    }
    return null;
  }

  /// Drops a lock; the lock taken before it becomes the active one.
  public boolean releaseLock(Ref.Kind kind, int id, Object object) {
    PathState st = env.cur();
    int prevId = 0;
    Object prevObject = null;
    for (int i = 0; i < st.refs.length; i++) {
      Ref r = st.refs[i];
      if (r.kind() == kind && r.id() == id && Objects.equals(r.object(), object)) {
        st.removeRef(i);
        st.activeLocks--;
        st.activeLockId = prevId;
        st.activeLockObject = prevObject;
        return true;
      }
      if (r.kind().isLock()) {
        prevId = r.id();
        prevObject = r.object();
      }
    }
    return false;
  }

  /// Refuses to end the program, or to leave it, while it holds something.
  ///
  /// @param exceptionExit whether an exception leaves all frames
  /// @param checkLock whether held locks and sections count
  public void checkLeak(boolean exceptionExit, boolean checkLock, String what) {
    PathState st = env.cur();
    if (checkLock && st.activeLocks != 0) {
      throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_spin_lock-ed region", what);
    }
    if (leaks(st, exceptionExit)) {
      throw env.reject(Errno.EINVAL, "%s would lead to reference leak", what);
    }
    if (!checkLock) {
      return;
    }
    if (st.activeIrqId != 0) {
      throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_local_irq_save-ed region", what);
    }
    if (st.activeRcuLocks != 0) {
      throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_rcu_read_lock-ed region", what);
    }
    if (st.activePreemptLocks != 0) {
      throw env.reject(
          Errno.EINVAL, "%s cannot be used inside bpf_preempt_disable-ed region", what);
    }
  }

  private boolean leaks(PathState st, boolean exceptionExit) {
    if (!exceptionExit && st.cur().frameno != 0) {
      return false;
    }
    boolean leaks = false;
    for (Ref r : st.refs) {
      if (r.kind() != Ref.Kind.PTR) {
        continue;
      }
      // A struct_ops program may hand a reference back to the kernel; the return check looks at it.
      if (env.progType() == ProgType.STRUCT_OPS
          && !exceptionExit
          && env.reg(0).refObjId() == r.id()) {
        continue;
      }
      env.log.printf("Unreleased reference id=%d alloc_insn=%d\n", r.id(), r.insnIdx());
      leaks = true;
    }
    return leaks;
  }
}
