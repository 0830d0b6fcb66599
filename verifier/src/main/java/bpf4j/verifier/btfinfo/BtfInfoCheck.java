package bpf4j.verifier.btfinfo;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.model.spec.ProgramSpec.FuncInfo;
import bpf4j.model.spec.ProgramSpec.LineInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Holds function and line records against the program. Every check gives the text that the log
/// gets (some without a line end, as the kernel has them), or null where all is well; each refusal
/// is EINVAL.
///
/// Source: linux-6.18 `check_btf_info_early()` and `check_btf_info()`.
public final class BtfInfoCheck {
  private BtfInfoCheck() {}

  /// What the checks ask of a subprogram.
  public record Subprogram(int start, boolean hasLdAbs, boolean hasTailCall) {}

  /// Before subprograms are known to be well formed: the records' order and types.
  public static @Nullable String early(ProgramSpec program, List<Subprogram> subprograms) {
    if (program.funcInfo().isEmpty()) {
      return abnormalReturn(subprograms);
    }
    Btf btf = program.btf();
    int previous = -1;
    for (FuncInfo record : program.funcInfo()) {
      int slotIdx = record.slotIdx();
      if (previous < 0 && slotIdx != 0) {
        return "nonzero insn_off %s for the first func info record"
            .formatted(Integer.toUnsignedString(slotIdx));
      }
      if (previous >= 0 && Integer.compareUnsigned(slotIdx, previous) <= 0) {
        return "same or smaller insn offset (%s) than previous func info record (%s)"
            .formatted(Integer.toUnsignedString(slotIdx), Integer.toUnsignedString(previous));
      }
      int typeId = record.typeId();
      if (btf == null || !btf.isValidId(typeId) || !btf.isKind(typeId, BtfKind.FUNC)) {
        return "invalid type id %d in func info".formatted(typeId);
      }
      previous = slotIdx;
    }
    return null;
  }

  /// After the control flow was checked: one record for each subprogram, at its start.
  public static @Nullable String functions(ProgramSpec program, List<Subprogram> subprograms) {
    List<FuncInfo> records = program.funcInfo();
    if (records.isEmpty()) {
      return abnormalReturn(subprograms);
    }
    if (records.size() != subprograms.size()) {
      return "number of funcs in func_info doesn't match number of subprogs\n";
    }
    for (int i = 0; i < records.size(); i++) {
      Subprogram sub = subprograms.get(i);
      if (sub.start() != records.get(i).slotIdx()) {
        return "func_info BTF section doesn't match subprog layout in BPF program\n";
      }
      if (i > 0 && (sub.hasLdAbs() || sub.hasTailCall()) && !returnsInt(program, records.get(i))) {
        return "%s only allowed in functions that return 'int'.\n"
            .formatted(sub.hasLdAbs() ? "LD_ABS is" : "tail_call is");
      }
    }
    return null;
  }

  /// Line records: in order, inside the program, with readable strings, one at each subprogram's
  /// start.
  public static @Nullable String lines(ProgramSpec program, List<Subprogram> subprograms) {
    List<LineInfo> records = program.lineInfo();
    Btf btf = program.btf();
    if (records.isEmpty() || btf == null) {
      return null;
    }
    long[] insns = program.insns();
    int previous = 0;
    int next = 0;
    for (int i = 0; i < records.size(); i++) {
      LineInfo record = records.get(i);
      int slotIdx = record.slotIdx();
      if ((i > 0 && Integer.compareUnsigned(slotIdx, previous) <= 0)
          || Integer.compareUnsigned(slotIdx, insns.length) >= 0) {
        return "Invalid line_info[%d].insn_off:%s (prev_offset:%s prog->len:%d)\n"
            .formatted(
                i,
                Integer.toUnsignedString(slotIdx),
                Integer.toUnsignedString(previous),
                insns.length);
      }
      if (RawInsn.opcode(insns[slotIdx]) == 0) {
        return "Invalid insn code at line_info[%d].insn_off\n".formatted(i);
      }
      if (!btf.isValidString(record.lineOff()) || !btf.isValidString(record.fileNameOff())) {
        return "Invalid line_info[%d].line_off or .file_name_off\n".formatted(i);
      }
      if (next < subprograms.size()) {
        int start = subprograms.get(next).start();
        if (slotIdx == start) {
          next++;
        } else if (start < slotIdx) {
          return "missing bpf_line_info for func#%d\n".formatted(next);
        }
      }
      previous = slotIdx;
    }
    if (next < subprograms.size()) {
      return "missing bpf_line_info for %d funcs starting from func#%d\n"
          .formatted(subprograms.size() - next, next);
    }
    return null;
  }

  /// Without types nothing says that a subprogram returns an int, which LD_ABS and tail calls need.
  private static @Nullable String abnormalReturn(List<Subprogram> subprograms) {
    for (Subprogram sub : subprograms.subList(1, subprograms.size())) {
      if (sub.hasLdAbs()) {
        return "LD_ABS is not allowed in subprogs without BTF\n";
      }
      if (sub.hasTailCall()) {
        return "tail_call is not allowed in subprogs without BTF\n";
      }
    }
    return null;
  }

  private static boolean returnsInt(ProgramSpec program, FuncInfo record) {
    Btf btf = program.btf();
    if (btf == null) {
      return false;
    }
    int returned = btf.skipModsAndTypedefs(btf.target(btf.target(record.typeId())));
    return switch (btf.kind(returned)) {
      case ENUM, ENUM64 -> true;
      case INT -> isSmallInt(btf, returned);
      default -> false;
    };
  }

  /// A plain int of 1, 2, 4 or 8 bytes that uses all its bits.
  private static boolean isSmallInt(Btf btf, int id) {
    int size = btf.size(id);
    return btf.intBitOffset(id) == 0
        && btf.intBits(id) == size * 8
        && size <= 8
        && Integer.bitCount(size) == 1;
  }
}
