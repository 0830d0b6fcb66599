package bpf4j.verifier.exec;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.VerifierMap;

/// Load, store, atomic and wide-immediate instructions.
public final class MemInsns {
  private static final int XCHG = 0xe1;
  private static final int CMPXCHG = 0xf1;
  private final Machine m;
  private final Env env;

  MemInsns(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  void load(long insn) {
    load(insn, false, Insns.mode(insn) == Opcodes.MEMSX, true);
  }

  private void load(long insn, boolean strictOnce, boolean signExtend, boolean trustMayVary) {
    int src = RawInsn.src(insn);
    int dst = RawInsn.dst(insn);
    m.regUse.read(src);
    m.regUse.write(dst);
    int type = env.reg(src).type();
    m.mem.check(
        env.insnIdx,
        src,
        RawInsn.off(insn),
        Insns.accessBytes(insn),
        false,
        dst,
        strictOnce,
        signExtend);
    savePointerType(type, trustMayVary);
  }

  void store(long insn) {
    if (Insns.mode(insn) != Opcodes.MEM || RawInsn.imm(insn) != 0) {
      throw env.reject(Errno.EINVAL, "BPF_STX uses reserved fields");
    }
    store(insn, false);
  }

  private void store(long insn, boolean strictOnce) {
    int src = RawInsn.src(insn);
    int dst = RawInsn.dst(insn);
    m.regUse.read(src);
    m.regUse.read(dst);
    int type = env.reg(dst).type();
    m.mem.check(
        env.insnIdx, dst, RawInsn.off(insn), Insns.accessBytes(insn), true, src, strictOnce, false);
    savePointerType(type, false);
  }

  void storeImm(long insn) {
    if (Insns.mode(insn) != Opcodes.MEM || RawInsn.src(insn) != 0) {
      throw env.reject(Errno.EINVAL, "BPF_ST uses reserved fields");
    }
    int dst = RawInsn.dst(insn);
    m.regUse.read(dst);
    int type = env.reg(dst).type();
    m.mem.check(
        env.insnIdx, dst, RawInsn.off(insn), Insns.accessBytes(insn), true, -1, false, false);
    savePointerType(type, false);
  }

  // ---- pointer type of an instruction --------------------------------------------------------

  /// The kernel rewrites an access by its pointer type, so all paths must agree on it.
  void savePointerType(int type, boolean trustMayVary) {
    int prev = env.aux.ptrType[env.insnIdx];
    if (prev == RegType.NOT_INIT) {
      env.aux.ptrType[env.insnIdx] = type;
      return;
    }
    if (type == prev || (mayVary(type) && mayVary(prev))) {
      return;
    }
    if (trustMayVary && isMemOrBtf(type) && isMemOrBtf(prev)) {
      boolean mem = RegType.base(type) == RegType.MEM || RegType.base(prev) == RegType.MEM;
      env.aux.ptrType[env.insnIdx] =
          (mem ? RegType.MEM : RegType.BTF_ID)
              | ((type | prev) & (RegType.UNTRUSTED | RegType.RDONLY));
      return;
    }
    throw env.reject(Errno.EINVAL, "same insn cannot be used with different pointers");
  }

  private static boolean mayVary(int type) {
    return switch (RegType.base(type)) {
      case RegType.CTX,
          RegType.SOCKET,
          RegType.SOCK_COMMON,
          RegType.TCP_SOCK,
          RegType.XDP_SOCK,
          RegType.BTF_ID,
          RegType.ARENA ->
          false;
      default -> true;
    };
  }

  private static boolean isMemOrBtf(int type) {
    int base = RegType.base(type);
    return base == RegType.MEM || base == RegType.BTF_ID;
  }

  // ---- atomics -------------------------------------------------------------------------------

  void atomic(long insn) {
    switch (RawInsn.imm(insn)) {
      case Opcodes.ADD,
          Opcodes.ADD | Opcodes.FETCH,
          Opcodes.AND,
          Opcodes.AND | Opcodes.FETCH,
          Opcodes.OR,
          Opcodes.OR | Opcodes.FETCH,
          Opcodes.XOR,
          Opcodes.XOR | Opcodes.FETCH,
          XCHG,
          CMPXCHG ->
          readModifyWrite(insn);
      case Opcodes.LOAD_ACQ -> {
        load(insn, true, false, false);
        checkAtomicPointer(RawInsn.src(insn), "loads from");
      }
      case Opcodes.STORE_REL -> {
        store(insn, true);
        checkAtomicPointer(RawInsn.dst(insn), "stores into");
      }
      default ->
          throw env.reject(
              Errno.EINVAL, "BPF_ATOMIC uses invalid atomic opcode %02x", RawInsn.imm(insn));
    }
  }

  private void checkAtomicPointer(int regno, String what) {
    int type = env.reg(regno).type();
    if (type == RegType.CTX
        || RegType.isPacket(type)
        || type == RegType.FLOW_KEYS
        || RegType.isSock(type)) {
      throw env.reject(
          Errno.EACCES, "BPF_ATOMIC %s R%d %s is not allowed", what, regno, RegType.name(type));
    }
  }

  private void readModifyWrite(long insn) {
    int size = Insns.accessBytes(insn);
    if (size != 4 && size != 8) {
      throw env.reject(Errno.EINVAL, "invalid atomic operand size");
    }
    int src = RawInsn.src(insn);
    int dst = RawInsn.dst(insn);
    int imm = RawInsn.imm(insn);
    m.regUse.read(src);
    m.regUse.read(dst);
    if (imm == CMPXCHG) {
      m.regUse.read(0);
      refuseLeak(0);
    }
    refuseLeak(src);
    checkAtomicPointer(dst, "stores into");
    int loaded = -1;
    if ((imm & Opcodes.FETCH) != 0) {
      loaded = imm == CMPXCHG ? 0 : src;
      m.regUse.writeUnknown(loaded);
    }
    int off = RawInsn.off(insn);
    m.mem.check(env.insnIdx, dst, off, size, false, -1, true, false);
    if (loaded >= 0) {
      m.mem.check(env.insnIdx, dst, off, size, false, loaded, true, false);
    }
    if (env.reg(dst).type() == RegType.ARENA) {
      savePointerType(RegType.ARENA, false);
    }
    m.mem.check(env.insnIdx, dst, off, size, true, -1, true, false);
  }

  private void refuseLeak(int regno) {
    if (env.isPointerValue(regno)) {
      throw env.reject(Errno.EACCES, "R%d leaks addr into mem", regno);
    }
  }

  // ---- wide immediates and packet loads ------------------------------------------------------

  void loadWide(long insn) {
    if (Insns.accessBytes(insn) != 8) {
      throw env.reject(Errno.EINVAL, "invalid BPF_LD_IMM insn");
    }
    if (RawInsn.off(insn) != 0) {
      throw env.reject(Errno.EINVAL, "BPF_LD_IMM64 uses reserved fields");
    }
    int dst = RawInsn.dst(insn);
    m.regUse.writeUnknown(dst);
    long high = env.insns[env.insnIdx + 1];
    switch (RawInsn.src(insn)) {
      case 0 ->
          env.setReg(
              dst,
              RegState.constant(
                      (long) RawInsn.imm(high) << 32 | Integer.toUnsignedLong(RawInsn.imm(insn)))
                  .withPrecise(!env.priv.bpfCapable()));
      case Opcodes.PSEUDO_BTF_ID -> env.setReg(dst, m.btf.ksym(m, env.insnIdx));
      case Opcodes.PSEUDO_FUNC -> env.setReg(dst, function(insn));
      default -> env.setReg(dst, map(insn, RawInsn.imm(high)));
    }
  }

  private RegState function(long insn) {
    int idx = env.subprogStartingAt(Insns.calleeSlot(insn, env.insnIdx));
    if (env.spec.funcInfo().isEmpty()) {
      throw env.reject(Errno.EINVAL, "missing btf func_info");
    }
    if (env.subprogs.get(idx).isGlobal) {
      throw env.reject(Errno.EINVAL, "callback function not static");
    }
    return RegState.pointer(RegType.FUNC, new Pointee.Subprog(idx));
  }

  private RegState map(long insn, int off) {
    VerifierMap map = env.aux.loadedMap[env.insnIdx];
    if (map == null) {
      throw new IllegalStateException("unresolved map at " + env.insnIdx);
    }
    boolean isValue =
        RawInsn.src(insn) == Opcodes.PSEUDO_MAP_VALUE
            || RawInsn.src(insn) == Opcodes.PSEUDO_MAP_IDX_VALUE;
    Pointee ref = new Pointee.MapRef(map, 0);
    if (!isValue) {
      return RegState.pointer(RegType.MAP_PTR, ref);
    }
    if (map.type() == MapType.ARENA) {
      return RegState.unknown(!env.priv.bpfCapable());
    }
    return RegState.pointer(RegType.MAP_VALUE, ref).withOff(off);
  }

  /// `BPF_LD_ABS` and `BPF_LD_IND`: packet loads that end the program where they fail.
  void loadPacket(long insn) {
    ProgType type = env.progType();
    if (type != ProgType.SOCKET_FILTER
        && type != ProgType.SCHED_CLS
        && type != ProgType.SCHED_ACT) {
      throw env.reject(
          Errno.EINVAL, "BPF_LD_[ABS|IND] instructions not allowed for this program type");
    }
    boolean abs = Insns.mode(insn) == Opcodes.ABS;
    if (RawInsn.dst(insn) != 0
        || RawInsn.off(insn) != 0
        || Insns.accessBytes(insn) == 8
        || (abs && RawInsn.src(insn) != 0)) {
      throw env.reject(Errno.EINVAL, "BPF_LD_[ABS|IND] uses reserved fields");
    }
    for (int fr = env.cur().curFrameno(); fr > 0; fr--) {
      if (env.cur().frame(fr).inCallback) {
        throw env.reject(Errno.EINVAL, "cannot use BPF_LD_[ABS|IND] within callback");
      }
    }
    m.regUse.read(6);
    m.refs.checkLeak(false, true, "BPF_LD_[ABS|IND]");
    if (env.reg(6).type() != RegType.CTX) {
      throw env.reject(Errno.EINVAL, "at the time of BPF_LD_ABS|IND R6 != pointer to skb");
    }
    if (!abs) {
      m.regUse.read(RawInsn.src(insn));
    }
    m.mem.checkUnmoved(env.reg(6), 6, false);
    Frame f = env.frame();
    m.regUse.clobberCallerSaved(f);
    env.setUnknown(0);
    if (env.cur().curFrameno() != 0) {
      // Where the load fails the subprogram returns 0.
      env.scratchReg(0);
      m.paths.push(env.insnIdx + 1, env.insnIdx, false);
      env.setReg(0, env.zeroScalar());
      m.subprogCalls.returnToCaller();
      env.insnIdx--;
    }
  }
}
