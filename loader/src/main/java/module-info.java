/// ELF objects, relocation, linking and CO-RE.
module bpf4j.loader {
  requires static org.jspecify;
  requires transitive bpf4j.model;

  exports bpf4j.loader;
  exports bpf4j.loader.core;
  exports bpf4j.loader.elf;
  exports bpf4j.loader.linker;
}
