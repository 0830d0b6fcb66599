package bpf4j.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/// What all verbs have in common: the streams, and `--help`.
abstract class Verb implements Callable<Integer> {
  final Main main;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      order = 1000,
      description = "Show this help and end.")
  boolean helpAsked;

  Verb(Main main) {
    this.main = main;
  }

  final Output out() {
    return main.io().out();
  }
}
