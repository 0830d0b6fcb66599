package bpf4j.cli;

import bpf4j.model.asm.AsmException;
import bpf4j.model.asm.AsmNames;
import bpf4j.model.asm.Assembler;
import bpf4j.model.asm.Assembly;
import bpf4j.model.asm.Disassembler;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperTable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `bpf4j asm`: source text to instructions.
@Command(
    name = "asm",
    sortOptions = false,
    header = "Assemble instructions from text.",
    description = {
      "",
      "Reads the dialect of the kernel's verifier log, plus labels and names, and prints the "
          + "instructions in hex, ready for 'bpf4j exec'. A log can be pasted as it is: slot "
          + "numbers and opcodes in front of an instruction are checked."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  printf 'r0 = 1\\nr0 <<= 5\\nexit\\n' | bpf4j asm -",
      "  bpf4j asm prog.s | bpf4j exec --program -",
      "  bpf4j asm --listing prog.s      each instruction with its slot and opcode",
      "  bpf4j asm -o prog.bin prog.s    raw bytes",
      "",
      "A source:",
      "         r2 = *(u32 *)(r1 +0)     ; a comment runs to the end of the line",
      "         if r2 > 0x64 goto big",
      "         r0 = 0",
      "         exit",
      "  big:   r0 = 1",
      "         exit"
    })
final class AsmCommand extends Verb {
  @Parameters(
      index = "0",
      arity = "1",
      paramLabel = "FILE",
      description = "Source text; - reads standard input.")
  private Path file = Path.of("-");

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the instructions' bytes there instead of hex to standard output.")
  private @Nullable Path output;

  @Option(names = "--listing", description = "Print slot, opcode and text of each instruction.")
  private boolean listing;

  @Option(names = "--json", description = "Print one JSON line: object, insns (hex), labels.")
  private boolean json;

  AsmCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    Assembly assembly = assemble();
    if (output != null) {
      OutputFile.write(output, RawInsn.toBytes(assembly.insns()));
    }
    if (json) {
      JsonWriter line =
          new JsonWriter()
              .beginObject()
              .field("object", file.toString())
              .field("insns", RawInsn.toHex(assembly.insns()))
              .beginObject("labels");
      assembly.labels().entrySet().stream()
          .sorted(java.util.Map.Entry.comparingByKey())
          .forEach(label -> line.field(label.getKey(), label.getValue()));
      out().println(line.endObject().endObject().toString());
    } else if (listing) {
      list(assembly.insns(), out());
    } else if (output == null) {
      out().println(RawInsn.toHex(assembly.insns()));
    }
    return ExitCode.OK;
  }

  private Assembly assemble() {
    String name = file.toString().equals("-") ? "standard input" : file.toString();
    try {
      String source =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(main.io().bytes(file)))
              .toString();
      return new Assembler(HelperNames.INSTANCE, List.of()).assemble(source);
    } catch (CharacterCodingException _) {
      throw new InputProblem(name + ": not UTF-8 text");
    } catch (AsmException e) {
      throw new InputProblem(name + ":" + e.getMessage());
    }
  }

  private static void list(long[] insns, Output out) {
    Disassembler disassembler = new Disassembler(new LogNaming());
    for (int slotIdx = 0; slotIdx < insns.length; slotIdx++) {
      out.println(slotIdx + ": " + disassembler.text(insns, slotIdx));
      if (RawInsn.isLdImm64(insns[slotIdx])) {
        slotIdx++;
      }
    }
  }

  /// Helpers by name; kfuncs need a kernel's BTF and are written as numbers.
  private static final class HelperNames implements AsmNames {
    static final HelperNames INSTANCE = new HelperNames();

    @Override
    public OptionalInt helperId(String name) {
      try {
        return OptionalInt.of(HelperTable.id(name.startsWith("bpf_") ? name.substring(4) : name));
      } catch (IllegalArgumentException _) {
        return OptionalInt.empty();
      }
    }

    @Override
    public OptionalInt kfuncBtfId(String name) {
      return OptionalInt.empty();
    }
  }
}
