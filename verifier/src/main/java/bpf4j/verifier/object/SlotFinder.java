package bpf4j.verifier.object;

import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.StackSlot;

/// Finds the stack slots of an object that a register points to. Source of the rules:
/// `stack_slot_obj_get_spi` of Linux 6.18.
final class SlotFinder {
  /// The pointer cannot mean such an object.
  static final int INVALID = -1;

  /// The slots lie below the part of the stack that exists.
  static final int BEYOND = -2;

  private SlotFinder() {}

  /// Index of the object's first slot, the one at the lowest address; negative where there is none.
  /// A wrong offset is said in the log.
  static int find(Env env, RegState reg, String kind, int slots) {
    if (!reg.range().isConst()) {
      env.log.printf("%s has to be at a constant offset\n", kind);
      return INVALID;
    }
    long off = reg.constOff();
    int spi = (int) (-off - 1) / StackSlot.BYTES;
    if (off % StackSlot.BYTES != 0 || spi + 1 < slots) {
      env.log.printf("cannot pass in %s at an offset=%d\n", kind, off);
      return INVALID;
    }
    Frame f = env.cur().frameOf(reg);
    return spi - slots + 1 >= 0 && spi < f.slots() ? spi : BEYOND;
  }
}
