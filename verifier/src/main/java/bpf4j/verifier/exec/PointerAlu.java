package bpf4j.verifier.exec;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.domain.Bounds;
import bpf4j.verifier.domain.ScalarRange;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.log.StatePrinter;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Arithmetic of a pointer and a scalar.
public final class PointerAlu {
  private static final int MAX_VAR_OFF = 1 << 29;

  private final Machine m;
  private final Env env;

  PointerAlu(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// Executes `dst op src` where one operand, in register `ptrReg`, is a pointer.
  ///
  /// @param reversed whether the pointer is the source and the scalar the destination
  void execute(long insn, int ptrReg, boolean reversed) {
    int dst = RawInsn.dst(insn);
    int op = Insns.op(insn);
    RegState ptr = env.reg(ptrReg);
    RegState off;
    if (reversed) {
      off = env.reg(dst);
    } else {
      off =
          Insns.isRegOperand(insn)
              ? env.reg(RawInsn.src(insn))
              : RegState.constant(RawInsn.imm(insn));
    }
    ScalarRange o = off.range();
    boolean known = o.isConst();
    if (!isPointerOperation(insn, ptr, o)) {
      return;
    }
    checkType(dst, ptr, op, known && o.smin == 0, known);
    checkSane(off, ptr.type());
    checkSane(ptr, ptr.type());
    sanitizePointer(insn, ptr, off, reversed);
    RegState result =
        switch (op) {
          case Opcodes.ADD -> add(ptr, o, known);
          case Opcodes.SUB -> subtract(dst, ptr, o, known, reversed);
          case Opcodes.AND, Opcodes.OR, Opcodes.XOR ->
              throw env.reject(
                  Errno.EACCES,
                  "R%d bitwise operator %s on pointer prohibited",
                  dst,
                  AluInsns.operator(op));
          default ->
              throw env.reject(
                  Errno.EACCES,
                  "R%d pointer arithmetic with %s operator prohibited",
                  dst,
                  AluInsns.operator(op));
        };
    checkSane(result, ptr.type());
    // Where the offset sits in the destination, that register's own flags stay behind the type.
    RegState d = env.reg(dst);
    env.setReg(
        dst,
        result
            .withRange(Bounds.of(result.range()).sync().freeze())
            .withRefObjId(reversed ? d.refObjId() : ptr.refObjId())
            .withFrameno(reversed ? d.frameno() : ptr.frameno())
            .withPrecise(d.precise()));
    sanitizeBounds(dst);
  }

  /// Whether the result is a pointer to be computed. Where it is not, the destination is set; some
  /// operations are refused.
  private boolean isPointerOperation(long insn, RegState ptr, ScalarRange o) {
    int dst = RawInsn.dst(insn);
    if ((o.isConst() && (o.smin != o.smax || o.umin != o.umax))
        || o.smin > o.smax
        || Long.compareUnsigned(o.umin, o.umax) > 0) {
      env.setUnknown(dst);
      return false;
    }
    if (RawInsn.insnClass(insn) != Opcodes.ALU64) {
      if (Insns.op(insn) == Opcodes.SUB && env.priv.allowPtrLeaks()) {
        env.setUnknown(dst);
        return false;
      }
      throw env.reject(Errno.EACCES, "R%d 32-bit pointer arithmetic prohibited", dst);
    }
    if (RegType.mayBeNull(ptr.type())) {
      throw env.reject(
          Errno.EACCES,
          "R%d pointer arithmetic on %s prohibited, null-check it first",
          dst,
          RegType.name(ptr.type()));
    }
    // Loads through untrusted memory cannot fault, so its offsets are not tracked.
    return RegType.base(ptr.type()) != RegType.MEM || (ptr.type() & RegType.UNTRUSTED) == 0;
  }

  private void checkType(int dst, RegState ptr, int op, boolean knownZero, boolean known) {
    boolean ok =
        switch (RegType.base(ptr.type())) {
          case RegType.CTX,
              RegType.MAP_VALUE,
              RegType.MAP_KEY,
              RegType.STACK,
              RegType.PACKET_META,
              RegType.PACKET,
              RegType.TP_BUFFER,
              RegType.BTF_ID,
              RegType.MEM,
              RegType.BUF,
              RegType.FUNC,
              RegType.DYNPTR ->
              true;
          case RegType.FLOW_KEYS -> known || (knownZero && op == Opcodes.ADD);
          case RegType.MAP_PTR -> knownZero && op == Opcodes.ADD;
          default -> false;
        };
    if (!ok) {
      throw env.reject(
          Errno.EACCES, "R%d pointer arithmetic on %s prohibited", dst, RegType.name(ptr.type()));
    }
  }

  /// Refuses offsets so large that sums of them could overflow.
  private void checkSane(RegState reg, int ptrType) {
    String type = RegType.name(ptrType);
    ScalarRange r = reg.range();
    if (r.isConst() && (r.tnum.value() >= MAX_VAR_OFF || r.tnum.value() <= -MAX_VAR_OFF)) {
      throw env.reject(
          Errno.EINVAL, "math between %s pointer and %d is not allowed", type, r.tnum.value());
    }
    if (reg.off() >= MAX_VAR_OFF || reg.off() <= -MAX_VAR_OFF) {
      throw env.reject(Errno.EINVAL, "%s pointer offset %d is not allowed", type, reg.off());
    }
    if (r.smin == Long.MIN_VALUE) {
      throw env.reject(
          Errno.EINVAL,
          "math between %s pointer and register with unbounded min value is not allowed",
          type);
    }
    if (r.smin >= MAX_VAR_OFF || r.smin <= -MAX_VAR_OFF) {
      throw env.reject(Errno.EINVAL, "value %d makes %s pointer be out of bounds", r.smin, type);
    }
  }

  private RegState add(RegState ptr, ScalarRange o, boolean known) {
    long moved = ptr.off() + o.smin;
    if (known && moved == (int) moved) {
      return ptr.moved((int) moved, pointerRange(ptr.range()), ptr.id(), ptr.pointee());
    }
    ScalarRange p = ptr.range();
    Bounds b = new Bounds();
    long smin = p.smin + o.smin;
    long smax = p.smax + o.smax;
    if (((p.smin ^ smin) & (o.smin ^ smin)) >= 0 && ((p.smax ^ smax) & (o.smax ^ smax)) >= 0) {
      b.smin = smin;
      b.smax = smax;
    }
    long umin = p.umin + o.umin;
    long umax = p.umax + o.umax;
    if (Long.compareUnsigned(umin, p.umin) >= 0 && Long.compareUnsigned(umax, p.umax) >= 0) {
      b.umin = umin;
      b.umax = umax;
    }
    b.tnum = p.tnum.add(o.tnum);
    if (RegType.isPacket(ptr.type())) {
      // A new variable offset makes a new base; nothing is known to lie behind it.
      return ptr.moved(ptr.off(), b.freeze(), env.newId(), new Pointee.PacketRange(0));
    }
    return ptr.moved(ptr.off(), b.freeze(), ptr.id(), ptr.pointee());
  }

  private RegState subtract(int dst, RegState ptr, ScalarRange o, boolean known, boolean reversed) {
    if (reversed) {
      throw env.reject(Errno.EACCES, "R%d tried to subtract pointer from scalar", dst);
    }
    if (ptr.type() == RegType.STACK) {
      throw env.reject(Errno.EACCES, "R%d subtraction from stack pointer prohibited", dst);
    }
    long moved = ptr.off() - o.smin;
    if (known && moved == (int) moved) {
      return ptr.moved((int) moved, pointerRange(ptr.range()), ptr.id(), ptr.pointee());
    }
    ScalarRange p = ptr.range();
    Bounds b = new Bounds();
    long smin = p.smin - o.smax;
    long smax = p.smax - o.smin;
    if (((p.smin ^ o.smax) & (p.smin ^ smin)) >= 0 && ((p.smax ^ o.smin) & (p.smax ^ smax)) >= 0) {
      b.smin = smin;
      b.smax = smax;
    }
    if (Long.compareUnsigned(p.umin, o.umax) >= 0) {
      b.umin = p.umin - o.umax;
      b.umax = p.umax - o.umin;
    }
    b.tnum = p.tnum.sub(o.tnum);
    if (RegType.isPacket(ptr.type())) {
      // Going forward only, what was known to exist behind the pointer still does.
      Pointee range = o.smin < 0 ? new Pointee.PacketRange(0) : ptr.pointee();
      return ptr.moved(ptr.off(), b.freeze(), env.newId(), range);
    }
    return ptr.moved(ptr.off(), b.freeze(), ptr.id(), ptr.pointee());
  }

  /// Pointers do not carry 32-bit bounds through arithmetic; they are deduced anew.
  private static ScalarRange pointerRange(ScalarRange r) {
    Bounds b = Bounds.of(r);
    b.unbound32();
    return b.freeze();
  }

  // ---- protection against speculation (unprivileged only) ------------------------------------

  /// Unprivileged pointer arithmetic needs limits that can be enforced under speculation.
  private void sanitizePointer(long insn, RegState ptr, RegState off, boolean reversed) {
    int op = Insns.op(insn);
    if (env.priv.bypassSpecV1()
        || (op != Opcodes.ADD && op != Opcodes.SUB)
        || !Insns.isRegOperand(insn)) {
      return;
    }
    int dst = RawInsn.dst(insn);
    int src = RawInsn.src(insn);
    ScalarRange o = off.range();
    if (!o.isConst() && o.smin < 0 != o.smax < 0) {
      throw env.reject(
          Errno.EACCES,
          "R%d has unknown scalar with mixed signed bounds, "
              + "pointer arithmetic with it prohibited for !root",
          reversed ? dst : src);
    }
    int type = ptr.type();
    if (type != RegType.STACK && type != RegType.MAP_VALUE) {
      throw env.reject(
          Errno.EACCES,
          "R%d has pointer with unsupported alu operation, "
              + "pointer arithmetic with it prohibited for !root",
          reversed ? src : dst);
    }
    if (!o.isConst()) {
      env.exploreAluLimits = true;
    }
  }

  /// A scalar operation that a pointer operation shares its instruction with.
  void sanitizeScalar(long insn, int op) {
    // The limits that the kernel would patch in belong to its JIT; see sanitizePointer.
  }

  private void sanitizeBounds(int dst) {
    if (env.priv.bypassSpecV1()) {
      return;
    }
    RegState d = env.reg(dst);
    if (d.type() == RegType.STACK) {
      long off = d.constOff();
      if (!d.range().isConst()) {
        throw env.reject(
            Errno.EACCES,
            "R%d variable stack access prohibited for !root, var_off=%s off=%d",
            dst,
            StatePrinter.tnum(d.varOff()),
            off);
      }
      if (off >= 0 || off < -Env.MAX_STACK) {
        throw env.reject(
            Errno.EACCES,
            "R%d stack pointer arithmetic goes out of range, prohibited for !root; off=%d",
            dst,
            off);
      }
    } else if (d.type() == RegType.MAP_VALUE) {
      try {
        m.mem.maps().checkAccess(dst, d.off(), 1, false, false);
      } catch (bpf4j.verifier.env.Rejection e) {
        throw env.reject(
            Errno.EACCES,
            "R%d pointer arithmetic of map value goes out of range, prohibited for !root",
            dst);
      }
    }
  }
}
