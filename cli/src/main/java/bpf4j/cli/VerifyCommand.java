package bpf4j.cli;

import bpf4j.loader.LoadOptions;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.LoadError;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.Verdict;
import bpf4j.verifier.Verifier;
import bpf4j.verifier.VerifierOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `bpf4j verify`: the verdict on each program of some objects.
@Command(
    name = "verify",
    sortOptions = false,
    header = "Ask the verifier about each program of some objects.",
    description = {
      "",
      "Each program is loaded by itself, as libbpf would: linked, relocated, fitted to the kernel's "
          + "types. Verdict, message and log are those of Linux 6.18."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bpf4j verify lb.o                            one line a program, and why not",
      "  bpf4j verify --log-level 2 --prog lb lb.o    the verifier's way through the program",
      "  bpf4j verify --unprivileged lb.o             as a user without capabilities",
      "  bpf4j verify --format csv *.o > stats.csv    veristat's columns",
      "  bpf4j verify --json *.o | jq 'select(.verdict == \"reject\") | .message'",
      "",
      "Exit codes: 0 all accepted, 1 one or more rejected, 2 one or more could not be read or loaded."
    })
final class VerifyCommand extends Verb {
  /// `BPF_LOG_STATS`.
  private static final int STATISTICS = 4;

  /// The forms of output.
  enum Format {
    TEXT,
    JSON,
    CSV
  }

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Compiled BPF objects.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "text (default), json (a line a program) or csv (veristat's columns).")
  private Format format = Format.TEXT;

  @Option(names = "--json", description = "Short for --format json.")
  private boolean json;

  @Option(
      names = "--prog",
      paramLabel = "NAME",
      description = "Only this program; may be given more than once.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Load as this program type (xdp, sched_cls, …) whatever the section says.")
  private @Nullable ProgType type;

  @Option(
      names = "--log-level",
      paramLabel = "N",
      description =
          "0: no log (default in text); 1: the way at branches; 2: every instruction; 4: messages "
              + "and statistics only (default in JSON). Statistics end every log.")
  private @Nullable Integer logLevel;

  @Option(names = "--unprivileged", description = "Verify for a user without capabilities.")
  private boolean unprivileged;

  @Mixin private KernelOption kernel = new KernelOption();

  @Option(
      names = "--strict-maps",
      description =
          "Take maps as the object has them. By default a max_entries of 0, which the loader of the "
              + "program was to set, counts as 1 (4096 for ring buffers), as in veristat.")
  private boolean strictMaps;

  @Option(
      names = "--no-annotations",
      description =
          "Pass over test_prog_flags annotations (BTF declaration tags of the kernel's selftests), "
              + "which ask for load flags such as BPF_F_STRICT_ALIGNMENT.")
  private boolean noAnnotations;

  private int accepted;
  private int rejected;
  private int errors;

  VerifyCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    if (json) {
      format = Format.JSON;
    }
    if (logLevel != null && (logLevel < 0 || logLevel > 7)) {
      throw new InputProblem("--log-level " + logLevel + ": 0 to 7");
    }
    VerdictReport report = VerdictReport.of(format, out(), main.colour(), withLog());
    report.begin();
    VerifierOptions options = options();
    Progress progress = new Progress(main.io(), files.size(), "verifying");
    for (Path file : files) {
      progress.step(String.valueOf(file.getFileName()));
      verify(file, options, report);
    }
    progress.end();
    report.end(accepted, rejected, errors);
    return errors > 0 ? ExitCode.USAGE : rejected > 0 ? ExitCode.REJECTED : ExitCode.OK;
  }

  /// Whether logs are part of the output.
  private boolean withLog() {
    return logLevel != null ? logLevel > 0 : format == Format.JSON;
  }

  private VerifierOptions options() {
    int level = logLevel == null ? 0 : logLevel;
    return new VerifierOptions(level | STATISTICS, !unprivileged, kernel.kernel().btf());
  }

  private void verify(Path file, VerifierOptions options, VerdictReport report) {
    LoadOptions load = kernel.loadOptions().withObjectName(objectName(file));
    switch (ObjectReader.open(file, load)) {
      case ObjectReader.Problem p -> {
        errors++;
        report.unreadable(file, p);
        if (format != Format.TEXT) {
          main.io().message(file + ": " + p.message());
        }
      }
      case ObjectReader.Spec s -> {
        LoadFixes fixes = new LoadFixes(s.spec(), !strictMaps, !noAnnotations, type);
        for (ProgramSpec p : ProgramChoice.of(file, s.spec(), names)) {
          verify(s.object(), fixes.apply(p), options, report);
        }
      }
    }
  }

  private void verify(
      String object, ProgramSpec program, VerifierOptions options, VerdictReport report) {
    LoadError refused = program.loadError();
    if (refused != null) {
      errors++;
      report.notLoaded(object, program, refused);
      return;
    }
    Verdict verdict;
    try {
      verdict = verdictOf(program, options);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      errors++;
      String message = "bpf4j itself failed: " + e;
      report.notLoaded(object, program, new LoadError(Errno.EFAULT.code(), List.of(message)));
      main.trace(e);
      return;
    }
    switch (verdict) {
      case Verdict.Accept _ -> accepted++;
      case Verdict.Reject _ -> rejected++;
    }
    report.verdict(object, program, verdict);
  }

  /// The verdict; without the log of every instruction where that does not fit into memory.
  private static Verdict verdictOf(ProgramSpec program, VerifierOptions options) {
    try {
      return Verifier.verify(program, options);
    } catch (OutOfMemoryError e) {
      if (options.logLevel() == STATISTICS) {
        throw e;
      }
      return Verifier.verify(
          program, new VerifierOptions(STATISTICS, options.privileged(), options.kernelBtf()));
    }
  }

  /// The file's name up to its last dot, which begins the names of data maps.
  private static String objectName(Path file) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }
}
