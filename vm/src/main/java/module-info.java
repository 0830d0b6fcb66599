/// Engines, helpers and test run.
module bpf4j.vm {
  requires static org.jspecify;
  requires transitive bpf4j.model;
  requires transitive bpf4j.maps;
  requires transitive bpf4j.verifier;

  exports bpf4j.vm;
  exports bpf4j.vm.engine;
  exports bpf4j.vm.jit;
  exports bpf4j.vm.kernel;
}
