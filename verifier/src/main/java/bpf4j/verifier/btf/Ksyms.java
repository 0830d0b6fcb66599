package bpf4j.verifier.btf;

import bpf4j.verifier.env.Env;

/// Kernel symbols that `ld_imm64` loads by BTF id: a seam for the pass that resolves immediates.
public interface Ksyms {
  /// Resolves the symbol at a slot, or refuses it.
  void resolve(Env env, int slotIdx);

  /// Refuses every symbol.
  Ksyms NONE =
      (env, slotIdx) -> {
        throw env.unsupported("kernel symbol in ld_imm64");
      };
}
