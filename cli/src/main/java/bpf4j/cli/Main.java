package bpf4j.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/// Entry point of the `bpf4j` command.
@Command(name = "bpf4j", mixinStandardHelpOptions = true)
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }
}
