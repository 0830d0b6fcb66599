package bpf4j.cli;

import bpf4j.loader.TargetKernel;
import bpf4j.maps.GuestMemory;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.Verdict;
import bpf4j.verifier.Verifier;
import bpf4j.verifier.VerifierOptions;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.CheckedInterpreter;
import bpf4j.vm.engine.CodeSpace;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import bpf4j.vm.jit.JitCompiler;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `bpf4j exec`: raw instructions on a piece of memory.
@Command(
    name = "exec",
    sortOptions = false,
    header = "Run raw instructions on a piece of memory and print r0.",
    description = {
      "",
      "r1 is the address of the memory (0 without --memory), r2 its length in bytes. r0 is printed "
          + "in hex. Helpers, maps and kernel functions are for 'bpf4j run'."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bpf4j exec --program 'b70000002a000000 9500000000000000'      prints 2a",
      "  bpf4j asm prog.s | bpf4j exec --memory 'aa bb cc dd' --program -",
      "  bpf4j exec --tier jit --program - < prog.hex"
    })
final class ExecCommand extends Verb {
  @Option(
      names = "--memory",
      paramLabel = "HEX",
      description = "The memory's bytes; the program may change them.")
  private @Nullable String memory;

  @Option(
      names = "--program",
      required = true,
      paramLabel = "HEX|-",
      description =
          "The instructions, 16 hex digits each as they lie in memory; - reads them from "
              + "standard input.")
  private String program = "-";

  @Option(
      names = "--tier",
      paramLabel = "TIER",
      description =
          "checked: every access is checked (default); interp: the fast interpreter; jit: as JVM "
              + "bytecode. The fast tiers trust the code, but cannot leave guest memory.")
  private TierChoice tier = TierChoice.AUTO;

  @Option(
      names = "--verify",
      description =
          "Ask the verifier first, as for a program of type syscall whose context is the memory; r2 "
              + "holds nothing for it.")
  private boolean verify;

  @Option(names = "--json", description = "Print one JSON line: r0, tier, memory.")
  private boolean json;

  ExecCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    long[] insns = insns();
    if (verify && !accepted(insns)) {
      return ExitCode.REJECTED;
    }
    byte[] bytes = memory == null ? new byte[0] : Hex.bytes("--memory", memory);
    try (GuestMemory guest = GuestMemory.reserve()) {
      long at = bytes.length == 0 ? 0 : guest.allocate(bytes.length, "--memory");
      guest.putBytes(at, bytes);
      long stack = guest.allocate(RunCtx.STACK_BYTES, "stack");
      RunCtx run = new RunCtx(guest, CodeSpace.EMPTY, stack, 0);
      long r0 = run.run(executable(RawProgram.link(insns), guest), at, bytes.length);
      if (json) {
        out()
            .println(
                new JsonWriter()
                    .beginObject()
                    .field("r0", Long.toHexString(r0))
                    .field("tier", effectiveTier().name().toLowerCase(java.util.Locale.ROOT))
                    .field("memory", guest.getBytes(at, bytes.length))
                    .endObject()
                    .toString());
      } else {
        out().println(Long.toHexString(r0));
      }
      return ExitCode.OK;
    } catch (GuestTrap e) {
      main.io().message("bpf4j exec: slot " + e.slotIdx() + ": " + e.getMessage());
      return ExitCode.REJECTED;
    }
  }

  private boolean accepted(long[] insns) {
    ProgramSpec spec = ProgramSpec.of("exec", ProgType.SYSCALL, insns, List.of());
    VerifierOptions options =
        new VerifierOptions(VerifierOptions.DEFAULT.logLevel(), true, TargetKernel.running().btf());
    return switch (Verifier.verify(sleepable(spec), options)) {
      case Verdict.Accept _ -> true;
      case Verdict.Reject r -> {
        main.io().message("bpf4j exec: rejected (" + r.errno() + "): " + r.message());
        yield false;
      }
    };
  }

  /// Programs of type syscall are loaded as sleepable ones only.
  private static ProgramSpec sleepable(ProgramSpec p) {
    return new ProgramSpec(
        p.name(),
        p.section(),
        p.type(),
        p.attachType(),
        p.attachTo(),
        p.attachBtfId(),
        ProgramSpec.F_SLEEPABLE,
        p.license(),
        p.kernVersion(),
        p.autoload(),
        p.insns(),
        p.maps(),
        p.btf(),
        p.funcInfo(),
        p.lineInfo());
  }

  private TierChoice effectiveTier() {
    return tier == TierChoice.AUTO ? TierChoice.CHECKED : tier;
  }

  private Executable executable(LinkedProgram linked, GuestMemory guest) {
    return switch (effectiveTier()) {
      case INTERP -> new FastInterpreter(linked);
      case JIT -> JitCompiler.compile(linked, guest, _ -> false);
      case AUTO, CHECKED -> new CheckedInterpreter(linked, guest.enableShadow());
    };
  }

  private long[] insns() {
    String text =
        program.equals("-")
            ? new String(main.io().bytes(Path.of("-")), StandardCharsets.ISO_8859_1)
            : program;
    byte[] bytes = Hex.bytes("--program", text);
    if (bytes.length == 0 || bytes.length % 8 != 0) {
      throw new InputProblem(
          "--program: " + bytes.length + " bytes are no whole number of instructions");
    }
    return RawInsn.fromBytes(bytes);
  }
}
