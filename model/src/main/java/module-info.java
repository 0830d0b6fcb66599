/// The BPF program as data: instructions, types, specs and prototype tables.
module bpf4j.model {
  requires static org.jspecify;

  exports bpf4j.model.asm;
  exports bpf4j.model.btf;
  exports bpf4j.model.btf.dump;
  exports bpf4j.model.btf.value;
  exports bpf4j.model.isa;
  exports bpf4j.model.proto;
  exports bpf4j.model.spec;
}
