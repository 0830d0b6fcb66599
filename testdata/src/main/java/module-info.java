/// Test data: our own BPF sources, the objects compiled from them and data-driven cases.
module bpf4j.testdata {
  requires static org.jspecify;

  exports bpf4j.testdata;
}
