package bpf4j.loader.link;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.core.CoreException;
import bpf4j.loader.core.CoreRelocator;
import bpf4j.loader.core.CoreTarget;
import bpf4j.loader.kernel.LoadException;
import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ObjectTypes;
import bpf4j.loader.object.ProgramCode;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfExt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// CO-RE relocations by the function they belong to, and their application for one entry program.
///
/// A program is loaded by itself, with all subprograms of `.text`: their relocations are done in
/// the file's order with a fresh set of candidates, as libbpf does when nothing else is loaded.
final class CoreRelocations {
  /// Relocations of subprograms done anew for each program, in total over an object.
  private static final long SHARED_BUDGET = 2_000_000;

  private record Entry(
      int order, ProgramCode program, int slotIdx, BtfExt.CoreRelo relo, int number) {}

  private final @Nullable Btf local;
  private final @Nullable CoreTarget target;
  private final List<Entry> shared = new ArrayList<>();
  private final Map<ProgramCode, List<Entry>> own = new HashMap<>();
  private int count;
  private @Nullable String malformed;
  private long budget = SHARED_BUDGET;

  CoreRelocations(ObjectFile object, ObjectTypes types, @Nullable CoreTarget target) {
    this.local = types.btf();
    this.target = target;
    BtfExt ext = types.ext();
    if (ext == null) {
      return;
    }
    for (BtfExt.Section<BtfExt.CoreRelo> s : ext.coreRelos()) {
      int secIdx = types.elfSection(s.nameOff());
      if (local == null
          || !local.isValidString(s.nameOff())
          || local.string(s.nameOff()).isEmpty()) {
        malformed = "CO-RE relocations of a section without a name";
        return;
      }
      int number = 0;
      for (BtfExt.CoreRelo r : s.records()) {
        if (r.insnOff() % ObjectFile.INSN_SIZE != 0) {
          malformed = "CO-RE relocation #" + number + " at byte " + r.insnOff() + " of a section";
          return;
        }
        long slot = Integer.toUnsignedLong(r.insnOff()) / ObjectFile.INSN_SIZE;
        ProgramCode p = secIdx == 0 ? null : object.programAt(secIdx, slot);
        if (p != null) {
          Entry e = new Entry(count++, p, (int) slot - p.secSlotOff, r, number);
          if (object.isSubprog(p)) {
            shared.add(e);
          } else {
            own.computeIfAbsent(p, k -> new ArrayList<>()).add(e);
          }
        }
        number++;
      }
    }
  }

  boolean isEmpty() {
    return count == 0 && malformed == null;
  }

  /// Instructions of `main` and of the subprograms that have relocations, with those applied.
  Map<ProgramCode, long[]> apply(ProgramCode main) throws LoadException {
    Map<ProgramCode, long[]> code = new HashMap<>();
    if (isEmpty() || local == null) {
      return code;
    }
    if (malformed != null) {
      throw new LoadException(
          LibbpfErrno.EINVAL, "failed to perform CO-RE relocations: -22", malformed);
    }
    if (target == null) {
      throw new LoadException(
          LibbpfErrno.ESRCH, "failed to find valid kernel BTF", "Error loading vmlinux BTF: -3");
    }
    List<String> warnings = new ArrayList<>();
    CoreRelocator relocator = new CoreRelocator(local, target, warnings::add);
    for (Entry e : inFileOrder(main)) {
      long[] insns = code.computeIfAbsent(e.program, p -> p.insns.clone());
      try {
        relocator.relocate(e.program.name, insns, e.slotIdx, e.relo, e.number);
      } catch (CoreException x) {
        if (warnings.isEmpty()) {
          warnings.add(String.valueOf(x.getMessage()));
        }
        warnings.add("failed to perform CO-RE relocations: " + x.errno().negated());
        throw new LoadException(x.errno().code(), warnings);
      }
    }
    return code;
  }

  private List<Entry> inFileOrder(ProgramCode main) throws LoadException {
    List<Entry> mine = own.getOrDefault(main, List.of());
    if (shared.isEmpty()) {
      return mine;
    }
    budget -= shared.size();
    if (budget < 0) {
      throw new LoadException(
          LibbpfErrno.E2BIG, "prog '" + main.name + "': too many CO-RE relocations in the object");
    }
    List<Entry> both = new ArrayList<>(shared.size() + mine.size());
    int i = 0;
    for (Entry e : shared) {
      while (i < mine.size() && mine.get(i).order < e.order) {
        both.add(mine.get(i++));
      }
      both.add(e);
    }
    both.addAll(mine.subList(i, mine.size()));
    return both;
  }
}
