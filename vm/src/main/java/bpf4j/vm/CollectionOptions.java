package bpf4j.vm;

import bpf4j.verifier.VerifierOptions;
import bpf4j.vm.kernel.VirtualKernel;
import java.util.Set;

/// How to load a collection.
///
/// @param kernel the virtual kernel that helpers ask
/// @param verifier how programs are verified; its kernel types are also those that kfunc numbers
///   refer to
/// @param programs names of the programs to load, or empty for all with `autoload`
/// @param cpus number of virtual CPUs
public record CollectionOptions(
    VirtualKernel kernel, VerifierOptions verifier, Set<String> programs, int cpus) {
  public CollectionOptions {
    programs = Set.copyOf(programs);
  }

  /// A new virtual kernel, privileged, every program.
  public static CollectionOptions defaults() {
    return new CollectionOptions(
        new VirtualKernel(), VerifierOptions.DEFAULT, Set.of(), bpf4j.maps.MapTable.DEFAULT_CPUS);
  }

  /// Only these programs.
  public CollectionOptions withPrograms(String... names) {
    return new CollectionOptions(kernel, verifier, Set.of(names), cpus);
  }

  public CollectionOptions withKernel(VirtualKernel newKernel) {
    return new CollectionOptions(newKernel, verifier, programs, cpus);
  }

  public CollectionOptions withVerifier(VerifierOptions options) {
    return new CollectionOptions(kernel, options, programs, cpus);
  }
}
