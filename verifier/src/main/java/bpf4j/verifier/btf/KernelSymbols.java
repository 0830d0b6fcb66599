package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Kernel variables and functions that `ld_imm64` loads. Source of the rules: `check_pseudo_btf_id`
/// of Linux 6.18.
public final class KernelSymbols implements Ksyms {
  @Override
  public void resolve(Env env, int slotIdx) {
    load(env, slotIdx);
  }

  static RegState load(Env env, int slotIdx) {
    Btf btf = env.kernelBtf;
    int id = RawInsn.imm(env.insns[slotIdx]);
    if (RawInsn.imm(env.insns[slotIdx + 1]) != 0) {
      throw env.reject(Errno.EINVAL, "invalid module BTF object FD specified.");
    }
    if (btf == null) {
      throw env.reject(
          Errno.EINVAL,
          "kernel is missing BTF, make sure CONFIG_DEBUG_INFO_BTF=y is specified in Kconfig.");
    }
    if (!btf.isValidId(id) || id == 0) {
      throw env.reject(Errno.ENOENT, "ldimm64 insn specifies invalid btf_id %d.", id);
    }
    if (btf.isKind(id, BtfKind.FUNC)) {
      return memory(0);
    }
    if (!btf.isKind(id, BtfKind.VAR)) {
      throw env.reject(Errno.EINVAL, "pseudo btf_id %d in ldimm64 isn't KIND_VAR or KIND_FUNC", id);
    }
    // The reference kernel keeps no addresses of variables (no CONFIG_KALLSYMS_ALL).
    throw env.reject(
        Errno.ENOENT, "ldimm64 failed to find the address for kernel symbol '%s'.", btf.name(id));
  }

  private static RegState memory(int size) {
    return RegState.pointer(RegType.MEM | RegType.RDONLY, new Pointee.Memory(size, 0));
  }
}
