package bpf4j.cli;

import bpf4j.loader.SpecJson;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.LoadError;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.ProgramSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `bpf4j inspect`: programs and maps of an object.
@Command(
    name = "inspect",
    sortOptions = false,
    header = "Show the programs and maps in an object.",
    description = {
      "",
      "Programs are linked, relocated and fitted to the kernel's types (CO-RE), as libbpf would "
          + "hand them to the kernel. Nothing is verified or run."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bpf4j inspect lb.o",
      "  bpf4j inspect --json *.o | jq -r 'select(.program) | .program + \" \" + .type'"
    })
final class InspectCommand extends Verb {
  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Compiled BPF objects.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--json",
      description =
          "Print one JSON line a program: object program section type attach_type insns (hex) "
              + "maps, and one line for the maps that no program uses.")
  private boolean json;

  @Mixin private KernelOption kernel = new KernelOption();

  InspectCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    int code = ExitCode.OK;
    for (Path file : files) {
      switch (ObjectReader.open(file, kernel.loadOptions())) {
        case ObjectReader.Spec s when json -> SpecJson.lines(s.spec()).forEach(out()::println);
        case ObjectReader.Spec s -> print(s.spec());
        case ObjectReader.Problem p -> {
          code = ExitCode.USAGE;
          if (json) {
            out().println(problem(p));
          }
          main.io().message(file + ": " + p.message());
        }
      }
    }
    return code;
  }

  private static String problem(ObjectReader.Problem p) {
    return new JsonWriter()
        .beginObject()
        .field("object", p.object())
        .field("error", p.errno())
        .field("message", p.message())
        .endObject()
        .toString();
  }

  private void print(CollectionSpec spec) {
    Colour colour = main.colour();
    out()
        .println(
            colour.strong(spec.objectName())
                + ": "
                + Text.count(spec.programs().size(), "program")
                + ", "
                + Text.count(spec.maps().size(), "map")
                + ", license \""
                + spec.license()
                + "\""
                + (spec.bigEndian() ? ", big-endian" : ""));
    for (ProgramSpec p : spec.programs()) {
      out()
          .println(
              "  "
                  + colour.strong(p.name())
                  + "  section "
                  + p.section()
                  + ", type "
                  + Text.typeName(p.type())
                  + ", "
                  + Text.count(p.insns().length, "insn")
                  + (p.autoload() ? "" : ", not loaded by default"));
      if (!p.maps().isEmpty()) {
        out()
            .println(
                "      maps: "
                    + p.maps().stream().map(MapSpec::name).collect(Collectors.joining(", ")));
      }
      LoadError error = p.loadError();
      if (error != null) {
        out().println("      " + colour.bad("cannot be loaded") + ": " + error.message());
      }
    }
    for (MapSpec m : spec.maps()) {
      out().println("  " + colour.strong(m.name()) + "  " + describe(m));
      MapSpec inner = m.inner();
      if (inner != null) {
        out().println("      of " + describe(inner));
      }
      if (!m.initialSlots().isEmpty()) {
        out()
            .println(
                "      "
                    + m.initialSlots().stream()
                        .map(s -> "[" + s.index() + "] = " + s.target())
                        .collect(Collectors.joining(", ")));
      }
    }
    spec.notes().forEach(note -> out().println("  note: " + note));
  }

  /// In bpftool's manner: `hash key 4B value 8B max_entries 64 flags 0x1`.
  private static String describe(MapSpec m) {
    StringBuilder text =
        new StringBuilder(m.type().name().toLowerCase(Locale.ROOT))
            .append("  key ")
            .append(Integer.toUnsignedString(m.keySize()))
            .append("B  value ")
            .append(Integer.toUnsignedString(m.valueSize()))
            .append("B  max_entries ")
            .append(Integer.toUnsignedString(m.maxEntries()));
    if (m.flags() != 0) {
      text.append("  flags 0x").append(Integer.toHexString(m.flags()));
    }
    if (m.mapExtra() != 0) {
      text.append("  map_extra 0x").append(Long.toHexString(m.mapExtra()));
    }
    if (m.frozen()) {
      text.append("  frozen");
    }
    if (m.pinByName()) {
      text.append("  pinned by name");
    }
    return text.toString();
  }
}
