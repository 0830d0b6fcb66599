package bpf4j.verifier;

import bpf4j.verifier.btf.AttachTargets;
import bpf4j.verifier.btf.KernelSymbols;
import bpf4j.verifier.btf.KernelTargets;
import bpf4j.verifier.btf.KernelTypes;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.kfunc.KernelFunctions;
import bpf4j.verifier.object.KernelObjects;

/// Chooses who implements the seams: kernel types, kfuncs, objects, attach targets.
final class Wiring {
  private Wiring() {}

  static AttachTargets wire(Env env, Machine machine) {
    machine.btf = new KernelTypes(env.types);
    machine.objects = new KernelObjects(env.types);
    env.ksyms = new KernelSymbols();
    env.kfuncs = new KernelFunctions();
    return new KernelTargets();
  }
}
