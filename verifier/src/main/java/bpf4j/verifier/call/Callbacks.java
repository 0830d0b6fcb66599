package bpf4j.verifier.call;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import bpf4j.verifier.domain.ScalarRange;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.prune.IdMap;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;
import bpf4j.verifier.state.VerifierMap;

/// Calls that run subprograms as callbacks: at once, any number of times (`bpf_loop`), or later
/// (timers).
public final class Callbacks {
  /// Sets the arguments of a callback from the caller's registers.
  @FunctionalInterface
  public interface Setup {
    void apply(Frame caller, Frame callee);
  }

  private final Machine m;
  private final Env env;
  private final IdMap ids = new IdMap();

  public Callbacks(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// Explores a callback that runs before the call returns. The callback returns to the call, which
  /// is then executed again.
  public void callSync(int subprogIdx, Setup setup) {
    prepare(subprogIdx);
    Frame caller = env.frame();
    Subprog s = env.subprogs.get(subprogIdx);
    PathState st = m.paths.push(s.start, env.insnIdx, false);
    Frame callee = m.subprogCalls.enter(st, subprogIdx, env.insnIdx);
    setup.apply(caller, callee);
    callee.inCallback = true;
    st.callbackUnrollDepth++;
    st.frame(st.curFrameno() - 1).callbackDepth++;
    caller.callbackDepth = 0;
  }

  /// Explores a callback that runs some time later, by itself.
  public void callAsync(int subprogIdx, boolean sleepable, Setup setup) {
    prepare(subprogIdx);
    Subprog s = env.subprogs.get(subprogIdx);
    s.isAsyncCallback = true;
    Frame caller = env.frame();
    PathState st = m.paths.pushAsync(s.start, env.insnIdx, subprogIdx, sleepable);
    Frame callee = st.cur();
    callee.asyncEntryCnt = caller.asyncEntryCnt + 1;
    setup.apply(caller, callee);
    callee.inAsyncCallback = true;
  }

  private void prepare(int subprogIdx) {
    m.subprogCalls.checkArgs(subprogIdx);
    env.subprogs.get(subprogIdx).isCallback = true;
  }

  /// `bpf_loop`: the callback gets the round's number.
  void loop(int subprogIdx) {
    callSync(
        subprogIdx,
        (caller, callee) -> {
          callee.regs[1] = RegState.scalar(ScalarRange.UNKNOWN);
          callee.regs[2] = caller.regs[3];
          returns(callee, 0, 1);
        });
  }

  /// `bpf_for_each_map_elem`.
  void forEachMapElem(int subprogIdx, VerifierMap map) {
    callSync(
        subprogIdx,
        (caller, callee) -> {
          switch (map.type()) {
            case ARRAY, PERCPU_ARRAY, HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH -> {}
            default -> throw env.reject(Errno.ENOTSUPP, "callback function not allowed for map");
          }
          callee.regs[1] = caller.regs[1];
          Pointee ref = new Pointee.MapRef(caller.regs[1].map(), 0);
          callee.regs[2] = RegState.pointer(RegType.MAP_KEY, ref);
          callee.regs[3] = RegState.pointer(RegType.MAP_VALUE, ref);
          callee.regs[4] = caller.regs[3];
          returns(callee, 0, 1);
        });
  }

  /// `bpf_find_vma`.
  void findVma(int subprogIdx) {
    callSync(
        subprogIdx,
        (caller, callee) -> {
          Btf btf = env.kernelBtf;
          int vma = m.btf.kernelStruct(m, "vm_area_struct");
          if (btf == null || vma == 0) {
            throw env.unsupported("bpf_find_vma without kernel types");
          }
          callee.regs[1] = caller.regs[1];
          callee.regs[2] = RegState.pointer(RegType.BTF_ID, new Pointee.BtfRef(btf, vma));
          callee.regs[3] = caller.regs[4];
          returns(callee, 0, 1);
        });
  }

  /// `bpf_user_ringbuf_drain`.
  void userRingbufDrain(int subprogIdx) {
    callSync(
        subprogIdx,
        (caller, callee) -> {
          callee.regs[1] =
              RegState.pointer(RegType.DYNPTR, new Pointee.Dynptr(Pointee.DynptrType.LOCAL, true))
                  .withId(env.newId());
          callee.regs[2] = caller.regs[3];
          returns(callee, 0, 1);
        });
  }

  /// `bpf_timer_set_callback`.
  void timer(int subprogIdx) {
    callAsync(
        subprogIdx,
        false,
        (caller, callee) -> {
          mapValueArgs(callee, caller.regs[1].map());
          returns(callee, 0, 0);
        });
  }

  /// Arguments map, key and value of a map's element.
  public static void mapValueArgs(Frame callee, VerifierMap map) {
    Pointee ref = new Pointee.MapRef(map, 0);
    callee.regs[1] = RegState.pointer(RegType.MAP_PTR, ref);
    callee.regs[2] = RegState.pointer(RegType.MAP_KEY, ref);
    callee.regs[3] = RegState.pointer(RegType.MAP_VALUE, ref);
  }

  /// Limits what the callback may return.
  public static void returns(Frame callee, int min, int max) {
    callee.callbackRetMin = min;
    callee.callbackRetMax = max;
  }

  // ---- widening ------------------------------------------------------------------------------

  /// Forgets the range of scalars that changed since the previous round and were not precise then,
  /// so that loops whose number of rounds is unknown converge.
  public void widen(PathState old, PathState cur) {
    ids.reset(env.idGen);
    for (int fr = old.curFrameno(); fr >= 0; fr--) {
      Frame o = old.frame(fr);
      Frame c = cur.frame(fr);
      for (int i = 0; i < Frame.REGS; i++) {
        c.regs[i] = widen(o.regs[i], c.regs[i]);
      }
      int slots = Math.min(o.slots(), c.slots());
      for (int i = 0; i < slots; i++) {
        StackSlot os = o.slot(i);
        StackSlot cs = c.slot(i);
        if (os.isSpilled() && cs.isSpilled()) {
          c.setSlot(i, cs.withSpilled(widen(os.spilled(), cs.spilled())));
        }
      }
    }
  }

  private RegState widen(RegState old, RegState cur) {
    if (!old.isScalar() || !cur.isScalar() || old.precise() || cur.precise()) {
      return cur;
    }
    boolean same = old.sameValue(cur) && ids.check(old.id(), cur.id());
    return same ? cur : RegState.unknown(!env.priv.bpfCapable());
  }

  static boolean isArena(VerifierMap map) {
    return map.type() == MapType.ARENA;
  }
}
