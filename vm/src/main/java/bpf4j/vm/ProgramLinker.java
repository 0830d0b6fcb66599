package bpf4j.vm;

import bpf4j.maps.BpfMap;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.helper.HelperRegistry;
import bpf4j.vm.helper.KfuncRegistry;
import bpf4j.vm.helper.Machine;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Resolves a program's references: maps, map values, function pointers, helpers, kfuncs.
final class ProgramLinker {
  private static final int TAIL_CALL_ID = 12;

  private final ProgramSpec spec;
  private final List<BpfMap> maps;
  private final Machine machine;
  private final int index;
  private final IntPredicate reached;

  ProgramLinker(
      ProgramSpec spec, int index, List<BpfMap> maps, Machine machine, IntPredicate reached) {
    this.spec = spec;
    this.index = index;
    this.maps = maps;
    this.machine = machine;
    this.reached = reached;
  }

  /// Throws [CollectionException] for a helper or kfunc without a body here.
  LinkedProgram link() {
    long[] insns = spec.insns();
    long[] imm64 = new long[insns.length];
    @Nullable HelperBody[] calls = new HelperBody[insns.length];
    for (int slot = 0; slot < insns.length; slot++) {
      long insn = insns[slot];
      if (RawInsn.isLdImm64(insn) && slot + 1 < insns.length) {
        imm64[slot] = constant(slot, insn, RawInsn.imm(insns[slot + 1]));
        slot++;
      } else if (RawInsn.opcode(insn) == (Opcodes.JMP | Opcodes.CALL)) {
        calls[slot] = body(slot, insn);
      }
    }
    return new LinkedProgram(
        index,
        spec.name(),
        spec.type(),
        insns,
        imm64,
        calls,
        maps,
        ExceptionCallback.slotOf(spec),
        arenaUserBase());
  }

  /// The high half of the program's arena pointers in user space, from the arena's `map_extra`.
  private long arenaUserBase() {
    for (BpfMap map : maps) {
      if (map.type() == MapType.ARENA) {
        return map.spec().mapExtra();
      }
    }
    return 0;
  }

  private long constant(int slot, long insn, int high) {
    int low = RawInsn.imm(insn);
    return switch (RawInsn.src(insn)) {
      case Opcodes.PSEUDO_MAP_FD, Opcodes.PSEUDO_MAP_IDX -> map(slot, low).descriptorAddr();
      case Opcodes.PSEUDO_MAP_VALUE, Opcodes.PSEUDO_MAP_IDX_VALUE -> mapValue(slot, low, high);
      case Opcodes.PSEUDO_FUNC -> LinkedProgram.functionPointer(index, slot + 1 + low);
      case Opcodes.PSEUDO_BTF_ID -> throw refused(slot, "kernel variables are not supported");
      default -> (long) high << 32 | Integer.toUnsignedLong(low);
    };
  }

  private BpfMap map(int slot, int mapIdx) {
    if (mapIdx < 0 || mapIdx >= maps.size()) {
      throw refused(slot, "map " + mapIdx + " is not one of the program's " + maps.size());
    }
    return maps.get(mapIdx);
  }

  private long mapValue(int slot, int mapIdx, int off) {
    BpfMap map = map(slot, mapIdx);
    long addr = map.directValueAddr();
    if (addr == 0) {
      throw refused(slot, map + " has no directly addressable value");
    }
    return addr + Integer.toUnsignedLong(off);
  }

  private @Nullable HelperBody body(int slot, long insn) {
    if (!reached.test(slot)) {
      return (_, _, _, _, _, _) -> {
        throw new GuestTrap(slot, "call in code that the verifier found dead");
      };
    }
    int imm = RawInsn.imm(insn);
    return switch (RawInsn.src(insn)) {
      case Opcodes.HELPER_CALL -> helper(slot, imm);
      case Opcodes.PSEUDO_KFUNC_CALL -> kfunc(slot, imm);
      default -> null;
    };
  }

  private @Nullable HelperBody helper(int slot, int id) {
    if (id == TAIL_CALL_ID) {
      return null;
    }
    HelperBody body = HelperRegistry.body(id);
    if (body == null) {
      throw refused(slot, HelperTable.kernelName(id) + " (helper " + id + ") is not supported");
    }
    return body;
  }

  private HelperBody kfunc(int slot, int btfId) {
    Btf btf = machine.kernelBtf();
    if (btf == null || !btf.isValidId(btfId) || !btf.isKind(btfId, BtfKind.FUNC)) {
      throw refused(slot, "kernel function with BTF id " + btfId + " is not known");
    }
    HelperBody body = KfuncRegistry.body(btf.name(btfId), machine, spec.btf());
    if (body == null) {
      throw refused(slot, "kernel function " + btf.name(btfId) + " is not supported");
    }
    return body;
  }

  private CollectionException refused(int slot, String why) {
    return new CollectionException(
        Errno.ENOTSUPP, "program '%s', instruction %d: %s".formatted(spec.name(), slot, why));
  }
}
