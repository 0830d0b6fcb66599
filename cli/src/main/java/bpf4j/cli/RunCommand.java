package bpf4j.cli;

import bpf4j.maps.MapFd;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.Program;
import bpf4j.vm.RunResult;
import bpf4j.vm.TestRun;
import bpf4j.vm.TestRunException;
import bpf4j.vm.Tier;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `bpf4j run`: load, verify and run programs of an object.
@Command(
    name = "run",
    sortOptions = false,
    header = "Load, verify and run programs, as the kernel's test run does.",
    description = {
      "",
      "Several --prog run in the order given on the same maps, so that one can set up what the next "
          + "one needs. Packets go to every program that takes one; context, --repeat and the "
          + "output files belong to the last program."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  bpf4j run xdp.o --data-in packet.bin",
      "  bpf4j run lb.o --prog setup --prog xdp_lb --data-in packet.bin --dump-maps",
      "  bpf4j run xdp.o --data-in hex:ffffffffffff0200000000010806 --tier checked",
      "  bpf4j run xdp.o --pcap-in in.pcap --pcap-out out.pcap",
      "  bpf4j run lb.o --prog xdp_lb --map vips=vips.json --data-in packet.bin",
      "  bpf4j run --json xdp.o --data-in packet.bin --repeat 1000 | jq .duration_ns",
      "",
      "A map file is what 'bpftool map dump -j' and --dump-maps --json print, also shorter:",
      "  [{\"key\": 1, \"value\": {\"packets\": 3}}, {\"key\": [\"0x02\", \"0x00\"], \"value\": 7}]",
      "  an outer map's entry: {\"key\": 3, \"inner_map\": \"web\"}, or",
      "  {\"key\": 4, \"inner\": {\"max_entries\": 8, \"entries\": [{\"key\": 0, \"value\": 9}]}}",
      "",
      "Exit codes: 0 ran, 1 rejected by the verifier or failed while running, 2 bad input."
    })
final class RunCommand extends Verb {
  @Parameters(paramLabel = "FILE", description = "Compiled BPF object.")
  private Path file = Path.of("-");

  @Option(
      names = "--prog",
      paramLabel = "NAME",
      description = "Program to run; may be given more than once. Not needed where there is one.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = "--data-in",
      paramLabel = "FILE",
      description = "The packet's bytes; - reads standard input, hex:… gives them here.")
  private @Nullable String dataIn;

  @Option(
      names = "--ctx-in",
      paramLabel = "FILE",
      description = "The context's bytes (struct xdp_md, __sk_buff, …); also - and hex:….")
  private @Nullable String ctxIn;

  @Option(
      names = "--pcap-in",
      paramLabel = "FILE",
      description = "Run on each packet of a capture.")
  private @Nullable Path pcapIn;

  @Option(
      names = "--pcap-out",
      paramLabel = "FILE",
      description = "Write the packets afterwards as a capture.")
  private @Nullable Path pcapOut;

  @Option(
      names = "--data-out",
      paramLabel = "FILE",
      description = "Write the packet's bytes afterwards.")
  private @Nullable Path dataOut;

  @Option(names = "--repeat", paramLabel = "N", description = "Run the last program N times.")
  private int repeat = 1;

  @Option(
      names = "--tier",
      paramLabel = "TIER",
      description = "auto (default), jit, interp or checked: which engine runs the programs.")
  private TierChoice tier = TierChoice.AUTO;

  @Option(names = "--cpu", paramLabel = "N", description = "Number of the virtual CPU (default 0).")
  private int cpu;

  @Option(
      names = "--map",
      paramLabel = "NAME=FILE",
      description =
          "Fill a map from a JSON file before the first run; may be given more than once.")
  private Map<String, Path> fills = new LinkedHashMap<>();

  @Option(names = "--dump-maps", description = "Show what the maps hold after the last run.")
  private boolean dumpMaps;

  @Option(
      names = "--json",
      description =
          "Print one JSON line a run: object program retval duration_ns repeat tier data_out "
              + "ctx_out maps.")
  private boolean json;

  @Mixin private KernelOption kernel = new KernelOption();

  RunCommand(Main main) {
    super(main);
  }

  @Override
  public Integer call() {
    checkOptions();
    CollectionSpec spec = ObjectReader.require(file, kernel.loadOptions().withRelaxedMaps(false));
    List<ProgramSpec> chosen = ProgramChoice.of(file, spec, names);
    if (names.isEmpty() && chosen.size() != 1) {
      throw new InputProblem(
          file
              + ": which program? --prog "
              + String.join(", --prog ", spec.programs().stream().map(ProgramSpec::name).toList()));
    }
    RunReport report = new RunReport(spec.objectName(), out(), main.colour(), json);
    try (LiveObject live = LiveObject.load(spec, chosen, kernel.kernel().btf())) {
      fill(live);
      runAll(live, chosen, report);
      return ExitCode.OK;
    } catch (LiveObject.NotLoaded e) {
      report.notLoaded(e);
      if (e.rejected()) {
        main.io()
            .message(
                "'bpf4j verify --log-level 2 --prog "
                    + e.program()
                    + " "
                    + file
                    + "' shows the way there");
      }
      return e.rejected() ? ExitCode.REJECTED : ExitCode.USAGE;
    } catch (GuestTrap e) {
      report.trapped(e);
      return ExitCode.REJECTED;
    } catch (TestRunException e) {
      report.refused(e);
      return ExitCode.USAGE;
    }
  }

  private void checkOptions() {
    if (repeat < 1) {
      throw new InputProblem("--repeat " + repeat + ": at least 1");
    }
    if (cpu < 0) {
      throw new InputProblem("--cpu " + cpu + ": at least 0");
    }
    if (pcapIn != null && dataIn != null) {
      throw new InputProblem("--data-in and --pcap-in: one of them");
    }
    if (pcapOut != null && pcapIn == null) {
      throw new InputProblem("--pcap-out needs --pcap-in");
    }
  }

  private void fill(LiveObject live) {
    fills.forEach((name, from) -> {
      MapFd map = live.map(name);
      try {
        String text =
            StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(main.io().bytes(from)))
                .toString();
        new MapFill(live, from.toString().equals("-") ? "standard input" : from.toString())
            .fill(map, text);
      } catch (CharacterCodingException _) {
        throw new InputProblem(from + ": not UTF-8 text");
      }
    });
  }

  private void runAll(LiveObject live, List<ProgramSpec> chosen, RunReport report) {
    byte[] packet = dataIn == null ? null : bytes("--data-in", dataIn);
    byte[] context = ctxIn == null ? null : bytes("--ctx-in", ctxIn);
    for (int i = 0; i < chosen.size(); i++) {
      Program program = live.program(chosen.get(i).name());
      boolean last = i == chosen.size() - 1;
      TestRun run = TestRun.EMPTY.withCpu(cpu).withTier(tierOf());
      if (last) {
        run = run.withRepeat(repeat);
        run = context == null ? run : run.withCtx(context);
      }
      if (!PacketTypes.takePacket(program.type())) {
        one(live, program, run, last, -1, report);
      } else if (pcapIn != null && last) {
        capture(live, program, run, report);
      } else {
        one(live, program, run.withData(packet), last, -1, report);
      }
    }
  }

  /// Runs on every packet of the capture and writes what became of them.
  private void capture(LiveObject live, Program program, TestRun run, RunReport report) {
    Path from = java.util.Objects.requireNonNull(pcapIn);
    Pcap in = Pcap.parse(from.toString(), main.io().bytes(from));
    List<Pcap.Packet> after = new ArrayList<>();
    int count = in.packets().size();
    Progress progress = new Progress(main.io(), count, "running");
    for (int i = 0; i < count; i++) {
      progress.step("packet");
      Pcap.Packet p = in.packets().get(i);
      RunResult result = one(live, program, run.withData(p.bytes()), i == count - 1, i, report);
      after.add(new Pcap.Packet(p.seconds(), p.fraction(), result.dataOut()));
    }
    progress.end();
    if (pcapOut != null) {
      OutputFile.write(pcapOut, new Pcap(in.nanos(), in.linkType(), after).toBytes());
    }
  }

  private RunResult one(
      LiveObject live, Program program, TestRun run, boolean last, int packet, RunReport report) {
    report.begin(program.name(), packet);
    RunResult result = program.testRun(run);
    List<String> trace = live.collection().kernel().takeTrace();
    report.ran(program, run, result, trace);
    if (last && dataOut != null) {
      OutputFile.write(dataOut, result.dataOut());
    }
    report.end(last && dumpMaps ? live : null);
    return result;
  }

  private byte[] bytes(String option, String from) {
    return from.startsWith("hex:")
        ? Hex.bytes(option, from.substring(4))
        : main.io().bytes(Path.of(from));
  }

  private Tier tierOf() {
    return switch (tier) {
      case AUTO -> Tier.AUTO;
      case JIT -> Tier.JIT;
      case INTERP -> Tier.INTERP;
      case CHECKED -> Tier.CHECKED;
    };
  }
}
