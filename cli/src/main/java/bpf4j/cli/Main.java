package bpf4j.cli;

import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/// The `bpf4j` command: finds the verb, runs it and turns every outcome into an exit code.
///
/// 0 = done, and accepted; 1 = rejected by the verifier, or a failed expectation; 2 = bad usage,
/// unreadable input or output that cannot be written. A Java stack trace appears with `--debug`
/// only.
@Command(
    name = "bpf4j",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "VERB",
    sortOptions = false,
    header = "Runs, verifies and explains compiled BPF programs, without a kernel.",
    description = {
      "",
      "What Linux 6.18 with libbpf would do with an object file, bpf4j does too: the same verdict, "
          + "the same message, the same log, the same result."
    },
    subcommands = {
      RunCommand.class,
      VerifyCommand.class,
      InspectCommand.class,
      DisasmCommand.class,
      AsmCommand.class,
      BtfCommand.class,
      ExecCommand.class,
      CompletionCommand.class,
      CommandLine.HelpCommand.class,
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bpf4j verify xdp.o                 would the kernel take these programs?",
      "  bpf4j verify --log-level 2 xdp.o   the verifier's log, as the kernel writes it",
      "  bpf4j help verify                  everything about one verb",
      "",
      "Exit codes: 0 done and accepted, 1 rejected or an expectation failed, 2 bad usage or "
          + "unreadable input."
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show a Java stack trace when bpf4j itself fails.")
  private boolean debug;

  @Option(
      names = "--color",
      scope = ScopeType.INHERIT,
      paramLabel = "WHEN",
      defaultValue = "auto",
      description = "auto, always or never: colours in text output (auto: on a terminal only).")
  private Colour.When colour = Colour.When.AUTO;

  private final Io io;

  Main(Io io) {
    this.io = io;
  }

  /// Runs the command on this process's streams and ends the JVM.
  public static void main(String[] args) {
    System.exit(execute(args, Io.system()));
  }

  /// Runs one command line and gives its exit code.
  ///
  /// @param in standard input
  /// @param out standard output
  /// @param err standard error
  public static int execute(String[] args, InputStream in, PrintStream out, PrintStream err) {
    return execute(args, new Io(in, new Output(out), err, false));
  }

  static int execute(String[] args, Io io) {
    Main main = new Main(io);
    CommandLine command = commandLine(main);
    StringWriter help = new StringWriter();
    command.setOut(new PrintWriter(help));
    int code;
    try {
      code = command.execute(args);
      io.out().print(help.toString());
      io.out().flush();
    } catch (OutputFailed e) {
      code = main.outputFailed(e);
    }
    io.err().flush();
    return code;
  }

  /// The command and all its verbs, ready to parse.
  static CommandLine commandLine(Main main) {
    CommandLine command = new CommandLine(main, new CommandFactory(main));
    command.setCaseInsensitiveEnumValuesAllowed(true);
    command.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    command.setUsageHelpAutoWidth(false);
    command.setUsageHelpWidth(100);
    command.setErr(new PrintWriter(main.io.err(), true, StandardCharsets.UTF_8));
    command.setParameterExceptionHandler(main::badUsage);
    command.setExecutionExceptionHandler((e, c, _) -> main.failed(e, c));
    return command;
  }

  /// No verb: shows what there is, as a mistake.
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no verb");
  }

  Io io() {
    return io;
  }

  /// With `--debug`, shows where bpf4j itself failed.
  void trace(Throwable e) {
    if (debug) {
      e.printStackTrace(io.err());
    }
  }

  /// How text on standard output is coloured.
  Colour colour() {
    return new Colour(
        switch (colour) {
          case ALWAYS -> true;
          case NEVER -> false;
          case AUTO -> io.terminal() && System.getenv("NO_COLOR") == null;
        });
  }

  private int badUsage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    boolean noSuchVerb =
        command.getParent() == null
            && e instanceof UnmatchedArgumentException u
            && !u.isUnknownOption();
    io.message(
        name
            + ": "
            + (noSuchVerb
                ? "no verb '" + ((UnmatchedArgumentException) e).getUnmatched().get(0) + "'"
                : e.getMessage()));
    if (e instanceof UnmatchedArgumentException unmatched && unmatched.isUnknownOption()) {
      suggest(unmatched);
    }
    if (command.getParent() == null) {
      io.message("Verbs: " + String.join(", ", command.getSubcommands().keySet()) + ".");
    }
    io.message("Try '" + name + " --help'.");
    return ExitCode.USAGE;
  }

  private void suggest(UnmatchedArgumentException unmatched) {
    var suggestions = unmatched.getSuggestions();
    if (!suggestions.isEmpty()) {
      io.message("Did you mean: " + String.join(", ", suggestions) + "?");
    }
  }

  private int failed(Exception e, CommandLine command) {
    if (e instanceof OutputFailed output) {
      throw output;
    }
    String name = command.getCommandSpec().qualifiedName();
    if (debug) {
      trace(e);
    } else if (e instanceof InputProblem) {
      io.message(name + ": " + e.getMessage());
    } else {
      io.message(name + ": bpf4j itself failed: " + e + " (--debug shows where)");
    }
    return ExitCode.USAGE;
  }

  private int outputFailed(OutputFailed e) {
    if (!e.isBrokenPipe()) {
      io.message("bpf4j: cannot write to standard output: " + e.getMessage());
    }
    return ExitCode.USAGE;
  }
}
