package bpf4j.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;

/// `bpf4j completion`: the script that teaches bash and zsh our verbs and options.
@Command(
    name = "completion",
    sortOptions = false,
    header = "Print the completion script for bash and zsh.",
    description = {"", "Completes verbs, options, their values and file names."},
    footerHeading = "%nExamples:%n",
    footer = {
      "  source <(bpf4j completion)                                       this shell",
      "  bpf4j completion > ~/.local/share/bash-completion/completions/bpf4j   every bash",
      "",
      "zsh needs 'autoload -U +X bashcompinit && bashcompinit' before."
    })
final class CompletionCommand extends Verb {
  CompletionCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    out().print(AutoComplete.bash("bpf4j", Main.commandLine(main)));
    return ExitCode.OK;
  }
}
