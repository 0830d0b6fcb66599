package bpf4j.verifier;

import bpf4j.verifier.btf.AttachTargets;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;

/// Chooses who implements the seams: kernel types, kfuncs, objects, attach targets.
final class Wiring {
  private Wiring() {}

  static AttachTargets wire(Env env, Machine machine) {
    if (machine.env != env) {
      throw new IllegalArgumentException("machine of another program");
    }
    return AttachTargets.NONE;
  }
}
