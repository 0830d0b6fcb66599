package bpf4j.vm.jit;

import java.lang.classfile.CodeBuilder;
import java.util.HashSet;
import java.util.Set;

/// Loads numbers. A class has room for some 65,000 constants, and a large program has more; what
/// finds no room is put together from two-byte immediates.
final class Constants {
  /// A `long` takes two places of the constant pool; names and methods need room too.
  private static final int MOST = 12_000;

  private final Set<Long> pooled = new HashSet<>();

  void load(CodeBuilder code, long value) {
    if (hasRoom(value)) {
      code.loadConstant(value);
    } else if (value == (int) value) {
      compose(code, (int) value);
      code.i2l();
    } else {
      compose(code, (int) (value >>> 32));
      code.i2l().bipush(32).lshl();
      compose(code, (int) value);
      code.i2l().loadConstant(0xffff_ffffL).land().lor();
    }
  }

  void load(CodeBuilder code, int value) {
    if (value == (short) value || hasRoom(value)) {
      code.loadConstant(value);
    } else {
      compose(code, value);
    }
  }

  private boolean hasRoom(long value) {
    if (value == 0 || value == 1 || pooled.contains(value)) {
      return true;
    }
    return pooled.size() < MOST && pooled.add(value);
  }

  /// `(high << 16) + low`, the low half signed.
  private static void compose(CodeBuilder code, int value) {
    short low = (short) value;
    code.sipush((value - low) >> 16).bipush(16).ishl().sipush(low).iadd();
  }
}
