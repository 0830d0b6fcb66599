package bpf4j.verifier.kfunc;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.btf.TypeMatch;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.FieldRecord.Kind;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import java.util.Objects;

/// Heads and nodes of linked lists and trees of allocated objects. Source of the rules:
/// `__process_kf_arg_ptr_to_graph_root`, `…_node` and `ref_convert_owning_non_owning` of Linux
/// 6.18.
final class GraphArgs {
  private final Machine m;
  private final Env env;

  GraphArgs(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// A list head or tree root in a map value or an allocated object, whose lock must be held.
  void root(KfuncCall c, int regno, Kind kind) {
    RegState reg = env.reg(regno);
    checkConstant(reg, regno, kind);
    FieldRecord rec = env.types.fieldsOf(reg);
    int off = (int) reg.constOff();
    FieldRecord.Field field = rec == null ? null : rec.at(off);
    if (rec == null || field == null || field.kind() != kind) {
      throw env.reject(Errno.EINVAL, "%s not found at offset=%d", kind.text(), off);
    }
    if (!isLocked(reg)) {
      FieldRecord.Field lock = rec.first(Kind.SPIN_LOCK);
      throw env.reject(
          Errno.EINVAL,
          "bpf_spin_lock at off=%d must be held for %s",
          lock == null ? -Errno.EINVAL.code() : lock.off(),
          kind.text());
    }
    if (c.graphRoot != null) {
      throw env.reject(Errno.EFAULT, "verifier internal error: repeating %s arg", kind.text());
    }
    c.graphRoot = field;
  }

  private void checkConstant(RegState reg, int regno, Kind kind) {
    if (!reg.range().isConst()) {
      throw env.reject(
          Errno.EINVAL,
          "R%d doesn't have constant offset. %s has to be at the constant offset",
          regno,
          kind.text());
    }
  }

  /// Whether the lock that lies beside what the register points to is held.
  private boolean isLocked(RegState reg) {
    Object object = reg.type() == RegType.MAP_VALUE ? reg.map() : reg.btf().btf();
    PathState st = env.cur();
    if (st.activeLocks == 0) {
      return false;
    }
    for (Ref r : st.refs) {
      if (r.kind().isLock() && r.id() == reg.id() && Objects.equals(r.object(), object)) {
        return true;
      }
    }
    env.log.print("held lock and object are not in the same allocation\n");
    return false;
  }

  /// A node of an allocated object, which must be of the type that the root holds.
  void node(KfuncCall c, int regno, Kind rootKind, Kind kind) {
    RegState reg = env.reg(regno);
    checkConstant(reg, regno, kind);
    int off = (int) reg.constOff();
    FieldRecord rec = env.types.fieldsOf(reg);
    FieldRecord.Field own = rec == null ? null : rec.at(off);
    if (own == null || own.kind() != kind) {
      throw env.reject(Errno.EINVAL, "%s not found at offset=%d", kind.text(), off);
    }
    FieldRecord.Field root = c.graphRoot;
    Btf rootBtf = root == null ? null : root.btf();
    if (root == null || rootBtf == null) {
      throw env.reject(Errno.EFAULT, "verifier internal error: node without root");
    }
    Pointee.BtfRef type = reg.btf();
    String held = rootBtf.name(root.typeId());
    if (!TypeMatch.same(type.btf(), type.typeId(), rootBtf, root.typeId())) {
      throw env.reject(
          Errno.EINVAL,
          "operation on %s expects arg#1 %s at offset=%d in struct %s, but arg is at offset=%d "
              + "in struct %s",
          rootKind.text(),
          kind.text(),
          root.nodeOff(),
          held,
          off,
          type.btf().name(type.typeId()));
    }
    c.object = type;
    if (off != root.nodeOff()) {
      throw env.reject(
          Errno.EINVAL,
          "arg#1 offset=%d, but expected %s at offset=%d in struct %s",
          off,
          kind.text(),
          root.nodeOff(),
          held);
    }
  }

  /// A pointer to the node inside an object of the type that a root holds.
  RegState nodePointer(FieldRecord.Field root) {
    Btf btf = root.btf();
    if (btf == null) {
      throw env.reject(Errno.EFAULT, "verifier internal error: graph root without type");
    }
    return RegState.pointer(RegType.BTF_ID | RegType.ALLOC, new Pointee.BtfRef(btf, root.typeId()))
        .withOff(root.nodeOff());
  }

  /// A pointer that lives by the lock, not by a reference.
  RegState nonOwning(RegState r) {
    FieldRecord rec = env.types.fieldsOf(r);
    int type = r.type() | RegType.NON_OWN_REF;
    if (rec != null && rec.has(Kind.REFCOUNT)) {
      type |= RegType.RCU;
    }
    return r.withType(type);
  }

  /// The object goes into the graph: pointers to it live by the lock from now on.
  void insert(KfuncCall c) {
    int ref = env.reg(2).refObjId();
    if (ref == 0) {
      throw env.reject(
          Errno.EFAULT,
          "verifier internal error: ref_obj_id is zero for owning -> non-owning conversion");
    }
    env.cur().mapRegs(r -> r.refObjId() == ref ? nonOwning(r.withRefObjId(0)) : r);
    if (!m.refs.release(ref)) {
      throw env.reject(
          Errno.EINVAL, "kfunc %s#%d reference has not been acquired before", c.name, c.funcId);
    }
  }
}
