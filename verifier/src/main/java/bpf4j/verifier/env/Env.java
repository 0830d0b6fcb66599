package bpf4j.verifier.env;

import bpf4j.model.asm.Disassembler;
import bpf4j.model.btf.Btf;
import bpf4j.model.proto.HelperProto;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.log.StatePrinter;
import bpf4j.verifier.log.VerifierLog;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.HistoryEntry;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.VerifierMap;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One verification: the program and everything found out about it, the state under execution, the
/// log and the counters. Passes and checks share it; it holds no rules of its own.
public final class Env {
  public static final int MAX_STACK = 512;

  public final ProgramSpec spec;
  public final long[] insns;
  public final VerifierLog log;
  public final Privileges priv;
  public final @Nullable Btf kernelBtf;

  /// The program's and the kernel's types.
  public final bpf4j.verifier.btf.TypesOfProgram types;

  public final InsnAux aux;
  public final Counters counters = new Counters();

  /// Subprograms by start, the main program first.
  public List<Subprog> subprogs = new ArrayList<>();

  /// Maps in the order of first use.
  public final List<VerifierMap> maps = new ArrayList<>();

  /// Instruction slots, each subprogram's in postorder.
  public int[] postorder = {};

  /// Number of loop components, plus one.
  public int sccCount = 1;

  public final AttachInfo attach;

  /// Prototypes of helpers as this program sees them, by number; filled as they are asked for.
  public final Map<Integer, Optional<HelperProto>> helpers = new HashMap<>();

  /// Kernel symbols in wide immediates.
  public bpf4j.verifier.btf.Ksyms ksyms = bpf4j.verifier.btf.Ksyms.NONE;

  /// Knowledge about kernel functions.
  public bpf4j.verifier.kfunc.Kfuncs kfuncs = bpf4j.verifier.kfunc.Kfuncs.NONE;

  /// Index in `subprogs` of the exception callback, 0 for none.
  public int exceptionCallback;

  public boolean strictAlignment;
  public boolean testStateFreq;
  public boolean testRegInvariants;

  /// Set where scalars must be compared exactly: pointer arithmetic limits were recorded.
  public boolean exploreAluLimits;

  /// Number of CPUs, as `bpf_get_smp_processor_id` is limited by it.
  public int cpus = 2;

  /// Whether the program uses an arena map.
  public boolean hasArena;

  public int insnIdx;
  public int prevInsnIdx;
  public int idGen;

  private @Nullable PathState cur;
  private boolean historyPushed;
  private int scratchedRegs;
  private long scratchedSlots;
  private int prevLogPos;
  private int prevInsnPrintLen;
  private int prevLine = -1;
  private final Disassembler disassembler;
  private final @Nullable String[] texts;

  public Env(
      ProgramSpec spec,
      VerifierLog log,
      Privileges priv,
      @Nullable Btf kernelBtf,
      AttachInfo attach) {
    this.spec = spec;
    this.log = log;
    this.priv = priv;
    this.kernelBtf = kernelBtf;
    types = bpf4j.verifier.btf.TypesOfProgram.of(spec.btf(), kernelBtf);
    this.attach = attach;
    insns = spec.insns().clone();
    aux = new InsnAux(insns.length);
    texts = new String[insns.length];
    disassembler = new Disassembler(new LogNaming(this));
    strictAlignment = (spec.progFlags() & ProgramSpec.F_STRICT_ALIGNMENT) != 0;
    if ((spec.progFlags() & ProgramSpec.F_ANY_ALIGNMENT) != 0) {
      strictAlignment = false;
    }
    testStateFreq = priv.bpfCapable() && (spec.progFlags() & ProgramSpec.F_TEST_STATE_FREQ) != 0;
    testRegInvariants = (spec.progFlags() & ProgramSpec.F_TEST_REG_INVARIANTS) != 0;
  }

  /// The program type that rules go by: for an extension, its target's.
  public ProgType progType() {
    return attach.effectiveType();
  }

  public @Nullable AttachType attachType() {
    return attach.attachType();
  }

  public boolean sleepable() {
    return (spec.progFlags() & ProgramSpec.F_SLEEPABLE) != 0;
  }

  /// Whether the licence lets the program call GPL-only functions.
  public boolean gplCompatible() {
    return switch (spec.license()) {
      case "GPL",
          "GPL v2",
          "GPL and additional rights",
          "Dual BSD/GPL",
          "Dual MIT/GPL",
          "Dual MPL/GPL" ->
          true;
      default -> false;
    };
  }

  /// Writes a line to the log and makes the exception that refuses the program.
  public Rejection reject(Errno errno, String format, Object... args) {
    log.printf(format, args);
    log.print("\n");
    return new Rejection(errno);
  }

  /// As [#reject], for messages of the kernel that lack a line end.
  public Rejection rejectOpen(Errno errno, String format, Object... args) {
    log.printf(format, args);
    return new Rejection(errno);
  }

  /// Refuses what this verifier does not know how to check.
  public Rejection unsupported(String what) {
    return reject(Errno.EOPNOTSUPP, "bpf4j: %s not supported", what);
  }

  public PathState cur() {
    PathState s = cur;
    if (s == null) {
      throw new IllegalStateException("no path under execution");
    }
    return s;
  }

  public void setCur(@Nullable PathState s) {
    cur = s;
  }

  public Frame frame() {
    return cur().cur();
  }

  /// Registers of the current frame.
  public RegState[] regs() {
    return cur().cur().regs;
  }

  public RegState reg(int r) {
    return cur().cur().regs[r];
  }

  public void setReg(int r, RegState s) {
    cur().cur().regs[r] = s;
  }

  public void setUnknown(int r) {
    setReg(r, RegState.unknown(!priv.bpfCapable()));
  }

  /// A scalar zero as stores and fills of zeroes make it.
  public RegState zeroScalar() {
    return RegState.ZERO.withPrecise(!priv.bpfCapable());
  }

  public int newId() {
    return ++idGen;
  }

  /// Whether values of this type may not reach user space: a pointer, and leaks matter.
  public boolean isPointerValue(RegState reg) {
    return !priv.allowPtrLeaks() && !reg.isScalar();
  }

  public boolean isPointerValue(int r) {
    return isPointerValue(reg(r));
  }

  /// The subprogram that holds a slot.
  public Subprog subprogAt(int slotIdx) {
    return subprogs.get(subprogIdxAt(slotIdx));
  }

  public int subprogIdxAt(int slotIdx) {
    int lo = 0;
    int hi = subprogs.size() - 1;
    while (lo < hi) {
      int mid = (lo + hi + 1) >>> 1;
      if (subprogs.get(mid).start <= slotIdx) {
        lo = mid;
      } else {
        hi = mid - 1;
      }
    }
    return lo;
  }

  /// Index of the subprogram that starts at the slot, or -1.
  public int subprogStartingAt(int slotIdx) {
    if (slotIdx < 0 || slotIdx >= insns.length || subprogs.isEmpty()) {
      return -1;
    }
    int i = subprogIdxAt(slotIdx);
    return subprogs.get(i).start == slotIdx ? i : -1;
  }

  // ---- history -------------------------------------------------------------------------------

  /// Forgets that the instruction under execution has an entry.
  public void beginInsn() {
    historyPushed = false;
  }

  /// Records a step or an access of the current instruction in the state's history, joining it with
  /// what the instruction recorded before.
  public void pushHistory(PathState state, int flags, long linkedRegs) {
    if (historyPushed) {
      HistoryEntry e = state.history(state.historyLen() - 1);
      state.replaceLastHistory(
          new HistoryEntry(e.insnIdx(), e.prevIdx(), e.flags() | flags, linkedRegs));
      return;
    }
    state.pushHistory(new HistoryEntry(insnIdx, prevInsnIdx, flags, linkedRegs));
    historyPushed = true;
  }

  // ---- log -----------------------------------------------------------------------------------

  public void scratchReg(int r) {
    scratchedRegs |= 1 << r;
  }

  public void scratchSlot(int spi) {
    scratchedSlots |= 1L << spi;
  }

  public void scratchAll() {
    scratchedRegs = -1;
    scratchedSlots = -1;
  }

  public void scratchNothing() {
    scratchedRegs = 0;
    scratchedSlots = 0;
  }

  public boolean scratched() {
    return scratchedRegs != 0 || scratchedSlots != 0;
  }

  /// Prints the whole of one frame of a state, and a line end.
  public void printState(PathState state, int frameno) {
    StatePrinter.print(log.out(), state, frameno, -1, -1);
  }

  /// Prints what changed, behind the instruction just printed if nothing came between.
  public void printInsnState(PathState state, int frameno) {
    if (prevLogPos != 0 && prevLogPos == log.pos()) {
      log.reset(prevLogPos - 1);
      int pad = Math.ceilDiv(Math.max(prevInsnPrintLen + 4, 40), 8) * 8 - prevInsnPrintLen - 1;
      log.out().repeat(' ', pad).append(';');
    } else {
      log.out().append(insnIdx).append(':');
    }
    StatePrinter.print(log.out(), state, frameno, scratchedRegs, scratchedSlots);
    scratchNothing();
  }

  /// Prints the instruction about to be executed, with its source line.
  public void printInsn(int slotIdx) {
    printLine(slotIdx, "; ");
    int start = log.pos();
    log.out().append(slotIdx).append(": ").append(text(slotIdx)).append('\n');
    prevLogPos = log.pos();
    prevInsnPrintLen = prevLogPos - start;
  }

  /// The instruction's text, as in the log.
  public String text(int slotIdx) {
    String t = texts[slotIdx];
    if (t == null) {
      t = disassembler.text(insns, slotIdx);
      texts[slotIdx] = t;
    }
    return t;
  }

  /// Forgets instruction texts, after immediates were resolved.
  public void forgetTexts() {
    java.util.Arrays.fill(texts, null);
  }

  /// The next source line is printed even if it was the last one printed.
  public void forgetLine() {
    prevLine = -1;
  }

  /// Prints the source line of a slot with `prefix`, unless it was the last one printed.
  public void printLine(int slotIdx, String prefix) {
    List<ProgramSpec.LineInfo> lines = spec.lineInfo();
    Btf btf = spec.btf();
    int i = lineIdx(lines, slotIdx);
    if (btf == null || i < 0 || i == prevLine) {
      return;
    }
    ProgramSpec.LineInfo line = lines.get(i);
    if (prevLine >= 0) {
      ProgramSpec.LineInfo prev = lines.get(prevLine);
      if (prev.fileNameOff() == line.fileNameOff() && prev.line() == line.line()) {
        return;
      }
    }
    String file = btf.string(line.fileNameOff());
    log.out()
        .append(prefix)
        .append(btf.string(line.lineOff()).stripLeading())
        .append(" @ ")
        .append(file.substring(file.lastIndexOf('/') + 1))
        .append(':')
        .append(line.line())
        .append('\n');
    prevLine = i;
  }

  private static int lineIdx(List<ProgramSpec.LineInfo> lines, int slotIdx) {
    int lo = 0;
    int hi = lines.size() - 1;
    if (hi < 0 || lines.getFirst().slotIdx() > slotIdx) {
      return -1;
    }
    while (lo < hi) {
      int mid = (lo + hi + 1) >>> 1;
      if (lines.get(mid).slotIdx() <= slotIdx) {
        lo = mid;
      } else {
        hi = mid - 1;
      }
    }
    return lo;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s at %d", spec.name(), insnIdx);
  }
}
