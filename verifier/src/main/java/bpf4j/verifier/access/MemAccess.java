package bpf4j.verifier.access;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.call.CallMeta;
import bpf4j.verifier.domain.ScalarAlu;
import bpf4j.verifier.domain.Tnum;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.log.StatePrinter;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/// Loads and stores by the type of the pointer they go through.
public final class MemAccess {
  private static final int MAX_VAR_OFF = StackAccess.MAX_VAR_OFF;
  private static final int MAX_VAR_SIZE = 1 << 29;
  private static final int FLOW_KEYS_SIZE = 56;

  /// A load or store instruction.
  ///
  /// @param off the instruction's offset and the pointer's fixed one
  /// @param valueRegno register stored or loaded, or -1
  /// @param signExtend whether the load sign-extends
  public record Access(
      int insnIdx,
      int regno,
      int off,
      int size,
      boolean write,
      int valueRegno,
      boolean signExtend) {
    boolean loads() {
      return !write && valueRegno >= 0;
    }

    boolean stores() {
      return write && valueRegno >= 0;
    }
  }

  private final Machine m;
  private final Env env;
  private final CtxAccess ctx;
  private final MapAccess maps;

  public MemAccess(Machine m) {
    this.m = m;
    this.env = m.env;
    ctx = new CtxAccess(m);
    maps = new MapAccess(m);
  }

  public MapAccess maps() {
    return maps;
  }

  /// Checks an access of `size` bytes at `off` from register `regno`; a load sets `valueRegno`.
  public void check(
      int insnIdx,
      int regno,
      int off,
      int size,
      boolean write,
      int valueRegno,
      boolean strictOnce,
      boolean signExtend) {
    RegState reg = env.reg(regno);
    checkAlignment(reg, off, size, strictOnce);
    Access a = new Access(insnIdx, regno, off + reg.off(), size, write, valueRegno, signExtend);
    byType(a, reg);
    if (size < 8 && a.loads() && env.reg(valueRegno).isScalar()) {
      RegState v = env.reg(valueRegno);
      env.setReg(
          valueRegno,
          v.withRange(
              signExtend
                  ? ScalarAlu.signExtend(v.range(), size)
                  : ScalarAlu.zeroExtend(v.range(), size)));
    }
  }

  private void byType(Access a, RegState reg) {
    int type = reg.type();
    switch (RegType.base(type)) {
      case RegType.MAP_KEY -> mapKey(a, reg);
      case RegType.MAP_VALUE -> {
        if (type != RegType.MAP_VALUE) {
          throw invalid(a, reg);
        }
        maps.access(a, reg);
      }
      case RegType.MEM -> memory(a, reg);
      case RegType.CTX -> ctx.access(a, reg);
      case RegType.STACK -> stack(a);
      case RegType.PACKET, RegType.PACKET_META -> packet(a, reg);
      case RegType.FLOW_KEYS -> flowKeys(a);
      case RegType.SOCKET, RegType.SOCK_COMMON, RegType.TCP_SOCK, RegType.XDP_SOCK -> {
        if (!RegType.isSock(type)) {
          throw invalid(a, reg);
        }
        sock(a, reg);
      }
      case RegType.TP_BUFFER -> {
        checkBuffer(reg, a.regno, a.off, a.size, "tracepoint");
        loadUnknown(a);
      }
      case RegType.BTF_ID -> {
        if (RegType.mayBeNull(type)) {
          throw invalid(a, reg);
        }
        m.btf.access(m, a.regno, a.off, a.size, a.write, a.valueRegno);
      }
      case RegType.MAP_PTR -> m.btf.mapAccess(m, a.regno, a.off, a.size, a.write, a.valueRegno);
      case RegType.BUF -> buffer(a, reg);
      case RegType.ARENA -> loadUnknown(a);
      default -> throw invalid(a, reg);
    }
  }

  private RuntimeException invalid(Access a, RegState reg) {
    return env.reject(
        Errno.EACCES, "R%d invalid mem access '%s'", a.regno, RegType.name(reg.type()));
  }

  private void loadUnknown(Access a) {
    if (a.loads()) {
      env.setUnknown(a.valueRegno);
    }
  }

  private void refuseLeak(Access a, String where) {
    if (a.stores() && env.isPointerValue(a.valueRegno)) {
      throw env.reject(Errno.EACCES, "R%d leaks addr into %s", a.valueRegno, where);
    }
  }

  private void mapKey(Access a, RegState reg) {
    if (a.write) {
      throw env.reject(Errno.EACCES, "write to change key R%d not allowed", a.regno);
    }
    checkRegion(a.regno, a.off, a.size, reg.map().keySize(), false);
    loadUnknown(a);
  }

  private void memory(Access a, RegState reg) {
    int type = reg.type();
    boolean rdonly = RegType.isRdonlyMem(type);
    if (RegType.mayBeNull(type)) {
      throw invalid(a, reg);
    }
    refuseReadOnly(a, reg);
    refuseLeak(a, "mem");
    // Untrusted read-only memory is read by loads that cannot fault.
    if (!rdonly || (type & RegType.UNTRUSTED) == 0) {
      checkRegion(a.regno, a.off, a.size, reg.memSize(), false);
    }
    loadUnknown(a);
  }

  private void refuseReadOnly(Access a, RegState reg) {
    if (a.write && RegType.isRdonlyMem(reg.type())) {
      throw env.reject(Errno.EACCES, "R%d cannot write into %s", a.regno, RegType.name(reg.type()));
    }
  }

  private void stack(Access a) {
    m.stack.checkBounds(a.regno, a.off, a.size, a.write);
    if (a.write) {
      m.stack.write(a.regno, a.off, a.size, a.valueRegno, a.insnIdx);
    } else {
      m.stack.read(a.regno, a.off, a.size, a.valueRegno);
    }
  }

  private void packet(Access a, RegState reg) {
    if (a.write && !mayAccessPacket(null, true)) {
      throw env.reject(Errno.EACCES, "cannot write into packet");
    }
    refuseLeak(a, "packet");
    checkPacket(reg, a.regno, a.off, a.size, false);
    loadUnknown(a);
  }

  /// Whether packet pointers may be used here: by program type, and for a call by its prototype.
  public boolean mayAccessPacket(@Nullable CallMeta meta, boolean write) {
    ProgType type = env.progType();
    return switch (type) {
      case LWT_IN, LWT_OUT, LWT_SEG6LOCAL, SK_REUSEPORT, FLOW_DISSECTOR, CGROUP_SKB ->
          !write && (meta == null || meta.pktAccess);
      case SCHED_CLS, SCHED_ACT, XDP, LWT_XMIT, SK_SKB, SK_MSG -> meta == null || meta.pktAccess;
      case CGROUP_SOCKOPT -> true;
      default -> false;
    };
  }

  /// Checks an access to the packet; the variable part of the pointer is behind its range.
  void checkPacket(RegState reg, int regno, int off, int size, boolean zeroSizeAllowed) {
    if (reg.range().smin < 0) {
      throw negativeMin(regno);
    }
    if (reg.packetRange() < 0 || !inRegion(regno, off, size, reg.packetRange(), zeroSizeAllowed)) {
      Errno errno = reg.packetRange() < 0 ? Errno.EINVAL : Errno.EACCES;
      throw env.reject(errno, "R%d offset is outside of the packet", regno);
    }
  }

  private RuntimeException negativeMin(int regno) {
    return env.reject(
        Errno.EACCES,
        "R%d min value is negative, either use unsigned index or do a if (index >=0) check.",
        regno);
  }

  private void flowKeys(Access a) {
    refuseLeak(a, "flow keys");
    if (a.size < 0 || a.off < 0 || (long) a.off + a.size > FLOW_KEYS_SIZE) {
      throw env.reject(Errno.EACCES, "invalid access to flow keys off=%d size=%d", a.off, a.size);
    }
    loadUnknown(a);
  }

  private void sock(Access a, RegState reg) {
    if (a.write) {
      throw env.reject(Errno.EACCES, "R%d cannot write into %s", a.regno, RegType.name(reg.type()));
    }
    if (reg.range().smin < 0) {
      throw negativeMin(a.regno);
    }
    if (!ctx.isValidSock(reg.type(), a.off, a.size)) {
      throw env.reject(
          Errno.EACCES,
          "R%d invalid %s access off=%d size=%d",
          a.regno,
          RegType.name(reg.type()),
          a.off,
          a.size);
    }
    loadUnknown(a);
  }

  private void buffer(Access a, RegState reg) {
    boolean rdonly = RegType.isRdonlyMem(reg.type());
    if (RegType.mayBeNull(reg.type())) {
      // Only reached for types that loads may not use at all.
      throw invalid(a, reg);
    }
    refuseReadOnly(a, reg);
    checkBuffer(reg, a.regno, a.off, a.size, rdonly ? "rdonly" : "rdwr");
    loadUnknown(a);
  }

  private void checkBuffer(RegState reg, int regno, int off, int size, String what) {
    if (off < 0) {
      throw env.reject(
          Errno.EACCES, "R%d invalid %s buffer access: off=%d, size=%d", regno, what, off, size);
    }
    if (!reg.range().isConst(0)) {
      throw env.reject(
          Errno.EACCES,
          "R%d invalid variable buffer offset: off=%d, var_off=%s",
          regno,
          off,
          StatePrinter.tnum(reg.varOff()));
    }
  }

  // ---- regions -------------------------------------------------------------------------------

  /// Checks that all of [off, off + size), with every value of the variable part, lies in a region
  /// of `memSize` bytes.
  public void checkRegion(int regno, int off, int size, int memSize, boolean zeroSizeAllowed) {
    RegState reg = env.reg(regno);
    long smin = reg.range().smin;
    if (smin < 0
        && (smin == Long.MIN_VALUE || off + smin != (int) (off + smin) || smin + off < 0)) {
      throw negativeMin(regno);
    }
    if (!inRegion(regno, (int) (smin + off), size, memSize, zeroSizeAllowed)) {
      throw env.reject(Errno.EACCES, "R%d min value is outside of the allowed memory range", regno);
    }
    if (Long.compareUnsigned(reg.range().umax, MAX_VAR_OFF) >= 0) {
      throw env.reject(
          Errno.EACCES,
          "R%d unbounded memory access, make sure to bounds check any such access",
          regno);
    }
    if (!inRegion(regno, (int) (reg.range().umax + off), size, memSize, zeroSizeAllowed)) {
      throw env.reject(Errno.EACCES, "R%d max value is outside of the allowed memory range", regno);
    }
  }

  /// Whether [off, off + size) lies in the region; where not, says so in the log.
  private boolean inRegion(int regno, int off, int size, int memSize, boolean zeroSizeAllowed) {
    boolean sizeOk = size > 0 || (size == 0 && zeroSizeAllowed);
    if (off >= 0 && sizeOk && (long) off + size <= Integer.toUnsignedLong(memSize)) {
      return true;
    }
    RegState reg = env.reg(regno);
    switch (reg.type()) {
      case RegType.MAP_KEY ->
          env.log.printf(
              "invalid access to map key, key_size=%d off=%d size=%d\n", memSize, off, size);
      case RegType.MAP_VALUE ->
          env.log.printf(
              "invalid access to map value, value_size=%d off=%d size=%d\n", memSize, off, size);
      case RegType.PACKET, RegType.PACKET_META, RegType.PACKET_END ->
          env.log.printf(
              "invalid access to packet, off=%d size=%d, R%d(id=%d,off=%d,r=%d)\n",
              off, size, regno, reg.id(), off, memSize);
      default ->
          env.log.printf(
              "invalid access to memory, mem_size=%d off=%d size=%d\n",
              Integer.toUnsignedLong(memSize), off, size);
    }
    return false;
  }

  // ---- alignment -----------------------------------------------------------------------------

  /// Checks natural alignment where it is asked for, and always on the stack.
  public void checkAlignment(RegState reg, int off, int size, boolean strictOnce) {
    boolean strict = env.strictAlignment || strictOnce || reg.type() == RegType.STACK;
    if (!strict || size == 1 || reg.type() == RegType.ARENA) {
      return;
    }
    if (RegType.isPacket(reg.type())) {
      // The network header lies two bytes behind an aligned address.
      Tnum at = reg.varOff().add(Tnum.constant(2L + reg.off() + off));
      if (!at.isAligned(size)) {
        throw env.reject(
            Errno.EACCES,
            "misaligned packet access off %d+%s+%d+%d size %d",
            2,
            StatePrinter.tnum(reg.varOff()),
            reg.off(),
            off,
            size);
      }
      return;
    }
    if (!reg.varOff().add(Tnum.constant((long) reg.off() + off)).isAligned(size)) {
      throw env.reject(
          Errno.EACCES,
          "misaligned %saccess off %s+%d+%d size %d",
          alignmentName(reg.type()),
          StatePrinter.tnum(reg.varOff()),
          reg.off(),
          off,
          size);
    }
  }

  private static String alignmentName(int type) {
    return switch (type) {
      case RegType.FLOW_KEYS -> "flow keys ";
      case RegType.MAP_KEY -> "key ";
      case RegType.MAP_VALUE -> "value ";
      case RegType.CTX -> "context ";
      case RegType.STACK -> "stack ";
      case RegType.SOCKET -> "sock ";
      case RegType.SOCK_COMMON -> "sock_common ";
      case RegType.TCP_SOCK -> "tcp_sock ";
      case RegType.XDP_SOCK -> "xdp_sock ";
      default -> "";
    };
  }

  /// Refuses a pointer that was moved, where it must be used as it was given.
  public void checkUnmoved(RegState reg, int regno, boolean fixedOffOk) {
    String name = RegType.name(reg.type());
    if (reg.off() < 0) {
      throw env.reject(
          Errno.EACCES, "negative offset %s ptr R%d off=%d disallowed", name, regno, reg.off());
    }
    if (!fixedOffOk && reg.off() != 0) {
      throw env.reject(
          Errno.EACCES,
          "dereference of modified %s ptr R%d off=%d disallowed",
          name,
          regno,
          reg.off());
    }
    if (!reg.range().isConst(0)) {
      throw env.reject(
          Errno.EACCES,
          "variable %s access var_off=%s disallowed",
          name,
          StatePrinter.tnum(reg.varOff()));
    }
  }

  // ---- memory of calls -----------------------------------------------------------------------

  /// Checks memory of `size` bytes that a call reads or writes through register `regno`.
  public void checkCallMemory(
      int regno, int size, boolean write, boolean zeroSizeAllowed, @Nullable CallMeta meta) {
    RegState reg = env.reg(regno);
    switch (RegType.base(reg.type())) {
      case RegType.PACKET, RegType.PACKET_META ->
          checkPacket(reg, regno, reg.off(), size, zeroSizeAllowed);
      case RegType.MAP_KEY -> {
        refuseCallWrite(regno, reg, write);
        checkRegion(regno, reg.off(), size, reg.map().keySize(), false);
      }
      case RegType.MAP_VALUE -> {
        maps.checkAccessType(reg, reg.off(), size, write);
        maps.checkAccess(regno, reg.off(), size, zeroSizeAllowed, false);
      }
      case RegType.MEM -> {
        if (RegType.isRdonlyMem(reg.type())) {
          refuseCallWrite(regno, reg, write);
        }
        checkRegion(regno, reg.off(), size, reg.memSize(), zeroSizeAllowed);
      }
      case RegType.BUF -> {
        boolean rdonly = RegType.isRdonlyMem(reg.type());
        if (rdonly) {
          refuseCallWrite(regno, reg, write);
        }
        checkBuffer(reg, regno, reg.off(), size, rdonly ? "rdonly" : "rdwr");
      }
      case RegType.STACK ->
          m.stack.checkInitialized(regno, reg.off(), size, zeroSizeAllowed, write, meta);
      case RegType.BTF_ID -> m.btf.access(m, regno, reg.off(), size, false, -1);
      case RegType.CTX -> {
        if (!ctx.isConverted()) {
          ctxMemory(regno, size, write, zeroSizeAllowed);
        } else {
          refuseMemory(regno, reg, size, zeroSizeAllowed);
        }
      }
      default -> refuseMemory(regno, reg, size, zeroSizeAllowed);
    }
  }

  private void ctxMemory(int regno, int size, boolean write, boolean zeroSizeAllowed) {
    if (size == 0) {
      if (!zeroSizeAllowed) {
        throw new bpf4j.verifier.env.Rejection(Errno.EACCES);
      }
      return;
    }
    check(env.insnIdx, regno, size - 1, 1, write, -1, false, false);
  }

  private void refuseMemory(int regno, RegState reg, int size, boolean zeroSizeAllowed) {
    if (zeroSizeAllowed && size == 0 && reg.isNull()) {
      return;
    }
    throw env.reject(
        Errno.EACCES,
        "R%d type=%s expected=%s",
        regno,
        RegType.name(reg.type()),
        RegType.name(RegType.STACK));
  }

  private void refuseCallWrite(int regno, RegState reg, boolean write) {
    if (write) {
      throw env.reject(Errno.EACCES, "R%d cannot write into %s", regno, RegType.name(reg.type()));
    }
  }

  /// Checks a pointer argument in register `regno - 1` with its size in `regno`.
  public void checkSizedMemory(int regno, boolean write, boolean zeroSizeAllowed, CallMeta meta) {
    RegState size = env.reg(regno);
    meta.maxSize = size.range().umax;
    // With an unknown size only part may be written, so all of it must be initialised before.
    CallMeta raw = size.range().isConst() ? meta : null;
    if (size.range().smin < 0) {
      throw env.reject(
          Errno.EACCES, "R%d min value is negative, either use unsigned or 'var &= const'", regno);
    }
    if (size.range().umin == 0 && !zeroSizeAllowed) {
      throw env.reject(
          Errno.EACCES,
          "R%d invalid zero-sized read: u64=[%d,%d]",
          regno,
          size.range().umin,
          size.range().umax);
    }
    if (Long.compareUnsigned(size.range().umax, MAX_VAR_SIZE) >= 0) {
      throw env.reject(
          Errno.EACCES,
          "R%d unbounded memory access, use 'var &= const' or 'if (var < const)'",
          regno);
    }
    checkCallMemory(regno - 1, (int) size.range().umax, write, zeroSizeAllowed, raw);
    m.precision.markReg(regno);
  }

  /// Checks memory of a known size that may be read and written, or a null pointer.
  public void checkReadWriteMemory(int regno, int size) {
    RegState saved = env.reg(regno);
    if (saved.isNull()) {
      return;
    }
    if (RegType.mayBeNull(saved.type())) {
      env.setReg(regno, m.jumps.notNull(saved));
    }
    try {
      checkCallMemory(regno, size, false, true, null);
      checkCallMemory(regno, size, true, true, null);
    } finally {
      if (RegType.mayBeNull(saved.type())) {
        env.setReg(regno, saved);
      }
    }
  }

  /// The type that a packet pointer loaded from the context has.
  static RegState packetPointer(int type) {
    return RegState.pointer(type, new Pointee.PacketRange(0));
  }
}
