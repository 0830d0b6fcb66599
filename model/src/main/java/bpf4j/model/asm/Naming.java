package bpf4j.model.asm;

import bpf4j.model.isa.Instruction.LoadBtfId;
import bpf4j.model.isa.Instruction.LoadFunc;
import bpf4j.model.isa.Instruction.LoadImm64;
import bpf4j.model.isa.Instruction.LoadMapFd;
import bpf4j.model.isa.Instruction.LoadMapIdx;
import bpf4j.model.isa.Instruction.LoadMapIdxValue;
import bpf4j.model.isa.Instruction.LoadMapValue;
import bpf4j.model.isa.Instruction.LoadWide;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The names that an instruction's numbers stand for. The verifier overrides the methods to print
/// what the kernel prints; the defaults print forms that [Assembler] reads back to the same words.
public interface Naming {
  /// Names nothing: every number stays a number.
  Naming PLAIN = new Naming() {};

  /// The full name of a helper (`bpf_map_lookup_elem`), or null when there is none with this
  /// number; the kernel prints `unknown` then.
  default @Nullable String helperName(int id) {
    return null;
  }

  /// What stands before `#btfId` in a call of a kfunc. The verifier log has the kfunc's name.
  default String kfuncName(int btfId, int fdIdx) {
    return fdIdx == 0 ? "kfunc" : "kfunc[" + fdIdx + "]";
  }

  /// The name of the map that a `ld_imm64` refers to by number, or null to print the number.
  default @Nullable String mapName(int fd) {
    return null;
  }

  /// The right side of a `ld_imm64`. The verifier log has a hexadecimal number or kernel address
  /// everywhere.
  default String wideOperand(LoadWide insn) {
    return switch (insn) {
      case LoadImm64 i -> "0x" + Long.toHexString(i.imm());
      case LoadMapFd i -> map(i.fd());
      case LoadMapValue i -> map(i.fd()) + value(i.off());
      case LoadMapIdx i -> "map[idx:" + i.idx() + "]";
      case LoadMapIdxValue i -> "map[idx:" + i.idx() + "]" + value(i.off());
      case LoadBtfId i ->
          i.btfFd() == 0
              ? "btf[id:" + i.btfId() + "]"
              : "btf[id:" + i.btfId() + ",fd:" + i.btfFd() + "]";
      case LoadFunc i ->
          "subprog["
              + String.format(Locale.ROOT, "%+d", i.off())
              + (i.high() == 0 ? "]" : "," + i.high() + "]");
    };
  }

  private String map(int fd) {
    String name = mapName(fd);
    return "map[" + (name == null ? "fd:" + fd : name) + "]";
  }

  private static String value(int off) {
    return "[0]+" + Integer.toUnsignedString(off);
  }
}
