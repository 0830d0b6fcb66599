package bpf4j.verifier.call;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.ArgFlags;
import bpf4j.model.proto.ArgProto;
import bpf4j.model.proto.ArgType;
import bpf4j.model.proto.HelperProto;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import bpf4j.verifier.cfg.Callees;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;
import bpf4j.verifier.state.VerifierMap;
import org.jspecify.annotations.Nullable;

/// Calls of helpers: who may call, arguments by the prototype, effects and result.
public final class HelperCalls {
  private final Machine m;
  private final Env env;
  private final HelperEffects effects;

  public HelperCalls(Machine m) {
    this.m = m;
    this.env = m.env;
    effects = new HelperEffects(m);
  }

  /// Executes a helper call.
  public void call(long insn) {
    int id = RawInsn.imm(insn);
    String name = HelperTable.kernelName(id);
    if (id < 0 || id > HelperTable.maxId()) {
      throw env.reject(Errno.EINVAL, "invalid func %s#%d", "unknown", id);
    }
    HelperProto p = Callees.helper(env, id);
    if (p == null) {
      throw env.reject(Errno.EINVAL, "program of this type cannot use helper %s#%d", name, id);
    }
    checkMayCall(p, name);
    CallMeta meta = new CallMeta(id, p.pktAccess());
    for (int i = 1; i <= HelperProto.MAX_ARGS; i++) {
      checkArg(p, i, meta);
    }
    effects.recordMap(meta);
    effects.recordKey(meta);
    for (int i = 0; i < meta.rawSize; i++) {
      m.mem.check(env.insnIdx, meta.rawRegno, i, 1, true, -1, false, false);
    }
    effects.apply(p, meta, name);
  }

  private void checkMayCall(HelperProto p, String name) {
    if (p.gplOnly() && !env.gplCompatible()) {
      throw env.reject(
          Errno.EINVAL, "cannot call GPL-restricted function from non-GPL compatible program");
    }
    if (!HelperRules.isAllowed(env, p)) {
      throw env.reject(Errno.EINVAL, "helper call is not allowed in probe");
    }
    if (!p.mightSleep()) {
      return;
    }
    PathState st = env.cur();
    if (!st.inSleepable) {
      throw env.reject(Errno.EINVAL, "helper call might sleep in a non-sleepable prog");
    }
    if (st.activeRcuLocks != 0) {
      throw env.reject(
          Errno.EINVAL, "sleepable helper %s#%d in rcu_read_lock region", name, p.id());
    }
    if (st.activePreemptLocks != 0) {
      throw env.reject(
          Errno.EINVAL, "sleepable helper %s#%d in non-preemptible region", name, p.id());
    }
    if (st.activeIrqId != 0) {
      throw env.reject(Errno.EINVAL, "sleepable helper %s#%d in IRQ-disabled region", name, p.id());
    }
  }

  // ---- arguments -----------------------------------------------------------------------------

  private void checkArg(HelperProto p, int regno, CallMeta meta) {
    ArgProto arg = p.arg(regno);
    if (arg.type() == ArgType.DONTCARE) {
      return;
    }
    RegState reg = m.regUse.read(regno);
    if (arg.type() == ArgType.ANYTHING) {
      if (env.isPointerValue(reg)) {
        throw env.reject(Errno.EACCES, "R%d leaks addr into helper function", regno);
      }
      return;
    }
    if (RegType.isPacket(reg.type()) && !m.mem.mayAccessPacket(meta, false)) {
      throw env.reject(Errno.EACCES, "helper access to the packet is not allowed");
    }
    if (arg.type() == ArgType.PTR_TO_MAP_VALUE) {
      arg = mapValueArg(arg, meta);
    }
    if (!(reg.isNull() && arg.has(ArgFlags.MAYBE_NULL))) {
      HelperArgs.checkType(env, regno, arg, meta);
      if (RegType.base(reg.type()) == RegType.BTF_ID) {
        m.btf.helperArg(m, regno, arg, meta);
      }
      checkOffset(reg, regno, arg.has(ArgFlags.OBJ_RELEASE), arg.type() == ArgType.PTR_TO_DYNPTR);
    }
    checkReference(reg, regno, arg, meta);
    checkArgValue(p, reg, regno, arg, meta);
  }

  /// For sockmaps a value is a socket.
  private ArgProto mapValueArg(ArgProto arg, CallMeta meta) {
    VerifierMap map = meta.map;
    if (map == null) {
      throw new IllegalStateException("map value without a map in helper " + meta.funcId);
    }
    if (map.type() == MapType.SOCKMAP || map.type() == MapType.SOCKHASH) {
      if (arg.flags() == 0 || arg.flags() == ArgFlags.RDONLY) {
        return new ArgProto(ArgType.PTR_TO_BTF_ID_SOCK_COMMON, 0, 0, null);
      }
      throw env.reject(Errno.EINVAL, "invalid arg_type for sockmap/sockhash");
    }
    if (map.type() == MapType.BLOOM_FILTER && effects.isPeek(meta.funcId)) {
      return new ArgProto(ArgType.PTR_TO_MAP_VALUE, 0, 0, null);
    }
    return arg;
  }

  /// Whether a pointer argument may have an offset.
  public void checkOffset(RegState reg, int regno, boolean release, boolean isDynptr) {
    int type = reg.type();
    if (release) {
      if (isDynptr && type == RegType.STACK) {
        return;
      }
      if (reg.off() != 0) {
        throw env.reject(
            Errno.EINVAL,
            "R%d must have zero offset when passed to release func or trusted arg to kfunc",
            regno);
      }
      m.mem.checkUnmoved(reg, regno, false);
      return;
    }
    switch (type) {
      case RegType.STACK,
          RegType.PACKET,
          RegType.PACKET_META,
          RegType.MAP_KEY,
          RegType.MAP_VALUE,
          RegType.MEM,
          RegType.MEM | RegType.RDONLY,
          RegType.MEM | RegType.RINGBUF,
          RegType.BUF,
          RegType.BUF | RegType.RDONLY,
          RegType.ARENA,
          RegType.SCALAR -> {}
      case RegType.BTF_ID,
          RegType.BTF_ID | RegType.ALLOC,
          RegType.BTF_ID | RegType.TRUSTED,
          RegType.BTF_ID | RegType.RCU,
          RegType.BTF_ID | RegType.ALLOC | RegType.NON_OWN_REF,
          RegType.BTF_ID | RegType.ALLOC | RegType.NON_OWN_REF | RegType.RCU ->
          m.mem.checkUnmoved(reg, regno, true);
      default -> m.mem.checkUnmoved(reg, regno, false);
    }
  }

  private void checkReference(RegState reg, int regno, ArgProto arg, CallMeta meta) {
    if (arg.has(ArgFlags.OBJ_RELEASE)) {
      if (arg.type() == ArgType.PTR_TO_DYNPTR) {
        m.objects.checkReleasedDynptr(m, regno);
      } else if (reg.refObjId() == 0 && !reg.isNull()) {
        throw env.reject(
            Errno.EINVAL, "R%d must be referenced when passed to release function", regno);
      }
      meta.releaseRegno = regno;
    }
    if (reg.refObjId() != 0 && arg.type() != ArgType.KPTR_XCHG_DEST) {
      if (meta.refObjId != 0) {
        throw env.rejectOpen(
            Errno.EACCES,
            "more than one arg with ref_obj_id R%d %d %d",
            regno,
            reg.refObjId(),
            meta.refObjId);
      }
      meta.refObjId = reg.refObjId();
    }
  }

  private void checkArgValue(HelperProto p, RegState reg, int regno, ArgProto arg, CallMeta meta) {
    switch (arg.type()) {
      case CONST_MAP_PTR -> mapPointer(reg, meta);
      case PTR_TO_MAP_KEY -> mapKey(regno, meta);
      case PTR_TO_MAP_VALUE -> mapValue(reg, regno, arg, meta);
      case PTR_TO_PERCPU_BTF_ID -> meta.retType = reg.btf();
      case PTR_TO_SPIN_LOCK -> m.objects.spinLock(m, regno, effects.isSpinLock(meta.funcId), meta);
      case PTR_TO_TIMER -> m.objects.timerArg(m, regno, meta);
      case PTR_TO_FUNC ->
          meta.subprogIdx =
              reg.pointee() instanceof bpf4j.verifier.state.Pointee.Subprog s ? s.subprogIdx() : 0;
      case PTR_TO_MEM -> memory(regno, arg, meta);
      case CONST_SIZE -> m.mem.checkSizedMemory(regno, writes(p, regno), false, meta);
      case CONST_SIZE_OR_ZERO -> m.mem.checkSizedMemory(regno, writes(p, regno), true, meta);
      case PTR_TO_DYNPTR -> m.objects.dynptrArg(m, regno, arg, meta);
      case CONST_ALLOC_SIZE_OR_ZERO -> allocSize(reg, regno, meta);
      case PTR_TO_CONST_STR -> effects.constString(reg, regno);
      case KPTR_XCHG_DEST -> m.objects.kptrArg(m, regno, meta);
      default -> {
        // The type says all.
      }
    }
  }

  private static boolean writes(HelperProto p, int sizeRegno) {
    return p.arg(sizeRegno - 1).has(ArgFlags.WRITE);
  }

  private void mapPointer(RegState reg, CallMeta meta) {
    VerifierMap map = reg.map();
    if (meta.map != null && (meta.map != map || meta.mapUid != reg.mapUid())) {
      // A timer belongs to the map whose value it lies in, not to another inner map alike.
      throw env.reject(
          Errno.EINVAL,
          "timer pointer in R1 map_uid=%d doesn't match map pointer in R2 map_uid=%d",
          meta.mapUid,
          reg.mapUid());
    }
    meta.map = map;
    meta.mapUid = reg.mapUid();
  }

  private void mapKey(int regno, CallMeta meta) {
    VerifierMap map = meta.map;
    if (map == null) {
      throw new IllegalStateException("map key without a map in helper " + meta.funcId);
    }
    m.mem.checkCallMemory(regno, map.keySize(), false, false, null);
    if (map.type() == MapType.ARRAY || map.type() == MapType.PERCPU_ARRAY) {
      meta.constMapKey = constKey(env.reg(regno), map.keySize());
    }
  }

  /// The key on the stack where it is one known number, else [CallMeta#NO_KEY].
  private long constKey(RegState key, int keySize) {
    if (!env.priv.bpfCapable() || key.type() != RegType.STACK || !key.range().isConst()) {
      return CallMeta.NO_KEY;
    }
    Frame f = env.cur().frameOf(key);
    int slotOff = (int) -key.constOff() - 1;
    int spi = slotOff / StackSlot.BYTES;
    int b = slotOff % StackSlot.BYTES;
    StackSlot slot = f.slot(spi);
    if (run(slot, b, StackSlot.ZERO) >= keySize) {
      return 0;
    }
    if (!slot.isSpilledScalar()
        || run(slot, b, StackSlot.SPILL) != keySize
        || !slot.spilled().range().isConst()) {
      return CallMeta.NO_KEY;
    }
    m.precision.markSlot(key.frameno(), spi);
    return f.slot(spi).spilled().varOff().value();
  }

  /// Bytes of one type from byte `from` upwards in memory.
  private static int run(StackSlot slot, int from, int type) {
    int n = 0;
    for (int i = from; i >= 0 && slot.typeAt(i) == type; i--) {
      n++;
    }
    return n;
  }

  private void mapValue(RegState reg, int regno, ArgProto arg, CallMeta meta) {
    VerifierMap map = meta.map;
    if ((arg.has(ArgFlags.MAYBE_NULL) && reg.isNull()) || map == null) {
      return;
    }
    meta.rawMode = arg.has(ArgFlags.UNINIT);
    m.mem.checkCallMemory(regno, map.valueSize(), arg.has(ArgFlags.WRITE), false, meta);
  }

  private void memory(int regno, ArgProto arg, CallMeta meta) {
    meta.rawMode = arg.has(ArgFlags.UNINIT);
    if (!arg.has(ArgFlags.FIXED_SIZE)) {
      // Checked with the size argument that follows.
      return;
    }
    m.mem.checkCallMemory(regno, arg.size(), arg.has(ArgFlags.WRITE), false, meta);
    if (arg.has(ArgFlags.ALIGNED)) {
      m.mem.checkAlignment(env.reg(regno), 0, arg.size(), true);
    }
  }

  /// Refuses a pointer that is not to a constant string.
  public void checkConstString(RegState reg, int regno) {
    effects.constString(reg, regno);
  }

  private void allocSize(RegState reg, int regno, CallMeta meta) {
    if (!reg.range().isConst()) {
      throw env.reject(Errno.EACCES, "R%d is not a known constant'", regno);
    }
    meta.memSize = (int) reg.varOff().value();
    m.precision.markReg(regno);
  }

  static boolean isMapCall(@Nullable VerifierMap map) {
    return map != null;
  }
}
