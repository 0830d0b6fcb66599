package bpf4j.verifier.cfg;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// Finds the subprograms, and checks that jumps stay inside them.
public final class SubprogDiscovery {
  private static final int MAX_SUBPROGS = 256;
  private static final int TAIL_CALL = HelperTable.id("tail_call");
  private static final String EXCEPTION_TAG = "exception_callback:";

  private final Env env;
  private final TreeMap<Integer, Subprog> byStart = new TreeMap<>();

  private SubprogDiscovery(Env env) {
    this.env = env;
  }

  /// Collects entry points from calls and function loads.
  public static void discover(Env env) {
    SubprogDiscovery d = new SubprogDiscovery(env);
    d.add(0);
    for (int i = 0; i < env.insns.length; i++) {
      long insn = env.insns[i];
      boolean isFunc = Insns.isFuncLoad(insn) || Insns.isSubprogCall(insn);
      if (!isFunc && !Insns.isKfuncCall(insn)) {
        continue;
      }
      if (!env.priv.bpfCapable()) {
        throw env.reject(
            Errno.EPERM,
            "loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN");
      }
      if (isFunc) {
        d.add(Insns.calleeSlot(insn, i));
      } else {
        env.kfuncs.add(env, i);
      }
    }
    d.finish(d.exceptionCallbackSlot());
  }

  private void add(int slotIdx) {
    if (slotIdx < 0 || slotIdx >= env.insns.length) {
      throw env.reject(Errno.EINVAL, "call to invalid destination");
    }
    if (byStart.containsKey(slotIdx)) {
      return;
    }
    if (byStart.size() >= MAX_SUBPROGS) {
      throw env.reject(Errno.E2BIG, "too many subprograms");
    }
    byStart.put(slotIdx, new Subprog(slotIdx));
  }

  private void finish(int exceptionSlot) {
    if (exceptionSlot != 0) {
      add(exceptionSlot);
    }
    env.subprogs = new ArrayList<>(byStart.values());
    for (int i = 0; i < env.subprogs.size(); i++) {
      Subprog s = env.subprogs.get(i);
      s.end = i + 1 < env.subprogs.size() ? env.subprogs.get(i + 1).start : env.insns.length;
      if (exceptionSlot != 0 && s.start == exceptionSlot) {
        env.exceptionCallback = i;
        s.isCallback = true;
        s.isAsyncCallback = true;
        s.isExceptionCallback = true;
      }
    }
    if (env.log.level2()) {
      for (int i = 0; i < env.subprogs.size(); i++) {
        env.log.printf("func#%d @%d\n", i, env.subprogs.get(i).start);
      }
    }
  }

  /// Start of the subprogram that the main function's BTF tag names, 0 for none.
  private int exceptionCallbackSlot() {
    Btf btf = env.spec.btf();
    List<ProgramSpec.FuncInfo> funcs = env.spec.funcInfo();
    if (btf == null || funcs.isEmpty()) {
      return 0;
    }
    String name = null;
    int main = funcs.getFirst().typeId();
    for (int id = 1; id < btf.typeCount(); id++) {
      if (btf.isKind(id, BtfKind.DECL_TAG)
          && btf.target(id) == main
          && btf.declTagComponent(id) == -1
          && btf.name(id).startsWith(EXCEPTION_TAG)) {
        if (name != null) {
          throw env.reject(Errno.EEXIST, "multiple exception callback tags for main subprog");
        }
        name = btf.name(id).substring(EXCEPTION_TAG.length());
      }
    }
    return name == null ? 0 : exceptionCallbackSlot(btf, name);
  }

  private int exceptionCallbackSlot(Btf btf, String name) {
    int id = btf.find(name, BtfKind.FUNC);
    if (id <= 0) {
      throw env.reject(Errno.ENOENT, "exception callback '%s' could not be found in BTF", name);
    }
    if (btf.linkage(id) != 1) {
      throw env.reject(Errno.EINVAL, "exception callback '%s' must have global linkage", name);
    }
    for (ProgramSpec.FuncInfo f : env.spec.funcInfo()) {
      if (f.typeId() != id) {
        continue;
      }
      if (f.slotIdx() == 0) {
        throw env.reject(Errno.EINVAL, "invalid exception callback insn_off in func_info: 0");
      }
      return f.slotIdx();
    }
    throw env.reject(Errno.EINVAL, "exception callback type id not found in func_info");
  }

  /// Checks every jump against the subprogram's limits, and that no subprogram falls into the next.
  public static void checkJumps(Env env) {
    for (Subprog s : env.subprogs) {
      for (int i = s.start; i < s.end; i++) {
        checkJump(env, s, i);
      }
    }
  }

  private static void checkJump(Env env, Subprog s, int i) {
    long insn = env.insns[i];
    int opcode = RawInsn.opcode(insn);
    if (Insns.isHelperCall(insn, TAIL_CALL)) {
      s.hasTailCall = true;
      s.tailCallReachable = true;
    }
    if (RawInsn.insnClass(insn) == Opcodes.LD
        && (Insns.mode(insn) == Opcodes.ABS || Insns.mode(insn) == Opcodes.IND)) {
      s.hasLdAbs = true;
    }
    if (Insns.isJump(insn) && Insns.op(insn) == Opcodes.EXIT) {
      s.exitIdx = i;
    } else if (Insns.isJump(insn) && Insns.op(insn) != Opcodes.CALL) {
      int target = i + Insns.jumpOff(insn) + 1;
      if (target < s.start || target >= s.end) {
        throw env.reject(Errno.EINVAL, "jump out of range from insn %d to %d", i, target);
      }
    }
    if (i == s.end - 1
        && opcode != (Opcodes.JMP | Opcodes.EXIT)
        && opcode != (Opcodes.JMP32 | Opcodes.JA)
        && opcode != (Opcodes.JMP | Opcodes.JA)) {
      throw env.reject(Errno.EINVAL, "last insn is not an exit or jmp");
    }
  }
}
