/// Measures programs beside the kernel. Never released.
module bpf4j.bench {
  requires static org.jspecify;
  requires bpf4j.loader;
  requires bpf4j.vm;
}
