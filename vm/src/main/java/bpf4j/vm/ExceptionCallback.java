package bpf4j.vm;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.model.spec.ProgramSpec.FuncInfo;

/// Finds a program's exception callback: the function that its declaration tag
/// `exception_callback:NAME` names. Source: linux-6.18 `bpf_find_exception_callback_insn_off()`.
final class ExceptionCallback {
  private static final String TAG = "exception_callback:";

  private ExceptionCallback() {}

  /// The slot where it starts, or -1.
  static int slotOf(ProgramSpec spec) {
    Btf btf = spec.btf();
    if (btf == null || spec.funcInfo().isEmpty()) {
      return -1;
    }
    int main = spec.funcInfo().getFirst().typeId();
    for (int id = btf.startId(); id < btf.startId() + btf.typeCount(); id++) {
      if (!btf.isValidId(id)
          || !btf.isKind(id, BtfKind.DECL_TAG)
          || btf.target(id) != main
          || btf.declTagComponent(id) != -1
          || !btf.name(id).startsWith(TAG)) {
        continue;
      }
      String name = btf.name(id).substring(TAG.length());
      for (FuncInfo f : spec.funcInfo()) {
        if (btf.name(f.typeId()).equals(name)) {
          return f.slotIdx();
        }
      }
    }
    return -1;
  }
}
