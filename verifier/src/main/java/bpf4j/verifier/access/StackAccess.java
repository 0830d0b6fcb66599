package bpf4j.verifier.access;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.log.StatePrinter;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.HistoryEntry;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.StackSlot;

/// Loads and stores of the stack: spills and fills of registers, plain data, variable offsets.
public final class StackAccess {
  static final int MAX_VAR_OFF = 1 << 29;
  private static final int NO_FASTCALL = Short.MIN_VALUE;

  private final Machine m;
  private final Env env;

  public StackAccess(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// The slot of a byte offset from the frame pointer.
  public static int spi(int off) {
    return (-off - 1) / StackSlot.BYTES;
  }

  private static int byteIdx(int off) {
    return (-off - 1) % StackSlot.BYTES;
  }

  /// Makes room for an access of `size` bytes at `off` from the pointer in `regno`; refuses one
  /// that leaves the stack.
  public void checkBounds(int regno, int off, int size, boolean write) {
    RegState reg = env.reg(regno);
    Frame f = env.cur().frameOf(reg);
    String what = write ? " write to" : " read from";
    boolean fixed = reg.range().isConst();
    long min;
    long max;
    if (fixed) {
      min = reg.varOff().value() + off;
      max = min + size;
    } else {
      if (reg.range().smax >= MAX_VAR_OFF || reg.range().smin <= -MAX_VAR_OFF) {
        throw env.reject(
            Errno.EACCES, "invalid unbounded variable-offset%s stack R%d", what, regno);
      }
      min = reg.range().smin + off;
      max = reg.range().smax + off + size;
    }
    int lowest = write || env.priv.allowUninitStack() ? -Env.MAX_STACK : -f.allocatedStack();
    Errno err = null;
    if (min < lowest || min > -1) {
      err = Errno.EACCES;
    } else if (max > 0) {
      err = Errno.EINVAL;
    } else if (size < 0) {
      err = Errno.EFAULT;
    }
    if (err != null && fixed) {
      throw env.reject(err, "invalid%s stack R%d off=%d size=%d", what, regno, off, size);
    }
    if (err != null) {
      throw env.reject(
          err,
          "invalid variable-offset%s stack R%d var_off=%s off=%d size=%d",
          what,
          regno,
          StatePrinter.tnum(reg.varOff()),
          off,
          size);
    }
    grow(f, (int) -min);
  }

  /// Grows a frame's stack and remembers the depth for its subprogram.
  public void grow(Frame f, int bytes) {
    f.growStack(bytes);
    Subprog s = env.subprogs.get(f.subprogIdx);
    s.stackDepth = Math.max(s.stackDepth, f.allocatedStack());
  }

  // ---- stores --------------------------------------------------------------------------------

  /// A store of register `valueRegno`, or of something unknown or an immediate with -1.
  public void write(int regno, int off, int size, int valueRegno, int insnIdx) {
    RegState reg = env.reg(regno);
    Frame f = env.cur().frameOf(reg);
    if (reg.range().isConst()) {
      writeFixed(f, off + (int) reg.varOff().value(), size, valueRegno, insnIdx);
    } else {
      writeVariable(f, reg, off, size, valueRegno, insnIdx);
    }
  }

  private void writeFixed(Frame f, int off, int size, int valueRegno, int insnIdx) {
    int spi = spi(off);
    StackSlot slot = f.slot(spi);
    if (!env.priv.allowPtrLeaks()
        && slot.isSpilled()
        && !slot.isSpilledScalar()
        && size != StackSlot.BYTES) {
      throw env.reject(Errno.EACCES, "attempt to corrupt spilled pointer on stack");
    }
    RegState value = valueRegno >= 0 ? env.reg(valueRegno) : null;
    if (!env.priv.bypassSpecV4()) {
      markStoreBypass(slot, value, size, insnIdx);
    }
    m.objects.destroyDynptr(m, f, spi);
    slot = f.slot(spi);
    boolean aligned = off % StackSlot.BYTES == 0;
    if (aligned && size == StackSlot.BYTES) {
      m.liveness.markWrite(f.frameno, 1L << spi);
    }
    checkFastcall(f, insnIdx, off);
    env.scratchSlot(spi);
    long insn = env.insns[insnIdx];
    int flags = HistoryEntry.stackAccess(f.frameno, spi);
    if (value != null && aligned && value.isScalar() && env.priv.bpfCapable()) {
      f.setSlot(spi, spillScalar(slot, value, valueRegno, size));
    } else if (value == null && aligned && Insns.isStoreImm(insn) && env.priv.bpfCapable()) {
      f.setSlot(spi, spilled(slot, RegState.constant(RawInsn.imm(insn)), size));
    } else if (value != null && RegType.isSpillable(value.type())) {
      f.setSlot(spi, spillPointer(f, slot, value, size, insnIdx));
    } else {
      writeData(f, spi, slot, off, size, valueRegno, insn);
      return;
    }
    env.pushHistory(env.cur(), flags, 0);
  }

  private void markStoreBypass(
      StackSlot slot, @org.jspecify.annotations.Nullable RegState value, int size, int insnIdx) {
    boolean sanitize = value != null && RegType.isSpillable(value.type());
    for (int i = 0; i < size && !sanitize; i++) {
      int t = slot.typeAt(i);
      sanitize = t != StackSlot.MISC && t != StackSlot.ZERO;
    }
    if (sanitize) {
      env.aux.nospecResult[insnIdx] = true;
    }
  }

  private StackSlot spillScalar(StackSlot slot, RegState value, int valueRegno, int size) {
    boolean fits = value.range().width() <= size * 8;
    RegState v = value;
    if (fits) {
      v = linkable(value);
      env.setReg(valueRegno, v);
    } else {
      v = value.withId(0);
    }
    return spilled(slot, v, size);
  }

  /// A scalar that copies can be linked to: with an id of its own, and without a distance to
  /// another.
  public RegState linkable(RegState r) {
    if (!r.isScalar()) {
      return r;
    }
    RegState v = (r.id() & RegState.ADD_CONST) != 0 ? r.unlinked() : r;
    return v.id() == 0 && !v.range().isConst() ? v.withId(env.newId()) : v;
  }

  private StackSlot spillPointer(Frame f, StackSlot slot, RegState value, int size, int insnIdx) {
    if (size != StackSlot.BYTES) {
      env.printLine(insnIdx, "; ");
      throw env.reject(Errno.EACCES, "invalid size of register spill");
    }
    if (f != env.frame() && value.type() == RegType.STACK) {
      throw env.reject(
          Errno.EINVAL, "cannot spill pointers to stack into stack frame of the caller");
    }
    return spilled(slot, value, size);
  }

  /// The slot with a register spilled to its `size` lowest bytes; bytes above it become plain data.
  private static StackSlot spilled(StackSlot slot, RegState value, int size) {
    if (size == StackSlot.BYTES) {
      return new StackSlot(StackSlot.ALL_SPILL, value);
    }
    StackSlot s = slot;
    for (int i = 0; i < StackSlot.BYTES; i++) {
      if (i >= StackSlot.BYTES - size) {
        s = s.withTypeAt(i, StackSlot.SPILL);
      } else {
        int t = slot.typeAt(i);
        boolean keeps = t == StackSlot.ZERO || t == StackSlot.INVALID;
        s = keeps ? s : s.withTypeAt(i, StackSlot.MISC);
      }
    }
    return s.withSpilled(value);
  }

  private void writeData(
      Frame f, int spi, StackSlot slot, int off, int size, int valueRegno, long insn) {
    StackSlot s = slot.withSpilled(slot.spilled().withType(RegType.NOT_INIT));
    if (s.isSpecial()) {
      s = s.scrub();
    }
    int type = StackSlot.MISC;
    if (isZero(valueRegno, insn)) {
      // Later states rely on the zero, so what it came from must be precise.
      f.setSlot(spi, s);
      if (valueRegno >= 0) {
        m.precision.markReg(valueRegno);
      }
      type = StackSlot.ZERO;
    }
    for (int i = 0; i < size; i++) {
      s = s.withTypeAt(byteIdx(off + i), type);
    }
    f.setSlot(spi, s);
  }

  private boolean isZero(int valueRegno, long insn) {
    return valueRegno >= 0
        ? env.reg(valueRegno).isNull()
        : Insns.isStoreImm(insn) && RawInsn.imm(insn) == 0;
  }

  private void writeVariable(
      Frame f, RegState ptr, int off, int size, int valueRegno, int insnIdx) {
    int min = (int) ptr.range().smin + off;
    int max = (int) ptr.range().smax + off + size;
    boolean zero = isZero(valueRegno, env.insns[insnIdx]);
    for (int i = min; i < max; i++) {
      m.objects.destroyDynptr(m, f, spi(i));
    }
    checkFastcall(f, insnIdx, min);
    boolean zeroUsed = false;
    for (int i = min; i < max; i++) {
      zeroUsed |= writeMaybe(f, i, zero, insnIdx);
    }
    if (zeroUsed && valueRegno >= 0) {
      m.precision.markReg(valueRegno);
    }
  }

  /// A byte that may or may not be written. True where it stays zero because zero is written.
  private boolean writeMaybe(Frame f, int off, boolean zero, int insnIdx) {
    int spi = spi(off);
    StackSlot slot = f.slot(spi);
    int b = byteIdx(off);
    int type = slot.typeAt(b);
    env.scratchSlot(spi);
    if (!env.priv.allowPtrLeaks() && type != StackSlot.MISC && type != StackSlot.ZERO) {
      throw env.rejectOpen(
          Errno.EINVAL,
          "spilled ptr in range of var-offset stack write; insn %d, ptr off: %d",
          insnIdx,
          off);
    }
    if (zero
        && type == StackSlot.SPILL
        && slot.isSpilledScalar()
        && slot.spilled().range().isConst(0)) {
      return true;
    }
    boolean staysZero = zero && type == StackSlot.ZERO;
    if (type == StackSlot.INVALID && !env.priv.allowUninitStack()) {
      throw env.reject(
          Errno.EINVAL,
          "uninit stack in range of var-offset write prohibited for !root; insn %d, off: %d",
          insnIdx,
          off);
    }
    StackSlot plain = slot.withSpilled(RegState.NOT_INIT);
    if (plain.isSpecial()) {
      plain = plain.scrub();
    }
    f.setSlot(spi, plain.withTypeAt(b, staysZero ? StackSlot.ZERO : StackSlot.MISC));
    return staysZero;
  }

  /// Slots of fastcall patterns may be used by those patterns only; otherwise the kernel keeps the
  /// spills of the whole subprogram.
  void checkFastcall(Frame f, int insnIdx, int off) {
    Subprog s = env.subprogs.get(f.subprogIdx);
    if (s.fastcallStackOff <= off || env.aux.fastcallPattern[insnIdx]) {
      return;
    }
    s.fastcallStackOff = NO_FASTCALL;
    for (int i = s.start; i < s.end; i++) {
      env.aux.fastcallSpills[i] = 0;
      env.aux.fastcallPattern[i] = false;
    }
  }

  // ---- loads ---------------------------------------------------------------------------------

  /// A load into register `dst`, or of a value that goes nowhere with -1.
  public void read(int regno, int off, int size, int dst) {
    RegState reg = env.reg(regno);
    Frame f = env.cur().frameOf(reg);
    if (reg.range().isConst()) {
      readFixed(f, off + (int) reg.varOff().value(), size, dst);
      return;
    }
    if (dst < 0) {
      throw env.reject(
          Errno.EACCES,
          "variable offset stack pointer cannot be passed into helper function; var_off=%s off=%d size=%d",
          StatePrinter.tnum(reg.varOff()),
          off,
          size);
    }
    checkInitialized(regno, off, size, false, false, null);
    int min = (int) reg.range().smin + off;
    int max = (int) reg.range().smax + off;
    readData(f, min, max + size, dst);
    checkFastcall(f, env.insnIdx, min);
  }

  private void readFixed(Frame f, int off, int size, int dst) {
    int spi = spi(off);
    StackSlot slot = f.slot(spi);
    env.scratchSlot(spi);
    checkFastcall(env.frame(), env.insnIdx, off);
    m.liveness.markRead(f.frameno, 1L << spi);
    if (!slot.isSpilled()) {
      checkReadable(slot, off, size, false);
      if (dst >= 0) {
        readData(f, off, off + size, dst);
      }
      return;
    }
    int spillSize = 1;
    while (spillSize < StackSlot.BYTES && slot.typeAt(7 - spillSize) == StackSlot.SPILL) {
      spillSize++;
    }
    boolean fills;
    if (size != StackSlot.BYTES || spillSize != StackSlot.BYTES) {
      fills = readPart(f, spi, off, size, spillSize, dst);
      if (dst < 0) {
        return;
      }
    } else {
      fills = true;
      if (dst >= 0) {
        fill(f, spi, dst);
      } else if (env.isPointerValue(slot.spilled())) {
        throw env.reject(Errno.EACCES, "leaking pointer from stack off %d", off);
      }
    }
    if (fills) {
      env.pushHistory(env.cur(), HistoryEntry.stackAccess(f.frameno, spi), 0);
    }
  }

  private void fill(Frame f, int spi, int dst) {
    RegState r = f.slot(spi).spilled();
    env.setReg(dst, r);
  }

  /// A load of less than a whole spill. True where the register got the spilled value.
  private boolean readPart(Frame f, int spi, int off, int size, int spillSize, int dst) {
    StackSlot slot = f.slot(spi);
    RegState reg = slot.spilled();
    if (!reg.isScalar()) {
      env.printLine(env.insnIdx, "; ");
      throw env.reject(Errno.EACCES, "invalid size of register fill");
    }
    if (dst < 0) {
      return false;
    }
    if (size <= spillSize && off % StackSlot.BYTES == 0) {
      env.setReg(dst, reg.range().width() > size * 8 ? reg.withId(0) : reg);
      return true;
    }
    int spills = 0;
    int zeros = 0;
    for (int i = 0; i < size; i++) {
      int t = slot.typeAt(byteIdx(off + i));
      if (t == StackSlot.SPILL) {
        spills++;
      } else if (t == StackSlot.ZERO) {
        zeros++;
      } else {
        checkReadable(t, off, i, size);
      }
    }
    if (spills == size && reg.range().isConst(0)) {
      env.setReg(dst, env.zeroScalar());
      return true;
    }
    if (zeros == size) {
      env.setReg(dst, env.zeroScalar());
    } else {
      env.setUnknown(dst);
    }
    return false;
  }

  private void checkReadable(StackSlot slot, int off, int size, boolean spillsToo) {
    for (int i = 0; i < size; i++) {
      int t = slot.typeAt(byteIdx(off + i));
      if (!(spillsToo && t == StackSlot.SPILL)) {
        checkReadable(t, off, i, size);
      }
    }
  }

  private void checkReadable(int type, int off, int i, int size) {
    boolean ok =
        type == StackSlot.MISC
            || type == StackSlot.ZERO
            || (type == StackSlot.INVALID && env.priv.allowUninitStack());
    if (!ok) {
      throw env.reject(Errno.EACCES, "invalid read from stack off %d+%d size %d", off, i, size);
    }
  }

  /// The register gets zero where all bytes are zero, else something unknown.
  private void readData(Frame f, int min, int max, int dst) {
    boolean zero = true;
    for (int i = min; i < max && zero; i++) {
      env.scratchSlot(spi(i));
      zero = f.slot(spi(i)).typeAt(byteIdx(i)) == StackSlot.ZERO;
    }
    if (zero) {
      env.setReg(dst, env.zeroScalar());
    } else {
      env.setUnknown(dst);
    }
  }

  // ---- memory of calls -----------------------------------------------------------------------

  /// Memory of a call lies on the stack: every byte must be initialised, unless `raw` takes note of
  /// memory that the call itself writes.
  ///
  /// @param write whether the call may write to it
  public void checkInitialized(
      int regno,
      int off,
      int size,
      boolean zeroSizeAllowed,
      boolean write,
      bpf4j.verifier.call.@org.jspecify.annotations.Nullable CallMeta raw) {
    RegState reg = env.reg(regno);
    Frame f = env.cur().frameOf(reg);
    if (size == 0 && !zeroSizeAllowed) {
      throw env.reject(Errno.EACCES, "invalid zero-sized read");
    }
    checkBounds(regno, off, size, write);
    int min;
    int max;
    bpf4j.verifier.call.CallMeta meta = raw;
    if (reg.range().isConst()) {
      min = max = (int) reg.varOff().value() + off;
    } else {
      if (!env.priv.bypassSpecV1()) {
        throw env.reject(
            Errno.EACCES,
            "R%d variable offset stack access prohibited for !root, var_off=%s",
            regno,
            StatePrinter.tnum(reg.varOff()));
      }
      meta = null;
      min = (int) reg.range().smin + off;
      max = (int) reg.range().smax + off;
    }
    if (meta != null && meta.rawMode) {
      checkNoDynptr(f, min, max + size);
      meta.rawSize = size;
      meta.rawRegno = regno;
      return;
    }
    for (int i = min; i < max + size; i++) {
      initializedByte(f, reg, regno, i, min, size, write);
    }
  }

  private void checkNoDynptr(Frame f, int from, int to) {
    for (int i = from; i < to; i++) {
      if (f.allocatedStack() > -i - 1 && f.slot(spi(i)).typeAt(byteIdx(i)) == StackSlot.DYNPTR) {
        throw env.reject(Errno.EACCES, "potential write to dynptr at off=%d disallowed", i);
      }
    }
  }

  private void initializedByte(
      Frame f, RegState reg, int regno, int off, int min, int size, boolean write) {
    int spi = spi(off);
    if (f.allocatedStack() <= -off - 1) {
      throw env.reject(Errno.EFAULT, "allocated_stack too small");
    }
    StackSlot slot = f.slot(spi);
    int b = byteIdx(off);
    int t = slot.typeAt(b);
    if (t == StackSlot.MISC) {
      m.liveness.markRead(reg.frameno(), 1L << spi);
      return;
    }
    if (t == StackSlot.ZERO || (t == StackSlot.INVALID && env.priv.allowUninitStack())) {
      if (write) {
        f.setSlot(spi, slot.withTypeAt(b, StackSlot.MISC));
      }
    } else if (slot.isSpilled() && (slot.spilled().isScalar() || env.priv.allowPtrLeaks())) {
      if (write) {
        f.setSlot(spi, slot.withSpilled(RegState.unknown(!env.priv.bpfCapable())).scrub());
      }
    } else if (reg.range().isConst()) {
      throw env.reject(
          Errno.EACCES,
          "invalid read from stack R%d off %d+%d size %d",
          regno,
          min,
          off - min,
          size);
    } else {
      throw env.reject(
          Errno.EACCES,
          "invalid read from stack R%d var_off %s+%d size %d",
          regno,
          StatePrinter.tnum(reg.varOff()),
          off - min,
          size);
    }
    m.liveness.markRead(reg.frameno(), 1L << spi);
  }
}
