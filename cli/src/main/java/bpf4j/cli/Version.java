package bpf4j.cli;

import picocli.CommandLine;

/// What `--version` prints.
final class Version implements CommandLine.IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "bpf4j 0.1.0-SNAPSHOT",
      "Java " + Runtime.version() + " on " + System.getProperty("os.name"),
      "Reference: Linux 6.18, libbpf 1.5"
    };
  }
}
