package bpf4j.cli;

import bpf4j.model.asm.Naming;
import bpf4j.model.proto.HelperTable;
import org.jspecify.annotations.Nullable;

/// Names as the verifier log prints them: helpers by name, all else as [Naming] has it.
class LogNaming implements Naming {
  @Override
  public @Nullable String helperName(int id) {
    return HelperTable.exists(id) ? HelperTable.kernelName(id) : null;
  }
}
