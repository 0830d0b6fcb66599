package bpf4j.verifier.exec;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import bpf4j.verifier.call.References;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.domain.Bounds;
import bpf4j.verifier.domain.Branches;
import bpf4j.verifier.domain.ScalarAlu;
import bpf4j.verifier.domain.ScalarRange;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.HistoryEntry;
import bpf4j.verifier.state.LinkedRegs;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;
import bpf4j.verifier.state.VerifierMap;

/// Conditional jumps: which way they go, and what each way tells about the operands.
public final class JumpInsns {
  private final Machine m;
  private final Env env;
  private final PacketJumps packets;

  JumpInsns(Machine m) {
    this.m = m;
    this.env = m.env;
    packets = new PacketJumps();
  }

  void execute(long insn) {
    int op = Insns.op(insn);
    if (op == Opcodes.JA || op > Opcodes.JCOND) {
      throw env.reject(Errno.EINVAL, "invalid BPF_JMP/JMP32 opcode %x", op);
    }
    if (op == Opcodes.JCOND) {
      mayGoto(insn);
      return;
    }
    conditional(insn, op);
  }

  /// `may_goto`: the loop may go on or end here, for as many rounds as a counter allows.
  private void mayGoto(long insn) {
    int imm = RawInsn.imm(insn);
    if (!Insns.isMayGoto(insn) || RawInsn.dst(insn) != 0 || imm != 0) {
      throw env.reject(Errno.EINVAL, "invalid may_goto imm %d", imm);
    }
    int idx = env.insnIdx;
    PathState cur = env.cur();
    PathState parent = cur.parent;
    PathState prev = parent == null ? null : m.checkpoints.previousAt(parent, idx);
    PathState queued = m.paths.push(idx + 1, idx, false);
    queued.mayGotoDepth++;
    if (prev != null) {
      m.callbacks.widen(prev, queued);
    }
    env.insnIdx += RawInsn.off(insn);
  }

  private void conditional(long insn, int op) {
    int dst = RawInsn.dst(insn);
    int src = RawInsn.src(insn);
    boolean isReg = Insns.isRegOperand(insn);
    boolean is32 = RawInsn.insnClass(insn) == Opcodes.JMP32;
    RegState d = m.regUse.read(dst);
    RegState s = operand(insn, d, isReg);
    int flags = d.type() == RegType.STACK ? HistoryEntry.DST_STACK : 0;
    if (isReg && s.type() == RegType.STACK) {
      flags |= HistoryEntry.SRC_STACK;
    }
    PathState here = env.cur();
    if (flags != 0) {
      env.pushHistory(here, flags, 0);
    }
    int taken = taken(d, s, op, is32);
    if (taken >= 0) {
      if (d.isScalar()) {
        m.precision.markReg(dst);
      }
      if (isReg && s.isScalar()) {
        m.precision.markReg(src);
      }
      follow(insn, taken == 1);
      return;
    }
    LinkedRegs linked = new LinkedRegs();
    if (isReg && s.isScalar() && s.id() != 0) {
      collectLinked(here, s.id(), linked);
    }
    if (d.isScalar() && d.id() != 0) {
      collectLinked(here, d.id(), linked);
    }
    if (linked.count() > 1) {
      env.pushHistory(here, 0, linked.pack());
    }
    PathState there = m.paths.push(env.insnIdx + RawInsn.off(insn) + 1, env.insnIdx, false);
    refine(insn, op, is32, s, there);
    syncBoth(isReg ? src : -1, dst, there, linked);
    // The states are read again: refining changed them.
    nullChecks(insn, op, is32, there);
    if (env.log.level1()) {
      env.printInsnState(here, here.curFrameno());
    }
  }

  private RegState operand(long insn, RegState d, boolean isReg) {
    if (!isReg) {
      if (RawInsn.src(insn) != 0) {
        throw env.reject(Errno.EINVAL, "BPF_JMP/JMP32 uses reserved fields");
      }
      return RegState.constant(RawInsn.imm(insn));
    }
    if (RawInsn.imm(insn) != 0) {
      throw env.reject(Errno.EINVAL, "BPF_JMP/JMP32 uses reserved fields");
    }
    int src = RawInsn.src(insn);
    RegState s = m.regUse.read(src);
    if (!(isPacketAny(d) && isPacketAny(s)) && env.isPointerValue(s)) {
      throw env.reject(Errno.EACCES, "R%d pointer comparison prohibited", src);
    }
    return s;
  }

  static boolean isPacketAny(RegState r) {
    return RegType.isPacket(r.type()) || r.type() == RegType.PACKET_END;
  }

  /// Goes the only way that is possible; the other one is explored where speculation could take it.
  private void follow(long insn, boolean jump) {
    PathState here = env.cur();
    if (!env.priv.bypassSpecV1()) {
      int other = jump ? env.insnIdx + 1 : env.insnIdx + RawInsn.off(insn) + 1;
      m.paths.push(other, env.insnIdx, true);
    }
    if (env.log.level1()) {
      env.printInsnState(here, here.curFrameno());
    }
    if (jump) {
      env.insnIdx += RawInsn.off(insn);
    }
  }

  private int taken(RegState a, RegState b, int op, boolean is32) {
    if (isPacketAny(a) && isPacketAny(b) && !is32) {
      return packets.taken(a, b, op);
    }
    if (a.isScalar() && b.isScalar()) {
      return Branches.taken(a.range(), b.range(), op, is32);
    }
    RegState ptr = a;
    RegState num = b;
    int o = op;
    if (!num.isConstScalar(is32)) {
      ptr = b;
      num = a;
      o = Branches.flip(op);
    }
    // A pointer that cannot be null is unequal to zero; nothing else is known about its value.
    if (!num.isConstScalar(is32) || !isNotNull(ptr) || num.range().constValue(is32) != 0) {
      return -1;
    }
    return o == Branches.JEQ ? 0 : o == Branches.JNE ? 1 : -1;
  }

  /// Whether the register surely holds a valid pointer.
  boolean isNotNull(RegState r) {
    int type = r.type();
    if (RegType.mayBeNull(type)) {
      return false;
    }
    return switch (RegType.base(type)) {
      case RegType.SOCKET,
          RegType.TCP_SOCK,
          RegType.MAP_VALUE,
          RegType.MAP_KEY,
          RegType.SOCK_COMMON,
          RegType.MAP_PTR ->
          true;
      case RegType.BTF_ID -> isTrusted(r);
      case RegType.MEM -> (type & RegType.UNTRUSTED) == 0;
      default -> false;
    };
  }

  /// Whether a pointer surely points to a live object.
  public static boolean isTrusted(RegState r) {
    if (r.refObjId() != 0) {
      return true;
    }
    int type = r.type();
    boolean knownKind =
        switch (RegType.base(type)) {
          case RegType.SOCKET, RegType.SOCK_COMMON, RegType.TCP_SOCK, RegType.MAP_PTR -> true;
          default -> false;
        };
    if (knownKind && !RegType.hasUnsafeModifiers(type)) {
      return true;
    }
    return (type & RegType.TRUSTED_MODIFIERS) != 0 && !RegType.hasUnsafeModifiers(type);
  }

  // ---- ranges --------------------------------------------------------------------------------

  private void refine(long insn, int op, boolean is32, RegState s, PathState there) {
    int dst = RawInsn.dst(insn);
    RegState d = env.reg(dst);
    if (!d.isScalar() || !s.isScalar()) {
      return;
    }
    int src = Insns.isRegOperand(insn) ? RawInsn.src(insn) : -1;
    refine(env.regs(), dst, src, s, op, is32, false);
    refine(there.cur().regs, dst, src, s, op, is32, true);
  }

  private void refine(
      RegState[] regs, int dst, int src, RegState s, int op, boolean is32, boolean outcome) {
    Bounds a = Bounds.of(regs[dst].range());
    // Compared with itself, a register has one range that both sides narrow.
    Bounds b = src == dst ? a : Bounds.of(s.range());
    Branches.refine(a, b, op, is32, outcome);
    String side = outcome ? "true_reg" : "false_reg";
    regs[dst] = m.alu.checkInvariants(regs[dst].withRange(a.freeze()), side + 1);
    if (src >= 0 && src != dst) {
      regs[src] = m.alu.checkInvariants(regs[src].withRange(b.freeze()), side + 2);
    }
  }

  // ---- linked scalars ------------------------------------------------------------------------

  private void collectLinked(PathState st, int id, LinkedRegs linked) {
    int base = id & ~RegState.ADD_CONST;
    for (int fr = st.curFrameno(); fr >= 0; fr--) {
      Frame f = st.frame(fr);
      int live = env.aux.liveRegs[st.frameInsnIdx(fr)];
      for (int i = 0; i < Frame.FP; i++) {
        RegState r = f.regs[i];
        if ((live >> i & 1) != 0
            && r.isScalar()
            && r.baseId() == base
            && !linked.add(fr, i, true)) {
          f.regs[i] = r.withId(0);
        }
      }
      for (int i = 0; i < f.slots(); i++) {
        StackSlot s = f.slot(i);
        if (s.isSpilledScalar() && s.spilled().baseId() == base && !linked.add(fr, i, false)) {
          f.setSlot(i, s.withSpilled(s.spilled().withId(0)));
        }
      }
    }
  }

  private void syncBoth(int src, int dst, PathState there, LinkedRegs linked) {
    if (src >= 0 && env.reg(src).isScalar() && env.reg(src).id() != 0) {
      syncLinked(env.cur(), src, linked);
      syncLinked(there, src, linked);
    }
    if (env.reg(dst).isScalar() && env.reg(dst).id() != 0) {
      syncLinked(env.cur(), dst, linked);
      syncLinked(there, dst, linked);
    }
  }

  /// Gives the range of register `known` of the current frame to the scalars linked to it.
  private static void syncLinked(PathState st, int known, LinkedRegs linked) {
    RegState k = st.cur().regs[known];
    for (int i = 0; i < linked.count(); i++) {
      Frame f = st.frame(linked.frameno(i));
      int at = linked.regOrSpi(i);
      boolean isReg = linked.isReg(i);
      RegState r = isReg ? f.regs[at] : f.slot(at).spilled();
      boolean self = isReg && at == known && f == st.cur();
      if (!r.isScalar() || self || r.baseId() != k.baseId()) {
        continue;
      }
      RegState n = linkedValue(r, k);
      if (isReg) {
        f.regs[at] = n;
      } else {
        f.setSlot(at, f.slot(at).withSpilled(n));
      }
    }
  }

  private static RegState linkedValue(RegState r, RegState known) {
    boolean noDistance = ((r.id() | known.id()) & RegState.ADD_CONST) == 0;
    if (noDistance || r.off() == known.off()) {
      return known;
    }
    Bounds b = Bounds.of(known.range());
    ScalarAlu.add(b, ScalarRange.constant((long) r.off() - known.off()));
    if ((known.id() & RegState.ADD_CONST32) != 0 || (r.id() & RegState.ADD_CONST32) != 0) {
      ScalarAlu.zeroExtend32(b);
    }
    return known.withRange(b.sync().freeze()).withOff(r.off()).withId(r.id());
  }

  // ---- null checks and packet limits ---------------------------------------------------------

  private void nullChecks(long insn, int op, boolean is32, PathState there) {
    int dst = RawInsn.dst(insn);
    int src = RawInsn.src(insn);
    boolean isReg = Insns.isRegOperand(insn);
    RegState d = env.reg(dst);
    if (!is32 && isReg) {
      comparePointers(op, dst, src, there);
      d = env.reg(dst);
    }
    boolean zeroTest =
        !is32
            && !isReg
            && RawInsn.imm(insn) == 0
            && (op == Branches.JEQ || op == Branches.JNE)
            && RegType.mayBeNull(d.type());
    if (zeroTest) {
      markNull(env.cur(), dst, op == Branches.JNE);
      markNull(there, dst, op == Branches.JEQ);
      return;
    }
    boolean matched = isReg && !is32 && packets.match(op, dst, src, env.cur(), there);
    if (!matched && env.isPointerValue(dst)) {
      throw env.reject(Errno.EACCES, "R%d pointer comparison prohibited", dst);
    }
  }

  /// A pointer equal to one that is not null is not null either.
  private void comparePointers(int op, int dst, int src, PathState there) {
    RegState d = env.reg(dst);
    RegState s = env.reg(src);
    if (d.isScalar()
        || s.isScalar()
        || RegType.mayBeNull(d.type()) == RegType.mayBeNull(s.type())
        || RegType.base(d.type()) == RegType.BTF_ID
        || RegType.base(s.type()) == RegType.BTF_ID) {
      return;
    }
    RegState[] equal =
        op == Branches.JEQ ? there.cur().regs : op == Branches.JNE ? env.regs() : null;
    if (equal != null) {
      int r = RegType.mayBeNull(s.type()) ? src : dst;
      equal[r] = notNull(equal[r]);
    }
  }

  /// Registers with the id of `regno`, which was compared with zero, are null or not.
  private void markNull(PathState st, int regno, boolean isNull) {
    RegState tested = st.cur().regs[regno];
    int id = tested.id();
    if (tested.refObjId() != 0 && tested.refObjId() == id && isNull) {
      References.drop(st, id);
    }
    st.mapRegs(r -> RegType.mayBeNull(r.type()) && r.id() == id ? nullTested(r, isNull) : r);
  }

  private RegState nullTested(RegState r, boolean isNull) {
    boolean mayHaveOff = RegType.isPtrToAllocObj(r.type()) || RegType.isNonOwningRef(r.type());
    if (!r.range().isConst(0) || (r.off() != 0 && !mayHaveOff)) {
      return r;
    }
    if (isNull) {
      // The offset of an object pointer goes away with the pointer.
      return RegState.ZERO.withPrecise(r.precise()).withOff(r.off());
    }
    RegState n = notNullState(r);
    // Locks are told apart by the id of the pointer they are reached through.
    return pointsToLock(n) ? n : n.withId(0);
  }

  /// The register after it was found not to be null.
  public RegState notNull(RegState r) {
    return notNullState(r);
  }

  private static RegState notNullState(RegState r) {
    if (RegType.base(r.type()) != RegType.MAP_VALUE) {
      return r.withType(r.type() & ~RegType.MAYBE_NULL);
    }
    VerifierMap map = r.map();
    VerifierMap inner = map.inner();
    if (inner != null) {
      FieldRecord f = inner.fields();
      boolean needsUid =
          f.has(FieldRecord.Kind.TIMER)
              || f.has(FieldRecord.Kind.WORKQUEUE)
              || f.has(FieldRecord.Kind.TASK_WORK);
      int uid = needsUid ? r.id() : r.mapUid();
      return r.withType(RegType.MAP_PTR).withPointee(new Pointee.MapRef(inner, uid));
    }
    if (map.type() == MapType.XSKMAP) {
      return r.withType(RegType.XDP_SOCK);
    }
    if (map.type() == MapType.SOCKMAP || map.type() == MapType.SOCKHASH) {
      return r.withType(RegType.SOCKET);
    }
    return r.withType(RegType.MAP_VALUE);
  }

  private boolean pointsToLock(RegState r) {
    FieldRecord fields = env.types.fieldsOf(r);
    return fields != null && fields.hasLock();
  }
}
