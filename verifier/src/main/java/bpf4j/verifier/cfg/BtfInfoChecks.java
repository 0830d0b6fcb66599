package bpf4j.verifier.cfg;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Subprog;
import java.util.List;

/// Checks function and line information against the program, and takes names and linkage from it.
public final class BtfInfoChecks {
  private static final int GLOBAL = 1;

  private BtfInfoChecks() {}

  /// Before subprograms are known: the records by themselves.
  public static void checkEarly(Env env) {
    if (hasNone(env)) {
      checkWithoutBtf(env);
      return;
    }
    Btf btf = env.spec.btf();
    if (btf == null) {
      throw new bpf4j.verifier.env.Rejection(Errno.EBADF);
    }
    if (env.spec.funcInfo().isEmpty()) {
      checkWithoutBtf(env);
      return;
    }
    int prev = 0;
    List<ProgramSpec.FuncInfo> funcs = env.spec.funcInfo();
    for (int i = 0; i < funcs.size(); i++) {
      ProgramSpec.FuncInfo f = funcs.get(i);
      if (i == 0 && f.slotIdx() != 0) {
        throw env.rejectOpen(
            Errno.EINVAL, "nonzero insn_off %d for the first func info record", f.slotIdx());
      }
      if (i > 0 && f.slotIdx() <= prev) {
        throw env.rejectOpen(
            Errno.EINVAL,
            "same or smaller insn offset (%d) than previous func info record (%d)",
            f.slotIdx(),
            prev);
      }
      if (!btf.isValidId(f.typeId()) || !btf.isKind(f.typeId(), BtfKind.FUNC)) {
        throw env.rejectOpen(Errno.EINVAL, "invalid type id %d in func info", f.typeId());
      }
      prev = f.slotIdx();
    }
  }

  private static boolean hasNone(Env env) {
    return env.spec.funcInfo().isEmpty() && env.spec.lineInfo().isEmpty();
  }

  private static void checkWithoutBtf(Env env) {
    for (int i = 1; i < env.subprogs.size(); i++) {
      Subprog s = env.subprogs.get(i);
      if (s.hasLdAbs) {
        throw env.reject(Errno.EINVAL, "LD_ABS is not allowed in subprogs without BTF");
      }
      if (s.hasTailCall) {
        throw env.reject(Errno.EINVAL, "tail_call is not allowed in subprogs without BTF");
      }
    }
  }

  /// With subprograms known: one record for each, in the same order.
  public static void check(Env env) {
    if (hasNone(env)) {
      checkWithoutBtf(env);
      return;
    }
    Btf btf = env.spec.btf();
    if (btf == null) {
      return;
    }
    if (env.spec.funcInfo().isEmpty()) {
      checkWithoutBtf(env);
    } else {
      checkFuncs(env, btf);
    }
    if (!env.spec.lineInfo().isEmpty()) {
      checkLines(env, btf);
    }
  }

  private static void checkFuncs(Env env, Btf btf) {
    List<ProgramSpec.FuncInfo> funcs = env.spec.funcInfo();
    if (funcs.size() != env.subprogs.size()) {
      throw env.reject(
          Errno.EINVAL, "number of funcs in func_info doesn't match number of subprogs");
    }
    for (int i = 0; i < funcs.size(); i++) {
      ProgramSpec.FuncInfo f = funcs.get(i);
      Subprog s = env.subprogs.get(i);
      if (s.start != f.slotIdx()) {
        throw env.reject(
            Errno.EINVAL, "func_info BTF section doesn't match subprog layout in BPF program");
      }
      s.funcTypeId = f.typeId();
      s.name = btf.name(f.typeId());
      s.isGlobal = btf.linkage(f.typeId()) == GLOBAL;
      int ret = btf.skipModsAndTypedefs(btf.target(btf.target(f.typeId())));
      boolean scalar = isSmallInt(btf, ret) || (ret != 0 && btf.kind(ret).isAnyEnum());
      if (i > 0 && !scalar && s.hasLdAbs) {
        throw env.reject(Errno.EINVAL, "LD_ABS is only allowed in functions that return 'int'.");
      }
      if (i > 0 && !scalar && s.hasTailCall) {
        throw env.reject(Errno.EINVAL, "tail_call is only allowed in functions that return 'int'.");
      }
    }
  }

  private static boolean isSmallInt(Btf btf, int type) {
    return type != 0 && btf.isKind(type, BtfKind.INT) && btf.size(type) <= 8;
  }

  private static void checkLines(Env env, Btf btf) {
    List<ProgramSpec.LineInfo> lines = env.spec.lineInfo();
    int subprog = 0;
    int prev = 0;
    int len = env.insns.length;
    for (int i = 0; i < lines.size(); i++) {
      ProgramSpec.LineInfo l = lines.get(i);
      if ((i > 0 && l.slotIdx() <= prev) || l.slotIdx() < 0 || l.slotIdx() >= len) {
        throw env.reject(
            Errno.EINVAL,
            "Invalid line_info[%d].insn_off:%d (prev_offset:%d prog->len:%d)",
            i,
            l.slotIdx(),
            prev,
            len);
      }
      if (RawInsn.opcode(env.insns[l.slotIdx()]) == 0) {
        throw env.reject(Errno.EINVAL, "Invalid insn code at line_info[%d].insn_off", i);
      }
      if (!btf.isValidString(l.lineOff()) || !btf.isValidString(l.fileNameOff())) {
        throw env.reject(Errno.EINVAL, "Invalid line_info[%d].line_off or .file_name_off", i);
      }
      if (subprog < env.subprogs.size()) {
        int start = env.subprogs.get(subprog).start;
        if (l.slotIdx() == start) {
          subprog++;
        } else if (start < l.slotIdx()) {
          throw env.reject(Errno.EINVAL, "missing bpf_line_info for func#%d", subprog);
        }
      }
      prev = l.slotIdx();
    }
    if (subprog != env.subprogs.size()) {
      throw env.reject(
          Errno.EINVAL,
          "missing bpf_line_info for %d funcs starting from func#%d",
          env.subprogs.size() - subprog,
          subprog);
    }
  }
}
