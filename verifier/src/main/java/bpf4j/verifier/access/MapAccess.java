package bpf4j.verifier.access;

import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.VerifierMap;

/// Access to map values: bounds, flags, special fields, and constants from read-only maps.
public final class MapAccess {
  private final Machine m;
  private final Env env;

  MapAccess(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  void access(MemAccess.Access a, RegState reg) {
    if (a.stores() && env.isPointerValue(a.valueRegno())) {
      throw env.reject(Errno.EACCES, "R%d leaks addr into map", a.valueRegno());
    }
    checkAccessType(reg, a.off(), a.size(), a.write());
    checkAccess(a.regno(), a.off(), a.size(), false, true);
    VerifierMap map = reg.map();
    if (reg.range().isConst()) {
      int at = a.off() + (int) reg.varOff().value();
      FieldRecord.Field f = map.fields().at(at);
      if (f != null && (f.kind().isKptr() || f.kind() == FieldRecord.Kind.UPTR)) {
        m.objects.kptrAccess(m, a.regno(), at, a.write(), a.valueRegno());
        return;
      }
      if (a.loads() && map.isConstant() && map.hasDirectValue()) {
        env.setReg(
            a.valueRegno(),
            RegState.constant(read(map, at, a.size(), a.signExtend()))
                .withPrecise(env.reg(a.valueRegno()).precise()));
        return;
      }
    }
    if (a.loads()) {
      env.setUnknown(a.valueRegno());
    }
  }

  /// The constant at an offset of a frozen read-only map's value.
  private static long read(VerifierMap map, int off, int size, boolean signExtend) {
    byte[] data = map.spec().initialData();
    long v = 0;
    for (int i = 0; i < size; i++) {
      long b = off + i < data.length ? data[off + i] & 0xffL : 0;
      v |= b << (8 * i);
    }
    int unused = 64 - 8 * size;
    return signExtend ? v << unused >> unused : v;
  }

  /// Checks the map's flags against the kind of access.
  public void checkAccessType(RegState reg, int off, int size, boolean write) {
    VerifierMap map = reg.map();
    if (write && !map.progMayWrite()) {
      throw env.reject(
          Errno.EACCES,
          "write into map forbidden, value_size=%d off=%d size=%d",
          map.valueSize(),
          off,
          size);
    }
    if (!write && !map.progMayRead()) {
      throw env.reject(
          Errno.EACCES,
          "read from map forbidden, value_size=%d off=%d size=%d",
          map.valueSize(),
          off,
          size);
    }
  }

  /// Checks bounds, and that no special field is touched in a way it does not stand.
  ///
  /// @param direct whether an instruction, not a call, accesses it
  public void checkAccess(int regno, int off, int size, boolean zeroSizeAllowed, boolean direct) {
    RegState reg = env.reg(regno);
    VerifierMap map = reg.map();
    m.mem.checkRegion(regno, off, size, map.valueSize(), zeroSizeAllowed);
    for (FieldRecord.Field f : map.fields().fields()) {
      boolean touches =
          reg.range().smin + off < f.off() + f.size()
              && Long.compareUnsigned(f.off(), reg.range().umax + off + size) < 0;
      if (touches) {
        checkField(reg, f, off, size, direct);
      }
    }
  }

  private void checkField(RegState reg, FieldRecord.Field f, int off, int size, boolean direct) {
    String name = f.kind().text();
    if (!f.kind().isKptr() && f.kind() != FieldRecord.Kind.UPTR) {
      throw env.reject(Errno.EACCES, "%s cannot be accessed directly by load/store", name);
    }
    if (!direct) {
      throw env.reject(Errno.EACCES, "%s cannot be accessed indirectly by helper", name);
    }
    if (!reg.range().isConst()) {
      throw env.reject(Errno.EACCES, "%s access cannot have variable offset", name);
    }
    long at = off + reg.varOff().value();
    if (f.off() != at) {
      throw env.reject(Errno.EACCES, "%s access misaligned expected=%d off=%d", name, f.off(), at);
    }
    if (size != 8) {
      throw env.reject(Errno.EACCES, "%s access size must be BPF_DW", name);
    }
  }
}
