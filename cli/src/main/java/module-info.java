/// The `bpf4j` command.
module bpf4j.cli {
  requires static org.jspecify;
  requires bpf4j.loader;
  requires bpf4j.vm;
  requires info.picocli;

  opens bpf4j.cli to
      info.picocli;
}
