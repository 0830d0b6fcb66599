package bpf4j.verifier.object;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.btf.TypesOfProgram;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.VerifierMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Spin locks and resilient spin locks in map values and allocated objects. Source of the rules:
/// `process_spin_lock` of Linux 6.18.
public final class Locks {
  private final TypesOfProgram types;

  public Locks(TypesOfProgram types) {
    this.types = types;
  }

  /// Takes or gives back the lock that the register points to.
  public void process(Machine m, int regno, Ref.Kind kind, boolean lock) {
    Env env = m.env;
    boolean resilient = kind != Ref.Kind.LOCK;
    String name = resilient ? "bpf_res_spin" : "bpf_spin";
    RegState reg = env.reg(regno);
    if (!reg.range().isConst()) {
      throw env.reject(
          Errno.EINVAL,
          "R%d doesn't have constant offset. %s_lock has to be at the constant offset",
          regno,
          name);
    }
    VerifierMap map = reg.type() == RegType.MAP_VALUE ? reg.map() : null;
    if (map != null && map.spec().btf() == null) {
      throw env.reject(
          Errno.EINVAL, "map '%s' has to have BTF in order to use %s_lock", map.kernelName(), name);
    }
    FieldRecord rec = types.fieldsOf(reg);
    FieldRecord.Field field =
        rec == null
            ? null
            : rec.first(resilient ? FieldRecord.Kind.RES_SPIN_LOCK : FieldRecord.Kind.SPIN_LOCK);
    if (field == null) {
      throw env.reject(
          Errno.EINVAL,
          "%s '%s' has no valid %s_lock",
          map != null ? "map" : "local",
          map != null ? map.kernelName() : "kptr",
          name);
    }
    if (field.off() != reg.constOff()) {
      throw env.reject(
          Errno.EINVAL,
          "off %d doesn't point to 'struct %s_lock' that is at %d",
          reg.constOff(),
          name,
          field.off());
    }
    Object object = object(reg, map);
    if (lock) {
      take(m, reg, kind, object, resilient);
    } else {
      give(m, reg, kind, object, name);
    }
  }

  private static Object object(RegState reg, @Nullable VerifierMap map) {
    if (map != null) {
      return map;
    }
    Btf btf = reg.btf().btf();
    return btf;
  }

  private static void take(
      Machine m, RegState reg, Ref.Kind kind, Object object, boolean resilient) {
    Env env = m.env;
    for (Ref r : env.cur().refs) {
      if (!resilient && r.kind() == Ref.Kind.LOCK) {
        throw env.reject(Errno.EINVAL, "Locking two bpf_spin_locks are not allowed");
      }
      boolean same = r.id() == reg.id() && Objects.equals(r.object(), object);
      if (resilient
          && same
          && (r.kind() == Ref.Kind.RES_LOCK || r.kind() == Ref.Kind.RES_LOCK_IRQ)) {
        throw env.reject(Errno.EINVAL, "Acquiring the same lock again, AA deadlock detected");
      }
    }
    m.refs.acquireLock(kind, reg.id(), env.insnIdx, object);
  }

  private static void give(Machine m, RegState reg, Ref.Kind kind, Object object, String name) {
    Env env = m.env;
    PathState st = env.cur();
    if (st.activeLocks == 0) {
      throw env.reject(Errno.EINVAL, "%s_unlock without taking a lock", name);
    }
    boolean held = false;
    for (Ref r : st.refs) {
      held |= r.kind() == kind && r.id() == reg.id() && Objects.equals(r.object(), object);
    }
    if (!held) {
      throw env.reject(Errno.EINVAL, "%s_unlock of different lock", name);
    }
    if (reg.id() != st.activeLockId || !Objects.equals(object, st.activeLockObject)) {
      throw env.reject(Errno.EINVAL, "%s_unlock cannot be out of order", name);
    }
    m.refs.releaseLock(kind, reg.id(), object);
    m.refs.invalidateNonOwning();
  }
}
