package bpf4j.cli;

import bpf4j.model.asm.Disassembler;
import bpf4j.model.btf.Btf;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.model.spec.ProgramSpec.FuncInfo;
import bpf4j.model.spec.ProgramSpec.LineInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `bpf4j disasm`: the instructions of an object's programs.
@Command(
    name = "disasm",
    sortOptions = false,
    header = "Print the instructions of an object's programs.",
    description = {
      "",
      "In the dialect of the kernel's verifier log, with the source lines and function names that "
          + "the object's BTF has. Programs are linked and relocated as the kernel gets them."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bpf4j disasm xdp.o",
      "  bpf4j disasm --prog xdp_lb --no-source lb.o",
      "  bpf4j disasm --json xdp.o | jq -r .insns[].text"
    })
final class DisasmCommand extends Verb {
  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Compiled BPF objects.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--prog",
      paramLabel = "NAME",
      description = "Only this program; may be given more than once.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--no-source", description = "Leave out source lines.")
  private boolean noSource;

  @Option(
      names = "--json",
      description = "Print one JSON line a program: object program insns[{slot text source}].")
  private boolean json;

  @Mixin private KernelOption kernel = new KernelOption();

  DisasmCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    int code = ExitCode.OK;
    for (Path file : files) {
      switch (ObjectReader.open(file, kernel.loadOptions())) {
        case ObjectReader.Spec s -> {
          for (ProgramSpec p : ProgramChoice.of(file, s.spec(), names)) {
            if (json) {
              out().println(jsonLine(s.object(), p));
            } else {
              print(s.spec(), p);
            }
          }
        }
        case ObjectReader.Problem p -> {
          code = ExitCode.USAGE;
          main.io().message(file + ": " + p.message());
        }
      }
    }
    return code;
  }

  private void print(CollectionSpec spec, ProgramSpec p) {
    Colour colour = main.colour();
    Map<Integer, String> functions = functions(p);
    Map<Integer, String> lines = noSource ? Map.of() : sourceLines(p);
    Disassembler disassembler = new Disassembler(new ProgramNaming(p));
    out()
        .println(
            colour.strong(spec.objectName() + ": " + p.name())
                + " (section "
                + p.section()
                + ", type "
                + Text.typeName(p.type())
                + ")");
    long[] insns = p.insns();
    for (int slotIdx = 0; slotIdx < insns.length; slotIdx++) {
      String function = functions.get(slotIdx);
      if (function != null) {
        out().println(colour.strong(function + ":"));
      }
      String line = lines.get(slotIdx);
      if (line != null) {
        out().println(colour.faint("; " + line));
      }
      String text = disassembler.text(insns, slotIdx);
      out().println(String.format(java.util.Locale.ROOT, "%4d: %s", slotIdx, text));
      if (RawInsn.isLdImm64(insns[slotIdx])) {
        slotIdx++;
      }
    }
    out().println("");
  }

  private String jsonLine(String object, ProgramSpec p) {
    Map<Integer, String> lines = noSource ? Map.of() : sourceLines(p);
    Map<Integer, String> functions = functions(p);
    Disassembler disassembler = new Disassembler(new ProgramNaming(p));
    JsonWriter line =
        new JsonWriter()
            .beginObject()
            .field("object", object)
            .field("program", p.name())
            .beginArray("insns");
    long[] insns = p.insns();
    for (int slotIdx = 0; slotIdx < insns.length; slotIdx++) {
      line.beginObject().field("slot", slotIdx);
      if (functions.containsKey(slotIdx)) {
        line.field("function", functions.get(slotIdx));
      }
      line.field("text", disassembler.text(insns, slotIdx));
      if (lines.containsKey(slotIdx)) {
        line.field("source", lines.get(slotIdx));
      }
      line.endObject();
      if (RawInsn.isLdImm64(insns[slotIdx])) {
        slotIdx++;
      }
    }
    return line.endArray().endObject().toString();
  }

  private static Map<Integer, String> functions(ProgramSpec p) {
    Map<Integer, String> names = new HashMap<>();
    Btf btf = p.btf();
    if (btf != null) {
      for (FuncInfo f : p.funcInfo()) {
        names.put(f.slotIdx(), btf.name(f.typeId()));
      }
    }
    return names;
  }

  /// As the verifier log has them: `text @ file.c:12`.
  private static Map<Integer, String> sourceLines(ProgramSpec p) {
    Map<Integer, String> lines = new HashMap<>();
    Btf btf = p.btf();
    if (btf != null) {
      for (LineInfo l : p.lineInfo()) {
        String file = btf.string(l.fileNameOff());
        lines.put(
            l.slotIdx(),
            btf.string(l.lineOff()).strip()
                + " @ "
                + file.substring(file.lastIndexOf('/') + 1)
                + ":"
                + l.line());
      }
    }
    return lines;
  }

  /// Maps by name as well.
  private static final class ProgramNaming extends LogNaming {
    private final List<MapSpec> maps;

    ProgramNaming(ProgramSpec program) {
      maps = program.maps();
    }

    @Override
    public @Nullable String mapName(int fd) {
      return fd >= 0 && fd < maps.size() ? maps.get(fd).name() : null;
    }
  }
}
