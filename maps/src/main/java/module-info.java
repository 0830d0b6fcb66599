/// Guest memory and maps.
module bpf4j.maps {
  requires static org.jspecify;
  requires transitive bpf4j.model;

  exports bpf4j.maps;
}
