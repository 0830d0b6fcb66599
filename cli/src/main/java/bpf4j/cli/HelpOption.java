package bpf4j.cli;

import picocli.CommandLine.Option;

/// `--help` of a verb.
final class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and end.")
  private boolean asked;

  /// Whether help was asked for.
  boolean asked() {
    return asked;
  }
}
