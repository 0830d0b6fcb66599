package bpf4j.verifier.exec;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.domain.Bounds;
import bpf4j.verifier.domain.ScalarAlu;
import bpf4j.verifier.domain.ScalarRange;
import bpf4j.verifier.domain.Tnum;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Arithmetic, moves and byte swaps.
public final class AluInsns {
  private static final int CAST_TO_KERNEL = 1;
  private static final int CAST_TO_USER = 1 << 16;
  private static final String[] OPERATORS = {
    "+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "endian"
  };

  private final Machine m;
  private final Env env;

  AluInsns(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// The operator's text in messages.
  static String operator(int op) {
    return OPERATORS[op >> 4];
  }

  void execute(long insn) {
    int op = Insns.op(insn);
    if (op == Opcodes.END || op == Opcodes.NEG) {
      unary(insn, op);
    } else if (op == Opcodes.MOV) {
      move(insn);
    } else if (op > Opcodes.END) {
      throw env.reject(Errno.EINVAL, "invalid BPF_ALU opcode %x", op);
    } else {
      binary(insn, op);
    }
    checkInvariants(RawInsn.dst(insn), "alu");
  }

  // ---- negation and byte swap ----------------------------------------------------------------

  private void unary(long insn, int op) {
    int dst = RawInsn.dst(insn);
    int imm = RawInsn.imm(insn);
    boolean alu64 = RawInsn.insnClass(insn) == Opcodes.ALU64;
    if (op == Opcodes.NEG) {
      if (Insns.isRegOperand(insn)
          || RawInsn.src(insn) != 0
          || RawInsn.off(insn) != 0
          || imm != 0) {
        throw env.reject(Errno.EINVAL, "BPF_NEG uses reserved fields");
      }
    } else if (RawInsn.src(insn) != 0
        || RawInsn.off(insn) != 0
        || (imm != 16 && imm != 32 && imm != 64)
        || (alu64 && Insns.isRegOperand(insn))) {
      throw env.reject(Errno.EINVAL, "BPF_END uses reserved fields");
    }
    RegState r = m.regUse.read(dst);
    if (env.isPointerValue(r)) {
      throw env.reject(Errno.EACCES, "R%d pointer arithmetic prohibited", dst);
    }
    if (!r.isScalar()) {
      m.regUse.writeUnknown(dst);
      return;
    }
    m.regUse.write(dst);
    if (op == Opcodes.NEG) {
      ScalarRange neg = ScalarAlu.apply(op, !alu64, r.range(), r.range());
      env.setReg(dst, r.withRange(neg).unlinked());
    } else {
      // BPF_TO_BE is the register bit; on the little-endian model TO_LE only truncates.
      boolean swap = alu64 || Insns.isRegOperand(insn);
      env.setReg(dst, r.withRange(ScalarAlu.byteSwap(r.range(), imm, swap)).unlinked());
    }
  }

  // ---- moves ---------------------------------------------------------------------------------

  private void move(long insn) {
    boolean alu64 = RawInsn.insnClass(insn) == Opcodes.ALU64;
    boolean isReg = Insns.isRegOperand(insn);
    int off = RawInsn.off(insn);
    if (isReg) {
      checkMoveFields(insn, alu64, off);
      m.regUse.read(RawInsn.src(insn));
    } else if (RawInsn.src(insn) != 0 || off != 0) {
      throw env.reject(Errno.EINVAL, "BPF_MOV uses reserved fields");
    }
    int dst = RawInsn.dst(insn);
    m.regUse.write(dst);
    if (!isReg) {
      long v = alu64 ? RawInsn.imm(insn) : Integer.toUnsignedLong(RawInsn.imm(insn));
      env.setReg(dst, RegState.constant(v).withPrecise(!env.priv.bpfCapable()));
    } else if (!alu64) {
      move32(insn, off);
    } else if (RawInsn.imm(insn) != 0) {
      castAddressSpace(dst, RawInsn.imm(insn));
    } else if (off == 0) {
      int src = RawInsn.src(insn);
      RegState s = m.stack.linkable(env.reg(src));
      env.setReg(src, s);
      env.setReg(dst, s);
    } else {
      moveSignExtend(insn, off);
    }
  }

  private void checkMoveFields(long insn, boolean alu64, int off) {
    int imm = RawInsn.imm(insn);
    if (alu64 && off == Opcodes.ADDR_SPACE_CAST) {
      if (imm != CAST_TO_KERNEL && imm != CAST_TO_USER) {
        throw env.reject(
            Errno.EINVAL, "addr_space_cast insn can only convert between address space 1 and 0");
      }
      if (!env.hasArena) {
        throw env.reject(
            Errno.EINVAL,
            "addr_space_cast insn can only be used in a program that has an associated arena");
      }
      return;
    }
    boolean sizeOk = off == 0 || off == 8 || off == 16 || (alu64 && off == 32);
    if (!sizeOk || imm != 0) {
      throw env.reject(Errno.EINVAL, "BPF_MOV uses reserved fields");
    }
  }

  private void castAddressSpace(int dst, int imm) {
    env.setUnknown(dst);
    if (imm == CAST_TO_KERNEL) {
      env.setReg(dst, env.reg(dst).withType(RegType.ARENA));
    }
  }

  private void moveSignExtend(long insn, int off) {
    int src = RawInsn.src(insn);
    int dst = RawInsn.dst(insn);
    RegState s = env.reg(src);
    if (env.isPointerValue(s)) {
      throw env.reject(Errno.EACCES, "R%d sign-extension part of pointer", src);
    }
    if (!s.isScalar()) {
      env.setUnknown(dst);
      return;
    }
    // A value below the sign bit is unchanged, so it stays linked.
    boolean unchanged = Long.compareUnsigned(s.range().umax, 1L << (off - 1)) < 0;
    if (unchanged) {
      s = m.stack.linkable(s);
      env.setReg(src, s);
    }
    RegState d = unchanged ? s : s.withId(0);
    env.setReg(dst, d.withRange(ScalarAlu.signExtend(s.range(), off >> 3)));
  }

  private void move32(long insn, int off) {
    int src = RawInsn.src(insn);
    int dst = RawInsn.dst(insn);
    RegState s = env.reg(src);
    if (env.isPointerValue(s)) {
      throw env.reject(Errno.EACCES, "R%d partial copy of pointer", src);
    }
    if (!s.isScalar()) {
      env.setReg(
          dst,
          RegState.unknown(!env.priv.bpfCapable()).withRange(ScalarAlu.mov32(ScalarRange.UNKNOWN)));
      return;
    }
    boolean unchanged =
        off == 0
            ? s.range().width() <= 32
            : Long.compareUnsigned(s.range().umax, 1L << (off - 1)) < 0;
    if (unchanged) {
      s = m.stack.linkable(s);
      env.setReg(src, s);
    }
    RegState d = unchanged ? s : s.withId(0);
    ScalarRange r =
        off == 0 ? ScalarAlu.mov32(s.range()) : ScalarAlu.signExtend32(s.range(), off >> 3);
    env.setReg(dst, d.withRange(r));
  }

  // ---- binary operators ----------------------------------------------------------------------

  private void binary(long insn, int op) {
    int off = RawInsn.off(insn);
    int imm = RawInsn.imm(insn);
    boolean isReg = Insns.isRegOperand(insn);
    boolean signedOff = off == 1 && (op == Opcodes.MOD || op == Opcodes.DIV);
    boolean badOff = off != 0 && !signedOff;
    if (badOff || (isReg ? imm != 0 : RawInsn.src(insn) != 0)) {
      throw env.reject(Errno.EINVAL, "BPF_ALU uses reserved fields");
    }
    if (isReg) {
      m.regUse.read(RawInsn.src(insn));
    }
    int dst = RawInsn.dst(insn);
    m.regUse.read(dst);
    if ((op == Opcodes.MOD || op == Opcodes.DIV) && !isReg && imm == 0) {
      throw env.reject(Errno.EINVAL, "div by zero");
    }
    boolean isShift = op == Opcodes.LSH || op == Opcodes.RSH || op == Opcodes.ARSH;
    if (isShift && !isReg) {
      int bits = RawInsn.insnClass(insn) == Opcodes.ALU64 ? 64 : 32;
      if (imm < 0 || imm >= bits) {
        throw env.reject(Errno.EINVAL, "invalid shift %d", imm);
      }
    }
    m.regUse.write(dst);
    operate(insn, op);
  }

  private void operate(long insn, int op) {
    int dst = RawInsn.dst(insn);
    int src = RawInsn.src(insn);
    boolean isReg = Insns.isRegOperand(insn);
    RegState d = env.reg(dst);
    if (d.type() == RegType.ARENA) {
      return;
    }
    RegState s = isReg ? env.reg(src) : RegState.constant(RawInsn.imm(insn));
    if (isReg && !s.isScalar()) {
      if (d.isScalar()) {
        // scalar += pointer
        m.precision.markReg(dst);
        m.pointerAlu.execute(insn, src, true);
      } else if (op == Opcodes.SUB && env.priv.allowPtrLeaks()) {
        env.setUnknown(dst);
      } else {
        throw env.reject(Errno.EACCES, "R%d pointer %s pointer prohibited", dst, operator(op));
      }
      return;
    }
    if (!d.isScalar()) {
      if (isReg) {
        m.precision.markReg(src);
      }
      m.pointerAlu.execute(insn, dst, false);
      return;
    }
    if (isReg && d.precise()) {
      m.precision.markReg(src);
    }
    scalars(insn, op, dst, s);
  }

  private void scalars(long insn, int op, int dst, RegState s) {
    boolean is32 = RawInsn.insnClass(insn) != Opcodes.ALU64;
    RegState before = env.reg(dst);
    RegState d = before;
    if (!ScalarAlu.isTracked(op, is32, s.range())) {
      env.setUnknown(dst);
      return;
    }
    m.pointerAlu.sanitizeScalar(insn, op);
    if ((op == Opcodes.AND || op == Opcodes.OR) && s.range().isConst()) {
      d = forkSignMask(dst, d);
    }
    ScalarRange r = ScalarAlu.apply(op, is32, d.range(), s.range());
    env.setReg(dst, linked(op, is32, before, d.withRange(r), s));
  }

  /// A register that is 0 or -1, as after `s>>= 63`, is split into its two values: masks made of it
  /// are then exact.
  private RegState forkSignMask(int dst, RegState d) {
    boolean is32;
    if (d.range().smin == -1 && d.range().smax == 0) {
      is32 = false;
    } else if (d.range().s32min == -1 && d.range().s32max == 0) {
      is32 = true;
    } else {
      return d;
    }
    PathState branch = m.paths.push(env.insnIdx, env.insnIdx, false);
    RegState[] regs = branch.cur().regs;
    regs[dst] = known(regs[dst], is32, 0);
    return known(d, is32, -1);
  }

  private static RegState known(RegState r, boolean is32, int v) {
    Bounds b = Bounds.of(r.range());
    if (is32) {
      b.set32Const(v);
      return r.withRange(b.freeze());
    }
    return r.withRange(b.setConst(v).freeze()).unlinked().withPointee(Pointee.NONE);
  }

  /// Keeps the link of `r += const` as a distance, and drops any other.
  private RegState linked(int op, boolean is32, RegState before, RegState r, RegState s) {
    if (!env.priv.bpfCapable()
        || (op != Opcodes.ADD && op != Opcodes.SUB)
        || r.id() == 0
        || !s.isConstScalar(is32)) {
      return r.withId(0);
    }
    long v = s.range().constValue(is32);
    boolean fits = is32 || v == (int) v;
    boolean wasWide = is32 && Long.compareUnsigned(before.range().umax, 0xffffffffL) > 0;
    int delta = (int) v;
    boolean negatable = op == Opcodes.ADD || delta != Integer.MIN_VALUE;
    // Only one addition is remembered.
    if (!fits || wasWide || !negatable || (r.id() & RegState.ADD_CONST) != 0) {
      return r.unlinked();
    }
    int flag = is32 ? RegState.ADD_CONST32 : RegState.ADD_CONST64;
    return r.withId(r.id() | flag).withOff(op == Opcodes.SUB ? -delta : delta);
  }

  /// A range that no value satisfies is a bug of the domain; the kernel then forgets the intervals.
  void checkInvariants(int regno, String what) {
    RegState r = env.reg(regno);
    if (r.type() == RegType.NOT_INIT) {
      return;
    }
    env.setReg(regno, checkInvariants(r, what));
  }

  RegState checkInvariants(RegState r, String what) {
    if (r.range() == ScalarRange.UNKNOWN || r.range() == ScalarRange.ZERO) {
      return r;
    }
    String violation = Bounds.violation(r.range());
    if (violation.isEmpty()) {
      return r;
    }
    env.log.printf(
        "verifier bug: REG INVARIANTS VIOLATION (%s): %s %s(1)\n", what, violation, r.range());
    if (env.testRegInvariants) {
      throw new bpf4j.verifier.env.Rejection(Errno.EFAULT);
    }
    Tnum t = r.varOff();
    Bounds b = new Bounds();
    b.tnum = t;
    return r.withRange(b.freeze());
  }
}
