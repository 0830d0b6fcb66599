package bpf4j.verifier.log;

import bpf4j.model.btf.Btf;
import bpf4j.verifier.domain.ScalarRange;
import bpf4j.verifier.domain.Tnum;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.Ref;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;
import bpf4j.verifier.state.VerifierMap;

/// Prints states in the dialect of Linux 6.18: `R1=ctx() R10=fp0 fp-8=mmmmmmmm`.
public final class StatePrinter {
  private static final int UNSIGNED_DECIMAL_MAX = 0xffff;
  private static final String ITER_PREFIX = "bpf_iter_";

  private final StringBuilder out;
  private String separator = "";

  private StatePrinter(StringBuilder out) {
    this.out = out;
  }

  /// Appends one frame's state and a line end. Only registers in `regMask` and slots in `slotMask`
  /// are shown.
  public static void print(
      StringBuilder out, PathState state, int frameno, int regMask, long slotMask) {
    StatePrinter p = new StatePrinter(out);
    Frame f = state.frame(frameno);
    if (f.frameno != 0) {
      out.append(" frame").append(f.frameno).append(':');
    }
    for (int i = 0; i < Frame.REGS; i++) {
      RegState reg = f.regs[i];
      if (reg.type() != RegType.NOT_INIT && (regMask >> i & 1) != 0) {
        out.append(" R").append(i).append('=');
        p.reg(f, reg);
      }
    }
    p.stack(f, slotMask);
    p.refs(state);
    if (f.inCallback) {
      out.append(" cb");
    }
    if (f.inAsyncCallback) {
      out.append(" async_cb");
    }
    out.append('\n');
  }

  private void refs(PathState state) {
    Ref[] refs = state.refs;
    if (refs.length == 0 || refs[0].id() == 0) {
      return;
    }
    out.append(" refs=").append(refs[0].id());
    for (int i = 1; i < refs.length; i++) {
      if (refs[i].id() != 0) {
        out.append(',').append(refs[i].id());
      }
    }
  }

  private void stack(Frame f, long slotMask) {
    for (int i = 0; i < f.slots(); i++) {
      StackSlot slot = f.slot(i);
      if ((slotMask >> i & 1) == 0 || slot.types() == 0) {
        continue;
      }
      switch (slot.typeAt(7)) {
        case StackSlot.SPILL -> {
          slotName(i).append('=');
          for (int j = 0; j < StackSlot.BYTES && slot.typeAt(j) != StackSlot.SPILL; j++) {
            out.append(StackSlot.typeChar(slot.typeAt(j)));
          }
          reg(f, slot.spilled());
        }
        case StackSlot.DYNPTR -> {
          // The second of the two slots, at the lower address, comes first; the first one tells.
          i++;
          dynptr(i, f.slot(i).spilled());
        }
        case StackSlot.ITER -> iter(i, slot.spilled());
        default -> {
          slotName(i).append('=');
          for (int j = 0; j < StackSlot.BYTES; j++) {
            out.append(StackSlot.typeChar(slot.typeAt(j)));
          }
        }
      }
    }
  }

  private StringBuilder slotName(int spi) {
    return out.append(" fp").append(-(spi + 1) * StackSlot.BYTES);
  }

  private void dynptr(int spi, RegState reg) {
    Pointee.DynptrType type =
        reg.pointee() instanceof Pointee.Dynptr d ? d.type() : Pointee.DynptrType.INVALID;
    slotName(spi).append("=dynptr_").append(type.text()).append('(');
    separator = "";
    if (reg.id() != 0) {
      item("id=").append(reg.id());
    }
    if (reg.refObjId() != 0) {
      item("ref_id=").append(reg.refObjId());
    }
    // 6.18 shows the mark of the first slot under this name.
    item("dynptr_id=1");
    out.append(')');
  }

  private void iter(int spi, RegState reg) {
    if (reg.refObjId() == 0 || !(reg.pointee() instanceof Pointee.Iter it)) {
      return;
    }
    Btf btf = it.btf();
    String name = btf == null ? "<invalid>" : btf.name(it.typeId()).substring(ITER_PREFIX.length());
    slotName(spi)
        .append("=iter_")
        .append(name)
        .append("(ref_id=")
        .append(reg.refObjId())
        .append(",state=")
        .append(it.state().text())
        .append(",depth=")
        .append(it.depth())
        .append(')');
  }

  private StringBuilder item(String text) {
    out.append(separator).append(text);
    separator = ",";
    return out;
  }

  private void reg(Frame f, RegState reg) {
    int type = reg.type();
    boolean scalar = type == RegType.SCALAR;
    if (scalar && reg.precise()) {
      out.append('P');
    }
    if (scalar && reg.range().isConst()) {
      signed(out, reg.varOff().value());
      return;
    }
    out.append(RegType.name(type));
    if (type == RegType.ARENA) {
      return;
    }
    if (type == RegType.STACK) {
      if (f.frameno != reg.frameno()) {
        out.append('[').append(reg.frameno()).append(']');
      }
      if (reg.range().isConst()) {
        signed(out, reg.constOff());
        return;
      }
    }
    if (RegType.base(type) == RegType.BTF_ID && reg.pointee() instanceof Pointee.BtfRef b) {
      out.append(b.btf().name(b.typeId()));
    }
    details(reg, scalar);
  }

  private void details(RegState reg, boolean scalar) {
    int type = reg.type();
    out.append('(');
    separator = "";
    if (reg.id() != 0) {
      item("id=").append(reg.baseId());
    }
    if ((reg.id() & RegState.ADD_CONST) != 0) {
      out.append(reg.off() < 0 ? "" : "+").append(reg.off());
    }
    if (reg.refObjId() != 0) {
      item("ref_obj_id=").append(reg.refObjId());
    }
    if (RegType.isNonOwningRef(type)) {
      item("non_own_ref");
    }
    if (isMapType(RegType.base(type)) && reg.pointee() instanceof Pointee.MapRef r) {
      map(r.map());
    }
    if (!scalar && reg.off() != 0) {
      signed(item("off="), reg.off());
    }
    if (RegType.isPacket(type)) {
      unsigned(item("r="), reg.packetRange());
    }
    if (RegType.base(type) == RegType.MEM) {
      unsigned(item("sz="), Integer.toUnsignedLong(reg.memSize()));
    }
    if (type == RegType.DYNPTR && reg.pointee() instanceof Pointee.Dynptr d) {
      item("type=").append(d.type().text());
    }
    variablePart(reg.range());
    out.append(')');
  }

  private static boolean isMapType(int base) {
    return base == RegType.MAP_PTR || base == RegType.MAP_KEY || base == RegType.MAP_VALUE;
  }

  private void map(VerifierMap map) {
    String name = map.kernelName();
    if (!name.isEmpty()) {
      item("map=").append(name);
    }
    item("ks=").append(map.keySize()).append(",vs=").append(map.valueSize());
  }

  private void variablePart(ScalarRange r) {
    if (r.isConst()) {
      if (r.tnum.value() != 0) {
        signed(item("imm="), r.tnum.value());
      }
      return;
    }
    intervals(r);
    if (!r.tnum.isUnknown()) {
      item("var_off=").append(tnum(r.tnum));
    }
  }

  /// Eight bounds; those that say nothing are left out, equal ones share a value: `smin=umin=0`.
  private void intervals(ScalarRange r) {
    String[] names = {"smin", "smax", "umin", "umax", "smin32", "smax32", "umin32", "umax32"};
    long[] values = {
      r.smin,
      r.smax,
      r.umin,
      r.umax,
      signed32(r.s32min),
      signed32(r.s32max),
      Integer.toUnsignedLong(r.u32min),
      Integer.toUnsignedLong(r.u32max)
    };
    boolean[] omit = {
      r.smin == Long.MIN_VALUE,
      r.smax == Long.MAX_VALUE,
      r.umin == 0,
      r.umax == -1,
      r.s32min == Integer.MIN_VALUE,
      r.s32max == Integer.MAX_VALUE,
      r.u32min == 0,
      r.u32max == -1
    };
    for (int i = 0; i < names.length; i++) {
      if (omit[i]) {
        continue;
      }
      item(names[i]).append('=');
      for (int j = i + 2; j < names.length; j += 2) {
        if (!omit[j]
            && values[j] == values[i]
            && isNegative(names, values, j) == isNegative(names, values, i)) {
          omit[j] = true;
          out.append(names[j]).append('=');
        }
      }
      if (names[i].charAt(0) == 's') {
        signed(out, values[i]);
      } else {
        unsigned(out, values[i]);
      }
    }
  }

  private static boolean isNegative(String[] names, long[] values, int i) {
    return names[i].charAt(0) == 's' && values[i] < 0;
  }

  /// A 32-bit signed bound is sign-extended only where it is printed as a decimal number.
  private static long signed32(int v) {
    return v == (short) v ? v : Integer.toUnsignedLong(v);
  }

  /// A small number in decimal, another in hexadecimal.
  public static void signed(StringBuilder out, long v) {
    if (v == (short) v) {
      out.append(v);
    } else {
      out.append("0x").append(Long.toHexString(v));
    }
  }

  static void unsigned(StringBuilder out, long v) {
    if (v >= 0 && v <= UNSIGNED_DECIMAL_MAX) {
      out.append(v);
    } else {
      out.append("0x").append(Long.toHexString(v));
    }
  }

  /// `(value; mask)`, or the number where all bits are known.
  public static String tnum(Tnum t) {
    StringBuilder s = new StringBuilder();
    if (t.isConst()) {
      unsigned(s, t.value());
    } else {
      s.append("(0x").append(Long.toHexString(t.value()));
      s.append("; 0x").append(Long.toHexString(t.mask())).append(')');
    }
    return s.toString();
  }
}
