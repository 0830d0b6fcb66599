package bpf4j.verifier.exec;

import bpf4j.verifier.domain.Branches;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Comparisons of packet pointers with the packet's end, and of metadata pointers with its start:
/// they tell how many bytes may be accessed.
final class PacketJumps {
  private static final int MAX_PACKET_OFF = 0xffff;

  /// 1 or 0 where an earlier comparison decides this one, else -1.
  int taken(RegState a, RegState b, int op) {
    RegState pkt;
    int o = op;
    if (b.type() == RegType.PACKET_END) {
      pkt = a;
    } else if (a.type() == RegType.PACKET_END) {
      pkt = b;
      o = Branches.flip(op);
    } else {
      return -1;
    }
    int range = pkt.packetRange();
    if (range >= 0) {
      return -1;
    }
    return switch (o) {
      case Branches.JLE, Branches.JGT ->
          range == Pointee.PacketRange.BEYOND_END ? (o == Branches.JGT ? 1 : 0) : -1;
      case Branches.JLT, Branches.JGE -> o == Branches.JGE ? 1 : 0;
      default -> -1;
    };
  }

  /// Learns from `dst op src`; `here` goes on where it does not hold, `there` where it does. False
  /// where the operands are no such pair.
  boolean match(int op, int dst, int src, PathState here, PathState there) {
    RegState d = here.cur().regs[dst];
    RegState s = here.cur().regs[src];
    boolean forward;
    if (isPair(d, s)) {
      forward = true;
    } else if (isPair(s, d)) {
      forward = false;
    } else {
      return false;
    }
    int ptr = forward ? dst : src;
    // With the pointer on the left: pkt > end, pkt >= end, pkt < end, pkt <= end.
    switch (forward ? op : Branches.flip(op)) {
      case Branches.JGT -> learn(here, there, ptr, false);
      case Branches.JGE -> learn(here, there, ptr, true);
      case Branches.JLT -> learn(there, here, ptr, true);
      case Branches.JLE -> learn(there, here, ptr, false);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static boolean isPair(RegState ptr, RegState limit) {
    if (ptr.type() == RegType.PACKET) {
      return limit.type() == RegType.PACKET_END;
    }
    return ptr.type() == RegType.PACKET_META
        && limit.type() == RegType.PACKET
        && limit.id() == 0
        && limit.off() == 0
        && limit.range().isConst(0);
  }

  /// @param inside the state in which the pointer does not pass the limit
  /// @param strict whether it is then below the limit, not at it
  private static void learn(PathState inside, PathState outside, int ptr, boolean strict) {
    grow(inside, inside.cur().regs[ptr], strict);
    RegState out = outside.cur().regs[ptr];
    if (out.type() == RegType.PACKET) {
      // The pointer is at the end or beyond it; a strict comparison the other way says beyond.
      int range = strict ? Pointee.PacketRange.AT_END : Pointee.PacketRange.BEYOND_END;
      outside.cur().regs[ptr] = out.withPointee(new Pointee.PacketRange(range));
    }
  }

  /// Every pointer with the same base may access as many bytes as lie before the compared one.
  private static void grow(PathState st, RegState ptr, boolean strict) {
    if (ptr.off() < 0 || (ptr.off() == 0 && strict)) {
      return;
    }
    long umax = ptr.range().umax;
    if (Long.compareUnsigned(umax, MAX_PACKET_OFF) > 0 || umax + ptr.off() > MAX_PACKET_OFF) {
      return;
    }
    int range = ptr.off() + (strict ? 1 : 0);
    st.mapRegs(r ->
        r.type() == ptr.type() && r.id() == ptr.id() && r.packetRange() < range
            ? r.withPointee(new Pointee.PacketRange(range))
            : r);
  }
}
