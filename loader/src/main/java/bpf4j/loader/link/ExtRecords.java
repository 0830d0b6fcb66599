package bpf4j.loader.link;

import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ObjectTypes;
import bpf4j.loader.object.ProgramCode;
import bpf4j.model.btf.BtfExt;
import bpf4j.model.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/// The function and line records of `.BTF.ext` by ELF section, and the part of them that belongs to
/// one function. Mirrors libbpf 1.5 `adjust_prog_btf_ext_info`.
final class ExtRecords {
  /// Records looked at in sections that are out of order, over all programs.
  private static final long UNORDERED_BUDGET = 50_000_000;

  private final Map<Integer, Part<BtfExt.FuncInfo>> funcs = new HashMap<>();
  private final Map<Integer, Part<BtfExt.LineInfo>> lines = new HashMap<>();
  private long budget = UNORDERED_BUDGET;

  ExtRecords(ObjectTypes types) {
    BtfExt ext = types.ext();
    if (ext != null) {
      for (BtfExt.Section<BtfExt.FuncInfo> s : ext.funcInfo()) {
        funcs.putIfAbsent(
            types.elfSection(s.nameOff()), new Part<>(s.records(), BtfExt.FuncInfo::insnOff));
      }
      for (BtfExt.Section<BtfExt.LineInfo> s : ext.lineInfo()) {
        lines.putIfAbsent(
            types.elfSection(s.nameOff()), new Part<>(s.records(), BtfExt.LineInfo::insnOff));
      }
    }
  }

  /// Appends the function records of `p`, which starts at slot `base` of the linked program. False
  /// when there are none.
  boolean addFuncs(ProgramCode p, int base, List<ProgramSpec.FuncInfo> out) {
    Part<BtfExt.FuncInfo> part = funcs.get(p.secIdx);
    List<BtfExt.FuncInfo> own = part == null ? List.of() : part.of(p);
    for (BtfExt.FuncInfo r : own) {
      out.add(new ProgramSpec.FuncInfo(slot(r.insnOff(), p, base), r.typeId()));
    }
    return !own.isEmpty();
  }

  /// Appends the line records of `p`, as [#addFuncs].
  boolean addLines(ProgramCode p, int base, ArrayList<ProgramSpec.LineInfo> out) {
    Part<BtfExt.LineInfo> part = lines.get(p.secIdx);
    List<BtfExt.LineInfo> own = part == null ? List.of() : part.of(p);
    out.ensureCapacity(out.size() + own.size());
    for (BtfExt.LineInfo r : own) {
      out.add(
          new ProgramSpec.LineInfo(
              slot(r.insnOff(), p, base), r.fileNameOff(), r.lineOff(), r.lineCol()));
    }
    return !own.isEmpty();
  }

  private static int slot(int insnOff, ProgramCode p, int base) {
    return Integer.divideUnsigned(insnOff, ObjectFile.INSN_SIZE) - p.secSlotOff + base;
  }

  /// The records of one section.
  private final class Part<T> {
    private final List<T> records;
    private final ToIntFunction<T> insnOff;
    private final boolean ascending;

    Part(List<T> records, ToIntFunction<T> insnOff) {
      this.records = records;
      this.insnOff = insnOff;
      boolean up = true;
      for (int i = 1; i < records.size() && up; i++) {
        up = slotOf(i - 1) <= slotOf(i);
      }
      this.ascending = up;
    }

    private long slotOf(int i) {
      return Integer.toUnsignedLong(insnOff.applyAsInt(records.get(i))) / ObjectFile.INSN_SIZE;
    }

    /// From the first record inside of `p` to the last before one behind `p`.
    List<T> of(ProgramCode p) {
      long end = (long) p.secSlotOff + p.insns.length;
      int first = -1;
      int last = -1;
      for (int i = ascending ? lowerBound(p.secSlotOff) : 0; i < records.size(); i++) {
        if (!ascending && --budget < 0) {
          break;
        }
        long slot = slotOf(i);
        if (slot >= end) {
          break;
        }
        if (slot >= p.secSlotOff) {
          first = first < 0 ? i : first;
          last = i;
        }
      }
      return first < 0 ? List.of() : records.subList(first, last + 1);
    }

    private int lowerBound(long slot) {
      int lo = 0;
      int hi = records.size();
      while (lo < hi) {
        int mid = (lo + hi) >>> 1;
        if (slotOf(mid) < slot) {
          lo = mid + 1;
        } else {
          hi = mid;
        }
      }
      return lo;
    }
  }
}
