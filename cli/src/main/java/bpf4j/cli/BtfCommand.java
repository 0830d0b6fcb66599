package bpf4j.cli;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.dump.CDump;
import bpf4j.model.btf.dump.RawDump;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `bpf4j btf`: the types in a file.
@Command(
    name = "btf",
    sortOptions = false,
    header = "Show the types (BTF) in an object or a kernel.",
    synopsisSubcommandLabel = "dump",
    subcommands = BtfCommand.Dump.class,
    footerHeading = "%nExamples:%n",
    footer = {"  bpf4j btf dump xdp.o", "  bpf4j help btf dump"})
final class BtfCommand extends Verb {
  BtfCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    throw new InputProblem("say what to do: 'bpf4j btf dump FILE'");
  }

  /// `bpf4j btf dump`, with bpftool's output.
  @Command(
      name = "dump",
      sortOptions = false,
      header = "Print all types, raw or as C, exactly as bpftool does.",
      footerHeading = "%nExamples:%n",
      footer = {
        "  bpf4j btf dump xdp.o                                       every type with its number",
        "  bpf4j btf dump --format c /sys/kernel/btf/vmlinux > vmlinux.h   a header of the kernel",
        "  bpf4j btf dump file xdp.o format c                         as bpftool wants it said"
      })
  static final class Dump extends Verb {
    /// The two formats.
    enum Format {
      RAW,
      C
    }

    @Parameters(
        arity = "1..*",
        paramLabel = "FILE",
        description = "Raw BTF, or an ELF file with a section .BTF.")
    private List<String> words = new ArrayList<>();

    @Option(
        names = "--format",
        paramLabel = "FORMAT",
        description = "raw: one type a line or more, with its number (default); c: a C header.")
    private Format format = Format.RAW;

    @Option(
        names = "--unsorted",
        description = "For c: definitions in order of type number, not by kind and name.")
    private boolean unsorted;

    Dump(Main main) {
      super(main);
    }

    @Override
    public Integer call() {
      String file = file();
      Btf btf = BtfFile.parse(file, main.io().bytes(Path.of(file)));
      StringBuilder text = new StringBuilder();
      try {
        if (format == Format.C) {
          CDump.writeHeader(btf, text, !unsorted);
        } else {
          RawDump.write(btf, text);
        }
      } catch (BtfException e) {
        throw new InputProblem(file + ": " + e.getMessage());
      } catch (IOException e) {
        throw new OutputFailed(e);
      }
      out().print(text.toString());
      return ExitCode.OK;
    }

    /// The file, in bpftool's words too: `file FILE [format F]`.
    private String file() {
      List<String> rest = new ArrayList<>(words);
      if (rest.size() > 1 && rest.getFirst().equals("file")) {
        rest.removeFirst();
      }
      if (rest.size() == 3 && rest.get(1).equals("format")) {
        format =
            switch (rest.get(2).toLowerCase(Locale.ROOT)) {
              case "raw" -> Format.RAW;
              case "c" -> Format.C;
              default -> throw new InputProblem("no format '" + rest.get(2) + "': raw or c");
            };
        rest.subList(1, 3).clear();
      }
      if (rest.size() != 1) {
        throw new InputProblem("one file at a time, not " + String.join(" ", rest));
      }
      return rest.getFirst();
    }
  }
}
