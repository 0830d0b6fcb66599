package bpf4j.verifier.btf;

import bpf4j.verifier.env.Env;

/// Finds what a program attaches to: a seam of the structural passes.
public interface AttachTargets {
  /// Fills `env.attach`, or refuses the target.
  void resolve(Env env);

  /// Refuses program types that need a target.
  AttachTargets NONE =
      env -> {
        switch (env.spec.type()) {
          case TRACING, LSM, STRUCT_OPS, EXT ->
              throw env.unsupported("program type " + env.spec.type().kernelName());
          default -> {
            // Attached by user space, without types.
          }
        }
      };
}
