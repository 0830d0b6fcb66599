/// The verifier.
module bpf4j.verifier {
  requires static org.jspecify;
  requires transitive bpf4j.model;

  exports bpf4j.verifier;
}
