package bpf4j.verifier.env;

import bpf4j.model.asm.Naming;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.isa.Instruction.LoadBtfId;
import bpf4j.model.isa.Instruction.LoadFunc;
import bpf4j.model.isa.Instruction.LoadImm64;
import bpf4j.model.isa.Instruction.LoadMapFd;
import bpf4j.model.isa.Instruction.LoadMapIdx;
import bpf4j.model.isa.Instruction.LoadMapIdxValue;
import bpf4j.model.isa.Instruction.LoadMapValue;
import bpf4j.model.isa.Instruction.LoadWide;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.MapType;
import bpf4j.verifier.state.VerifierMap;
import org.jspecify.annotations.Nullable;

/// Names and addresses as the verifier log shows them. Maps have made-up addresses in the range
/// where the kernel has them.
final class LogNaming implements Naming {
  private static final long VALUE_BASE = 0xffffc90000000000L;
  private static final long SYMBOL_BASE = 0xffffffff81000000L;
  private final Env env;

  LogNaming(Env env) {
    this.env = env;
  }

  @Override
  public @Nullable String helperName(int id) {
    return HelperTable.exists(id) ? HelperTable.kernelName(id) : null;
  }

  @Override
  public String kfuncName(int btfId, int fdIdx) {
    Btf btf = env.kernelBtf;
    if (btf == null || fdIdx != 0 || !btf.isValidId(btfId) || !btf.isKind(btfId, BtfKind.FUNC)) {
      return "<error>";
    }
    return btf.name(btfId);
  }

  @Override
  public String wideOperand(LoadWide insn) {
    return switch (insn) {
      case LoadImm64 i -> hex(i.imm());
      case LoadMapFd i -> hex(address(i.fd()));
      case LoadMapIdx i -> hex(address(i.idx()));
      case LoadMapValue i -> hex(valueAddress(i.fd(), i.off()));
      case LoadMapIdxValue i -> hex(valueAddress(i.idx(), i.off()));
      case LoadBtfId i -> hex(SYMBOL_BASE + (long) i.btfId() * 16);
      case LoadFunc i -> hex((long) i.high() << 32 | Integer.toUnsignedLong(i.off()));
    };
  }

  private static String hex(long v) {
    return "0x" + Long.toHexString(v);
  }

  private long address(int idx) {
    if (!env.priv.allowPtrLeaks()) {
      return 0;
    }
    for (VerifierMap m : env.maps) {
      if (m.index() == idx) {
        return m.address();
      }
    }
    return 0;
  }

  private long valueAddress(int idx, int off) {
    if (!env.priv.allowPtrLeaks()) {
      return 0;
    }
    for (VerifierMap m : env.maps) {
      if (m.index() == idx && m.type() == MapType.ARENA && m.spec().mapExtra() != 0) {
        return m.spec().mapExtra() + Integer.toUnsignedLong(off);
      }
    }
    return VALUE_BASE + (long) idx * 0x2000 + off;
  }
}
