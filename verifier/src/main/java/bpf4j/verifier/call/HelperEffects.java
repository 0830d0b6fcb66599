package bpf4j.verifier.call;

import bpf4j.model.proto.ArgFlags;
import bpf4j.model.proto.ArgType;
import bpf4j.model.proto.HelperProto;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.proto.MapHelpers;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.cfg.Callees;
import bpf4j.verifier.domain.Bounds;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.InsnAux;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.VerifierMap;
import java.util.Set;

/// What a helper call does after its arguments were checked: callbacks, releases, the result.
final class HelperEffects {
  private static final int LOOKUP = HelperTable.id("map_lookup_elem");
  private static final int UPDATE = HelperTable.id("map_update_elem");
  private static final int DELETE = HelperTable.id("map_delete_elem");
  private static final int PUSH = HelperTable.id("map_push_elem");
  private static final int POP = HelperTable.id("map_pop_elem");
  private static final int PEEK = HelperTable.id("map_peek_elem");
  private static final int FOR_EACH = HelperTable.id("for_each_map_elem");
  private static final int REDIRECT_MAP = HelperTable.id("redirect_map");
  private static final int LOOKUP_PERCPU = HelperTable.id("map_lookup_percpu_elem");
  private static final int TAIL_CALL = HelperTable.id("tail_call");
  private static final int LOOP = HelperTable.id("loop");
  private static final int TIMER_SET_CALLBACK = HelperTable.id("timer_set_callback");
  private static final int FIND_VMA = HelperTable.id("find_vma");
  private static final int USER_RINGBUF_DRAIN = HelperTable.id("user_ringbuf_drain");
  private static final int SNPRINTF = HelperTable.id("snprintf");
  private static final int GET_LOCAL_STORAGE = HelperTable.id("get_local_storage");
  private static final int DYNPTR_FROM_MEM = HelperTable.id("dynptr_from_mem");
  private static final int DYNPTR_DATA = HelperTable.id("dynptr_data");
  private static final int DYNPTR_WRITE = HelperTable.id("dynptr_write");
  private static final int SET_RETVAL = HelperTable.id("set_retval");
  private static final int KPTR_XCHG = HelperTable.id("kptr_xchg");
  private static final int SPIN_LOCK = HelperTable.id("spin_lock");
  private static final int GET_FUNC_IP = HelperTable.id("get_func_ip");
  private static final int GET_CPU = HelperTable.id("get_smp_processor_id");

  private static final Set<Integer> MAP_CALLS =
      Set.of(
          TAIL_CALL,
          LOOKUP,
          UPDATE,
          DELETE,
          PUSH,
          POP,
          PEEK,
          FOR_EACH,
          REDIRECT_MAP,
          LOOKUP_PERCPU);
  private static final Set<Integer> MAP_WRITES = Set.of(DELETE, UPDATE, PUSH, POP);

  /// Helpers that return a length of at most the size argument, or an error.
  private static final Set<Integer> SIZE_RETURNING =
      Set.of(
          HelperTable.id("get_stack"),
          HelperTable.id("get_task_stack"),
          HelperTable.id("probe_read_str"),
          HelperTable.id("probe_read_kernel_str"),
          HelperTable.id("probe_read_user_str"));

  private static final Set<Integer> ACQUIRING =
      Set.of(
          HelperTable.id("sk_lookup_tcp"),
          HelperTable.id("sk_lookup_udp"),
          HelperTable.id("skc_lookup_tcp"),
          HelperTable.id("ringbuf_reserve"),
          KPTR_XCHG);

  private static final Set<Integer> POINTER_CASTS =
      Set.of(
          HelperTable.id("tcp_sock"),
          HelperTable.id("sk_fullsock"),
          HelperTable.id("skc_to_tcp_sock"),
          HelperTable.id("skc_to_tcp6_sock"),
          HelperTable.id("skc_to_udp6_sock"),
          HelperTable.id("skc_to_mptcp_sock"),
          HelperTable.id("skc_to_tcp_timewait_sock"),
          HelperTable.id("skc_to_tcp_request_sock"));

  private static final int MAX_ERRNO = 4095;

  private final Machine m;
  private final Env env;

  HelperEffects(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  boolean isPeek(int id) {
    return id == PEEK;
  }

  boolean isSpinLock(int id) {
    return id == SPIN_LOCK;
  }

  // ---- facts about the call ------------------------------------------------------------------

  void recordMap(CallMeta meta) {
    if (!MAP_CALLS.contains(meta.funcId)) {
      return;
    }
    VerifierMap map = meta.map;
    if (map == null) {
      throw new IllegalStateException("no map in a call of helper " + meta.funcId);
    }
    if (map.hasFlag(MapFlags.RDONLY_PROG) && MAP_WRITES.contains(meta.funcId)) {
      throw env.reject(Errno.EACCES, "write into map forbidden");
    }
    VerifierMap before = env.aux.callMap[env.insnIdx];
    if (before == null) {
      env.aux.callMap[env.insnIdx] = map;
    } else if (before != map) {
      env.aux.callMapVaries[env.insnIdx] = true;
    }
  }

  void recordKey(CallMeta meta) {
    if (meta.funcId != TAIL_CALL) {
      return;
    }
    VerifierMap map = meta.map;
    if (map == null || map.type() != MapType.PROG_ARRAY) {
      throw env.rejectOpen(Errno.EINVAL, "expected prog array map for tail call");
    }
    RegState key = env.reg(3);
    long[] keys = env.aux.constKey;
    long v = key.varOff().value();
    if (!key.isConstScalar(false)
        || Long.compareUnsigned(v, Integer.toUnsignedLong(map.maxEntries())) >= 0) {
      keys[env.insnIdx] = InsnAux.KEY_VARIES;
      return;
    }
    m.precision.markReg(3);
    if (keys[env.insnIdx] == InsnAux.KEY_UNSEEN) {
      keys[env.insnIdx] = v;
    } else if (keys[env.insnIdx] != v) {
      keys[env.insnIdx] = InsnAux.KEY_VARIES;
    }
  }

  /// A format or other string must lie, terminated, in a map that cannot change.
  void constString(RegState reg, int regno) {
    if (reg.type() != RegType.MAP_VALUE) {
      throw new bpf4j.verifier.env.Rejection(Errno.EINVAL);
    }
    VerifierMap map = reg.map();
    if (!map.isConstant()) {
      throw env.reject(Errno.EACCES, "R%d does not point to a readonly map'", regno);
    }
    if (!reg.range().isConst()) {
      throw env.reject(Errno.EACCES, "R%d is not a constant address'", regno);
    }
    if (!map.hasDirectValue()) {
      throw env.reject(Errno.EACCES, "no direct value access support for this map type");
    }
    m.mem.maps().checkAccess(regno, reg.off(), map.valueSize() - reg.off(), false, false);
    if (stringAt(map, (int) reg.constOff()) == null) {
      throw env.reject(Errno.EINVAL, "string is not zero-terminated");
    }
  }

  /// The bytes up to a zero in a constant map's value, as Latin-1; null where there is no zero.
  private static @org.jspecify.annotations.Nullable String stringAt(VerifierMap map, int off) {
    byte[] data = map.spec().initialData();
    StringBuilder s = new StringBuilder();
    for (int i = off; i < map.valueSize(); i++) {
      int b = i < data.length ? data[i] & 0xff : 0;
      if (b == 0) {
        return s.toString();
      }
      s.append((char) b);
    }
    return null;
  }

  // ---- effects -------------------------------------------------------------------------------

  void apply(HelperProto p, CallMeta meta, String name) {
    release(p, meta, name);
    boolean changesData = Callees.changesPktData(meta.funcId);
    changesData |= special(meta);
    m.regUse.clobberCallerSaved(env.frame());
    setResult(p, meta, name);
    refineResult(p, meta);
    checkMapFit(meta, name);
    if (meta.funcId == GET_FUNC_IP) {
      checkGetFuncIp(name);
    }
    if (meta.funcId == TAIL_CALL) {
      if (env.cur().curFrameno() == 0) {
        changesData = false;
      } else {
        leaveByTailCall();
      }
    }
    if (changesData) {
      m.refs.clearPacketPointers();
    }
  }

  private void release(HelperProto p, CallMeta meta, String name) {
    if (meta.releaseRegno == 0) {
      return;
    }
    boolean ok;
    if (p.arg(meta.releaseRegno).type() == ArgType.PTR_TO_DYNPTR) {
      m.objects.releaseDynptr(m, meta.releaseRegno);
      ok = true;
    } else if (meta.funcId == KPTR_XCHG && meta.refObjId != 0) {
      ok = releaseToKptr(meta.refObjId);
    } else if (meta.refObjId != 0) {
      ok = m.refs.release(meta.refObjId);
    } else {
      ok = env.reg(meta.releaseRegno).isNull();
    }
    if (!ok) {
      throw env.reject(
          Errno.EINVAL, "func %s#%d reference has not been acquired before", name, meta.funcId);
    }
  }

  /// A per-CPU object that moves into a map stays readable inside an RCU section.
  private boolean releaseToKptr(int refObjId) {
    boolean inRcu = m.inRcuSection();
    if (!References.drop(env.cur(), refObjId)) {
      return false;
    }
    int percpu = RegType.ALLOC | RegType.PERCPU;
    env.cur()
        .mapRegs(r -> {
          if (r.refObjId() != refObjId) {
            return r;
          }
          return inRcu && (r.type() & percpu) == percpu
              ? r.withRefObjId(0).withType((r.type() & ~RegType.ALLOC) | RegType.RCU)
              : m.refs.invalid();
        });
    return true;
  }

  /// What single helpers do beyond their prototype. Returns whether packet data may have changed.
  private boolean special(CallMeta meta) {
    int id = meta.funcId;
    if (id == TAIL_CALL) {
      m.refs.checkLeak(false, true, "tail_call");
    } else if (id == GET_LOCAL_STORAGE && !env.reg(2).isNull()) {
      throw env.reject(Errno.EINVAL, "get_local_storage() doesn't support non-zero flags");
    } else if (id == FOR_EACH) {
      VerifierMap map = env.aux.callMap[env.insnIdx];
      m.callbacks.forEachMapElem(meta.subprogIdx, map == null ? env.reg(1).map() : map);
    } else if (id == TIMER_SET_CALLBACK) {
      m.callbacks.timer(meta.subprogIdx);
    } else if (id == FIND_VMA) {
      m.callbacks.findVma(meta.subprogIdx);
    } else if (id == USER_RINGBUF_DRAIN) {
      m.callbacks.userRingbufDrain(meta.subprogIdx);
    } else if (id == SNPRINTF) {
      checkFormat();
    } else if (id == LOOP) {
      loop(meta);
    } else if (id == DYNPTR_FROM_MEM && env.reg(1).type() != RegType.MAP_VALUE) {
      throw env.reject(
          Errno.EACCES,
          "Unsupported reg type %s for bpf_dynptr_from_mem data",
          RegType.name(env.reg(1).type()));
    } else if (id == SET_RETVAL
        && env.progType() == ProgType.LSM
        && env.attachType() == AttachType.LSM_CGROUP
        && m.targetIsVoid()) {
      throw env.reject(
          Errno.EINVAL, "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!");
    } else if (id == DYNPTR_DATA || id == DYNPTR_WRITE) {
      return m.objects.dynptrCall(m, id, meta);
    }
    return false;
  }

  private void checkFormat() {
    long len = env.reg(5).varOff().value();
    if (len % 8 != 0) {
      throw new bpf4j.verifier.env.Rejection(Errno.EINVAL);
    }
    RegState fmt = env.reg(3);
    String text = stringAt(fmt.map(), (int) fmt.constOff());
    if (text == null || !PrintfFormat.isValid(text, (int) (len / 8))) {
      throw env.reject(Errno.EINVAL, "Invalid format string");
    }
  }

  private void loop(CallMeta meta) {
    recordLoopCallback(meta.subprogIdx);
    m.precision.markReg(1);
    if (Long.compareUnsigned(env.frame().callbackDepth, env.reg(1).range().umax) < 0) {
      m.callbacks.loop(meta.subprogIdx);
      return;
    }
    env.frame().callbackDepth = 0;
    if (env.log.level2()) {
      env.log.printf("frame%d bpf_loop iteration limit reached\n", env.cur().curFrameno());
    }
  }

  /// The kernel inlines loops with zero flags and one callback; finding out needs the flags
  /// precise.
  private void recordLoopCallback(int subprogIdx) {
    int[] callback = env.aux.loopCallback;
    int known = callback[env.insnIdx];
    if (known == InsnAux.CALLBACK_VARIES) {
      return;
    }
    boolean zeroFlags = env.reg(4).isNull();
    if (zeroFlags) {
      m.precision.markReg(4);
    }
    boolean fits = zeroFlags && (known == InsnAux.NO_CALLBACK || known == subprogIdx);
    callback[env.insnIdx] = fits ? subprogIdx : InsnAux.CALLBACK_VARIES;
  }

  // ---- result --------------------------------------------------------------------------------

  private void setResult(HelperProto p, CallMeta meta, String name) {
    int flags = 0;
    if (p.ret().has(ArgFlags.MAYBE_NULL)) {
      flags |= RegType.MAYBE_NULL;
    }
    if (p.ret().has(ArgFlags.RDONLY)) {
      flags |= RegType.RDONLY;
    }
    if (p.ret().has(ArgFlags.RINGBUF)) {
      flags |= RegType.RINGBUF;
    }
    if (p.ret().has(ArgFlags.TRUSTED)) {
      flags |= RegType.TRUSTED;
    }
    if (p.ret().has(ArgFlags.DYNPTR_LOCAL)) {
      flags |= RegType.DYNPTR_LOCAL;
    }
    RegState r =
        switch (p.ret().type()) {
          case INTEGER -> RegState.unknown(!env.priv.bpfCapable());
          case VOID -> RegState.NOT_INIT;
          case PTR_TO_MAP_VALUE -> mapValue(meta, flags);
          case PTR_TO_SOCKET -> RegState.pointer(RegType.SOCKET | flags, Pointee.NONE);
          case PTR_TO_SOCK_COMMON -> RegState.pointer(RegType.SOCK_COMMON | flags, Pointee.NONE);
          case PTR_TO_TCP_SOCK -> RegState.pointer(RegType.TCP_SOCK | flags, Pointee.NONE);
          case PTR_TO_MEM ->
              RegState.pointer(
                  RegType.MEM | flags, new Pointee.Memory(meta.memSize, meta.dynptrId));
          case PTR_TO_MEM_OR_BTF_ID, PTR_TO_BTF_ID ->
              m.btf.helperReturn(m, meta.funcId, meta, flags);
        };
    if (RegType.mayBeNull(r.type())) {
      r = r.withId(env.newId());
    }
    if (POINTER_CASTS.contains(meta.funcId) || meta.funcId == DYNPTR_DATA) {
      r = r.withRefObjId(meta.refObjId);
    } else if (acquires(meta)) {
      int id = m.refs.acquire(env.insnIdx);
      r = r.withId(id).withRefObjId(id);
    }
    env.setReg(0, r);
    if (name.isEmpty()) {
      throw new IllegalStateException("nameless helper " + meta.funcId);
    }
  }

  private boolean acquires(CallMeta meta) {
    VerifierMap map = meta.map;
    return ACQUIRING.contains(meta.funcId)
        || (meta.funcId == LOOKUP
            && map != null
            && (map.type() == MapType.SOCKMAP || map.type() == MapType.SOCKHASH));
  }

  private RegState mapValue(CallMeta meta, int flags) {
    VerifierMap map = meta.map;
    if (map == null) {
      throw new IllegalStateException("map value without a map in helper " + meta.funcId);
    }
    int f = flags;
    boolean constKeyExists =
        meta.constMapKey >= 0 && meta.constMapKey < Integer.toUnsignedLong(map.maxEntries());
    if (meta.funcId == LOOKUP && constKeyExists) {
      f &= ~RegType.MAYBE_NULL;
    }
    RegState r = RegState.pointer(RegType.MAP_VALUE | f, new Pointee.MapRef(map, meta.mapUid));
    return !RegType.mayBeNull(f) && map.fields().hasLock() ? r.withId(env.newId()) : r;
  }

  private void refineResult(HelperProto p, CallMeta meta) {
    RegState r = env.reg(0);
    if (!r.isScalar() || p.ret().type() != bpf4j.model.proto.RetType.INTEGER) {
      return;
    }
    Bounds b = Bounds.of(r.range());
    if (SIZE_RETURNING.contains(meta.funcId)) {
      b.smax = meta.maxSize;
      b.s32max = (int) meta.maxSize;
      b.smin = -MAX_ERRNO;
      b.s32min = -MAX_ERRNO;
    } else if (meta.funcId == GET_CPU) {
      int last = env.cpus - 1;
      b.umax = b.smax = last;
      b.u32max = b.s32max = last;
      b.umin = b.smin = 0;
      b.u32min = b.s32min = 0;
    } else {
      return;
    }
    env.setReg(0, r.withRange(b.sync().freeze()));
  }

  private void checkMapFit(CallMeta meta, String name) {
    VerifierMap map = meta.map;
    if (map == null) {
      return;
    }
    AttachType attach = env.attachType();
    MapHelpers.Fit fit =
        MapHelpers.fit(
            map.type(),
            meta.funcId,
            env.progType(),
            attach == null ? AttachType.CGROUP_INET_INGRESS : attach);
    if (fit == MapHelpers.Fit.OK) {
      return;
    }
    if (fit == MapHelpers.Fit.REFUSED_SOCKMAP_UPDATE) {
      env.log.print("cannot update sockmap in this context\n");
    }
    throw env.reject(
        Errno.EINVAL,
        "cannot pass map_type %d into func %s#%d",
        map.type().id(),
        name,
        meta.funcId);
  }

  private void checkGetFuncIp(String name) {
    ProgType type = env.progType();
    if (type == ProgType.TRACING) {
      AttachType a = env.attachType();
      if (a != AttachType.TRACE_FENTRY
          && a != AttachType.TRACE_FEXIT
          && a != AttachType.MODIFY_RETURN) {
        throw env.reject(
            Errno.ENOTSUPP,
            "func %s#%d supported only for fentry/fexit/fmod_ret programs",
            name,
            GET_FUNC_IP);
      }
    } else if (type != ProgType.KPROBE) {
      throw env.reject(
          Errno.ENOTSUPP,
          "func %s#%d not supported for program type %d",
          name,
          GET_FUNC_IP,
          type.id());
    }
  }

  /// A tail call in a subprogram: it fails and execution goes on, or the subprogram is left with
  /// whatever the other program returned.
  private void leaveByTailCall() {
    env.scratchReg(0);
    m.paths.push(env.insnIdx + 1, env.insnIdx, false);
    m.refs.clearPacketPointers();
    env.setUnknown(0);
    m.subprogCalls.returnToCaller();
    env.insnIdx--;
  }
}
