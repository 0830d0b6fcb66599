package bpf4j.loader.link;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.kernel.LoadException;
import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ProgramCode;
import bpf4j.loader.object.Relocation;
import bpf4j.model.isa.RawInsn;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Appends to an entry program the subprograms it reaches, depth first in the order of their first
/// call, and points every call at its place.
///
/// Mirrors libbpf 1.5 `bpf_object__reloc_code`, with a stack of its own instead of recursion, for
/// the file decides how deep calls go.
final class CallLinker {
  private static final int CALL = 0x85;
  private static final int PSEUDO_CALL = 1;
  private static final int PSEUDO_FUNC = 4;

  /// Slots appended over all programs of an object, for each slot of the file.
  private static final int BUDGET_FACTOR = 2;

  private static final long BUDGET_BASE = 2_000_000;

  private final ObjectFile object;
  private final ExtRecords records;
  private long budget;

  CallLinker(ObjectFile object, ExtRecords records) {
    this.object = object;
    this.records = records;
    this.budget = BUDGET_BASE + (long) object.elf().size() / ObjectFile.INSN_SIZE * BUDGET_FACTOR;
  }

  private static final class Frame {
    final ProgramCode program;
    final int base;
    final boolean hasRelocations;
    int slot;

    Frame(ProgramCode program, int base) {
      this.program = program;
      this.base = base;
      this.hasRelocations = !program.relocations.isEmpty();
    }
  }

  /// Links `p`, which has been appended to `linked`, and all that it reaches.
  ///
  /// @param code instructions of functions that CO-RE changed
  void link(LinkedProgram linked, ProgramCode p, Map<ProgramCode, long[]> code)
      throws LoadException {
    Deque<Frame> stack = new ArrayDeque<>();
    stack.push(enter(linked, p));
    while (!stack.isEmpty()) {
      Frame f = stack.peek();
      if (f.slot == f.program.insns.length) {
        stack.pop();
        continue;
      }
      int slot = f.slot++;
      long insn = linked.insns[f.base + slot];
      boolean function = isFunctionLoad(f, slot, insn);
      if (!function && !isSubprogCall(insn)) {
        continue;
      }
      ProgramCode sub = target(f, slot, insn, function);
      if (sub == null) {
        continue;
      }
      boolean first = !linked.bases.containsKey(sub);
      if (first) {
        append(linked, sub, code);
      }
      int base = linked.bases.getOrDefault(sub, 0);
      int imm = base - (f.base + slot) - 1;
      long patched = function ? withSrc(insn, PSEUDO_FUNC) : insn;
      linked.insns[f.base + slot] = withImm(patched, imm);
      if (first) {
        stack.push(enter(linked, sub));
      }
    }
  }

  /// Appends `sub` unless it is there. True when it was not.
  boolean append(LinkedProgram linked, ProgramCode sub, Map<ProgramCode, long[]> code)
      throws LoadException {
    if (linked.bases.containsKey(sub)) {
      return false;
    }
    long[] insns = code.getOrDefault(sub, sub.insns);
    budget -= insns.length;
    if (budget < 0) {
      throw new LoadException(
          LibbpfErrno.E2BIG,
          "prog '" + linked.main.name + "': the object's programs are too long when linked");
    }
    linked.append(sub, insns);
    return true;
  }

  private Frame enter(LinkedProgram linked, ProgramCode p) throws LoadException {
    int base = linked.bases.getOrDefault(p, 0);
    boolean main = p == linked.main;
    if ((main || !linked.funcs.isEmpty()) && !records.addFuncs(p, base, linked.funcs) && !main) {
      throw missing(p, "function");
    }
    if ((main || !linked.lines.isEmpty()) && !records.addLines(p, base, linked.lines) && !main) {
      throw missing(p, "line");
    }
    return new Frame(p, base);
  }

  private static LoadException missing(ProgramCode p, String what) {
    return new LoadException(
        LibbpfErrno.ENOENT, "prog '" + p.name + "': missing .BTF.ext " + what + " info.");
  }

  private static boolean isSubprogCall(long insn) {
    return RawInsn.opcode(insn) == CALL && RawInsn.src(insn) == PSEUDO_CALL;
  }

  private static boolean isFunctionLoad(Frame f, int slot, long insn) {
    if (!RawInsn.isLdImm64(insn)) {
      return false;
    }
    if (RawInsn.src(insn) == PSEUDO_FUNC) {
      return true;
    }
    Relocation r = f.hasRelocations ? find(f.program.relocations, slot) : null;
    return r != null && r.kind() == Relocation.Kind.SUBPROG_ADDR;
  }

  private static @Nullable Relocation find(List<Relocation> relocations, int slot) {
    int lo = 0;
    int hi = relocations.size() - 1;
    while (lo <= hi) {
      int mid = (lo + hi) >>> 1;
      Relocation r = relocations.get(mid);
      if (r.slotIdx() == slot) {
        return r;
      }
      if (r.slotIdx() < slot) {
        lo = mid + 1;
      } else {
        hi = mid - 1;
      }
    }
    return null;
  }

  /// The subprogram called or loaded, or null where an extern function is called.
  private @Nullable ProgramCode target(Frame f, int slot, long insn, boolean function)
      throws LoadException {
    ProgramCode p = f.program;
    Relocation r = f.hasRelocations ? find(p.relocations, slot) : null;
    long subSlot;
    if (r == null) {
      if (function) {
        throw failed(p, "missing subprog addr relo for insn #" + slot);
      }
      subSlot = (long) p.secSlotOff + slot + RawInsn.imm(insn) + 1;
    } else {
      switch (r.kind()) {
        case EXTERN_CALL -> {
          return null;
        }
        case CALL -> subSlot = (long) r.symOff() / ObjectFile.INSN_SIZE + RawInsn.imm(insn) + 1;
        case SUBPROG_ADDR ->
            subSlot = ((long) r.symOff() + RawInsn.imm(insn)) / ObjectFile.INSN_SIZE;
        case MAP, DATA, EXTERN_LD64 ->
            throw failed(
                p, "unexpected relo for insn #" + slot + ", type " + libbpfNumber(r.kind()));
        default -> throw new IllegalStateException();
      }
    }
    ProgramCode sub = object.textIdx() == 0 ? null : object.programAt(object.textIdx(), subSlot);
    if (sub == null) {
      throw failed(p, "no .text section found yet sub-program call exists");
    }
    return sub;
  }

  /// libbpf's number of the kind of relocation, as it stands in its message.
  private static int libbpfNumber(Relocation.Kind kind) {
    return switch (kind) {
      case MAP -> 0;
      case CALL -> 1;
      case DATA -> 2;
      case EXTERN_LD64 -> 3;
      case EXTERN_CALL -> 4;
      case SUBPROG_ADDR -> 5;
    };
  }

  private static LoadException failed(ProgramCode p, String text) {
    return new LoadException(LibbpfErrno.RELOC, "prog '" + p.name + "': " + text);
  }

  static long withImm(long insn, int imm) {
    return (insn & 0xffff_ffffL) | ((long) imm << 32);
  }

  static long withSrc(long insn, int src) {
    return (insn & ~0xf000L) | ((long) src << 12);
  }
}
