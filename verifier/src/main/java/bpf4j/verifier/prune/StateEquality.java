package bpf4j.verifier.prune;

import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Whether an old, explored state covers the current one: everything that was proved from the old
/// state on then holds from the current one on.
public final class StateEquality {
  /// How exact the comparison must be.
  public enum Exactness {
    /// Imprecise scalars of the old state cover any scalar.
    NOT_EXACT,
    /// Everything must be the same.
    EXACT,
    /// Ranges must be covered, precise or not.
    RANGE_WITHIN
  }

  private final Env env;
  private final IdMap ids = new IdMap();

  public StateEquality(Env env) {
    this.env = env;
  }

  public boolean equal(PathState old, PathState cur, Exactness exact) {
    if (old.curFrameno() != cur.curFrameno()) {
      return false;
    }
    ids.reset(env.idGen);
    // What a speculative path proved says nothing of a real one.
    if ((old.speculative && !cur.speculative)
        || old.inSleepable != cur.inSleepable
        || !resourcesEqual(old, cur)) {
      return false;
    }
    for (int i = 0; i <= old.curFrameno(); i++) {
      Frame of = old.frame(i);
      Frame cf = cur.frame(i);
      if (of.callsite != cf.callsite || !framesEqual(of, cf, old.frameInsnIdx(i), exact)) {
        return false;
      }
    }
    return true;
  }

  private boolean resourcesEqual(PathState old, PathState cur) {
    if (old.refs.length != cur.refs.length
        || old.activeLocks != cur.activeLocks
        || old.activePreemptLocks != cur.activePreemptLocks
        || old.activeRcuLocks != cur.activeRcuLocks
        || !ids.check(old.activeIrqId, cur.activeIrqId)
        || !ids.check(old.activeLockId, cur.activeLockId)
        || !Objects.equals(old.activeLockObject, cur.activeLockObject)) {
      return false;
    }
    for (int i = 0; i < old.refs.length; i++) {
      Ref o = old.refs[i];
      Ref c = cur.refs[i];
      if (!ids.check(o.id(), c.id())
          || o.kind() != c.kind()
          || (o.kind().isLock() && !Objects.equals(o.object(), c.object()))) {
        return false;
      }
    }
    return true;
  }

  private boolean framesEqual(Frame old, Frame cur, int insnIdx, Exactness exact) {
    if (old.callbackDepth > cur.callbackDepth) {
      return false;
    }
    int live = env.aux.liveRegs[insnIdx];
    for (int i = 0; i < Frame.REGS; i++) {
      if ((live >> i & 1) != 0 && !covers(old.regs[i], cur.regs[i], exact)) {
        return false;
      }
    }
    return stackCovers(old, cur, exact);
  }

  /// Whether anything proved with `old` in a register holds with `cur` in it.
  private boolean covers(RegState old, RegState cur, Exactness exact) {
    if (exact == Exactness.EXACT) {
      return exactly(old, cur);
    }
    if (old.type() == RegType.NOT_INIT) {
      return true;
    }
    if (old.type() != cur.type()) {
      return false;
    }
    return switch (RegType.base(old.type())) {
      case RegType.SCALAR -> scalarCovers(old, cur, exact);
      case RegType.MAP_KEY, RegType.MAP_VALUE, RegType.MEM, RegType.BUF, RegType.TP_BUFFER ->
          old.off() == cur.off()
              && old.pointee().equals(cur.pointee())
              && old.range().contains(cur.range())
              && ids.check(old.id(), cur.id())
              && ids.check(old.refObjId(), cur.refObjId());
      case RegType.PACKET_META, RegType.PACKET ->
          old.packetRange() <= cur.packetRange()
              && old.off() == cur.off()
              && ids.check(old.id(), cur.id())
              && old.range().contains(cur.range());
      case RegType.STACK -> exactly(old, cur) && old.frameno() == cur.frameno();
      case RegType.ARENA -> true;
      default -> exactly(old, cur);
    };
  }

  private boolean exactly(RegState old, RegState cur) {
    return old.sameValue(cur)
        && ids.check(old.id(), cur.id())
        && ids.check(old.refObjId(), cur.refObjId());
  }

  private boolean scalarCovers(RegState old, RegState cur, Exactness exact) {
    if (env.exploreAluLimits) {
      return old.sameValue(cur) && ids.checkScalar(old.id(), cur.id());
    }
    if (!old.precise() && exact == Exactness.NOT_EXACT) {
      return true;
    }
    boolean oldAdds = (old.id() & RegState.ADD_CONST) != 0;
    boolean curAdds = (cur.id() & RegState.ADD_CONST) != 0;
    // A different kind of link, or another distance, would let ranges spread differently.
    if ((oldAdds && !curAdds)
        || (old.id() != 0 && !oldAdds && curAdds)
        || (oldAdds && old.off() != cur.off())) {
      return false;
    }
    return ids.checkScalar(old.id(), cur.id()) && old.range().contains(cur.range());
  }

  private boolean stackCovers(Frame old, Frame cur, Exactness exact) {
    for (int spi = 0; spi < old.slots(); spi++) {
      StackSlot o = old.slot(spi);
      boolean exists = spi < cur.slots();
      if (exact != Exactness.NOT_EXACT && (!exists || o.types() != cur.slot(spi).types())) {
        return false;
      }
      if (!slotCovers(o, exists ? cur.slot(spi) : null, exact)) {
        return false;
      }
    }
    return true;
  }

  private boolean slotCovers(StackSlot old, @Nullable StackSlot cur, Exactness exact) {
    for (int i = 0; i < StackSlot.BYTES; i++) {
      int ot = old.typeAt(i);
      if (ot == StackSlot.INVALID || (env.priv.allowUninitStack() && ot == StackSlot.MISC)) {
        continue;
      }
      if (cur == null) {
        return false;
      }
      // A spilled 64-bit scalar and eight bytes of data are both scalars when read.
      RegState or = scalarOf(old);
      RegState cr = scalarOf(cur);
      if (or != null && cr != null) {
        return covers(or, cr, exact);
      }
      int ct = cur.typeAt(i);
      if (ot == StackSlot.MISC && ct == StackSlot.ZERO) {
        continue;
      }
      if (ot != ct) {
        return false;
      }
      if (i == StackSlot.BYTES - 1 && !objectCovers(ot, old.spilled(), cur.spilled(), exact)) {
        return false;
      }
    }
    return true;
  }

  private boolean objectCovers(int type, RegState old, RegState cur, Exactness exact) {
    return switch (type) {
      case StackSlot.SPILL -> covers(old, cur, exact);
      case StackSlot.DYNPTR ->
          old.pointee().equals(cur.pointee()) && ids.check(old.refObjId(), cur.refObjId());
      case StackSlot.ITER -> iterCovers(old, cur);
      case StackSlot.IRQ_FLAG ->
          ids.check(old.refObjId(), cur.refObjId()) && old.pointee().equals(cur.pointee());
      default -> true;
    };
  }

  /// The depth is not compared: it only tells iterations apart.
  private boolean iterCovers(RegState old, RegState cur) {
    return old.pointee() instanceof Pointee.Iter o
        && cur.pointee() instanceof Pointee.Iter c
        && o.btf() == c.btf()
        && o.typeId() == c.typeId()
        && o.state() == c.state()
        && ids.check(old.refObjId(), cur.refObjId());
  }

  private @Nullable RegState scalarOf(StackSlot s) {
    if (s.isSpilledScalar64()) {
      return s.spilled();
    }
    for (int i = 0; i < StackSlot.BYTES; i++) {
      int t = s.typeAt(i);
      if (t != StackSlot.MISC && (t != StackSlot.INVALID || !env.priv.allowUninitStack())) {
        return null;
      }
    }
    return RegState.UNKNOWN;
  }
}
