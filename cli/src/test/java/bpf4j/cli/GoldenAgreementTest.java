package bpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.loader.LoadOptions;
import bpf4j.loader.TargetKernel;
import bpf4j.maps.MapFd;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.testdata.Golden;
import bpf4j.testdata.Json;
import bpf4j.testdata.JsonObject;
import bpf4j.testdata.TestData;
import bpf4j.vm.RunResult;
import bpf4j.vm.TestRun;
import bpf4j.vm.TestRunException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Holds the command line, and with it every module, against what Linux 6.18 said about our own
/// objects: no verdict is more lenient, and every run that we can do ends as the kernel's did.
class GoldenAgreementTest {
  private static final HexFormat HEX = HexFormat.of();

  /// Programs or runs of which we know no answer yet; a floor, so that it can only shrink.
  private static final int MIN_PERCENT = 80;

  /// The flow dissector's test run, which gives the flow keys back as its packet.
  private static final String KNOWN_GAP = "dissector";

  private static List<JsonObject> jsonOf(List<String> args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Main.execute(
        args.toArray(String[]::new),
        new ByteArrayInputStream(new byte[0]),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
    assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("\tat ");
    return Json.lines(out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void verdictsAreTheKernels() {
    int agree = 0;
    List<String> wrong = new ArrayList<>();
    List<String> gaps = new ArrayList<>();
    for (String cpu : TestData.CPUS) {
      List<String> args = new ArrayList<>(List.of("verify", "--json"));
      TestData.objects(cpu).forEach(o -> args.add(o.toString()));
      for (JsonObject line : jsonOf(args)) {
        Golden golden = Golden.of(TestData.object(cpu, line.string("object").replace(".o", "")));
        Golden.Program kernel = golden.program(line.string("program"));
        String name = golden.cpu() + "/" + golden.object() + " " + kernel.name();
        String ours = line.string("verdict");
        if (ours.equals(kernel.verdict())) {
          agree++;
        } else if (ours.equals("accept")) {
          wrong.add(name + ": the kernel says " + kernel.message());
        } else {
          gaps.add(name + ": " + line.findString("message"));
        }
      }
    }
    assertThat(wrong).as("false accepts").isEmpty();
    assertThat(100 * agree / (agree + gaps.size()))
        .as("agreement in percent; false rejects: %s", gaps)
        .isGreaterThanOrEqualTo(MIN_PERCENT);
  }

  @Test
  void runsEndAsTheKernels() {
    TargetKernel kernel = TargetKernel.running();
    int agree = 0;
    List<String> wrong = new ArrayList<>();
    List<String> gaps = new ArrayList<>();
    for (Path object : TestData.objects()) {
      Golden golden = Golden.of(object);
      CollectionSpec spec = ObjectReader.require(object, LoadOptions.defaults().withKernel(kernel));
      for (Golden.Run run : golden.runs()) {
        String name = golden.cpu() + "/" + golden.object() + ", " + run.name() + ": ";
        List<ProgramSpec> wanted =
            run.steps().stream().map(s -> spec.program(s.program()).orElseThrow()).toList();
        try (LiveObject live = LiveObject.load(spec, wanted, kernel.btf())) {
          List<String> found = differences(live, run);
          if (golden.object().equals(KNOWN_GAP) && !found.isEmpty()) {
            gaps.add(name + found);
            continue;
          }
          found.forEach(d -> wrong.add(name + d));
          agree++;
        } catch (LiveObject.NotLoaded e) {
          gaps.add(name + e.program() + ": " + e.getMessage());
        } catch (InputProblem e) {
          gaps.add(name + e.getMessage());
        }
      }
    }
    assertThat(wrong).as("runs with another outcome than the kernel's").isEmpty();
    assertThat(100 * agree / (agree + gaps.size()))
        .as("runs that could be done, in percent; not done: %s", gaps)
        .isGreaterThanOrEqualTo(MIN_PERCENT);
  }

  private static List<String> differences(LiveObject live, Golden.Run run) {
    List<String> found = new ArrayList<>();
    for (Golden.Step step : run.steps()) {
      TestRun how = TestRun.EMPTY.withData(step.dataIn()).withRepeat(Math.max(1, step.repeat()));
      how = step.ctxIn() == null ? how : how.withCtx(step.ctxIn());
      try {
        compare(step, live.program(step.program()).testRun(how), found);
      } catch (TestRunException e) {
        if (!e.errno().name().equals(step.errno())) {
          found.add(step.program() + ": " + e.errno() + " " + e.getMessage());
        }
      }
    }
    for (Golden.MapDump map : run.maps()) {
      if (MapDump.hasKeys(live.map(map.name()).type())) {
        compareMap(live, map, found);
      }
    }
    return found;
  }

  private static void compare(Golden.Step step, RunResult ours, List<String> found) {
    if (ours.retval() != step.retval()) {
      found.add(step.program() + " returned " + ours.retval() + ", not " + step.retval());
    }
    if (step.dataOut() != null && !Arrays.equals(ours.dataOut(), step.dataOut())) {
      found.add(
          step.program() + ": packet " + hex(ours.dataOut()) + ", not " + hex(step.dataOut()));
    }
    if (step.ctxIn() != null
        && step.ctxOut() != null
        && !Arrays.equals(ours.ctxOut(), step.ctxOut())) {
      found.add(step.program() + ": context " + hex(ours.ctxOut()) + ", not " + hex(step.ctxOut()));
    }
  }

  private static void compareMap(LiveObject live, Golden.MapDump kernel, List<String> found) {
    MapFd map = live.map(kernel.name());
    Map<String, String> ours = new TreeMap<>();
    boolean isArray = map.type() == MapType.ARRAY || map.type() == MapType.PERCPU_ARRAY;
    for (byte[] key : MapDump.keys(map)) {
      byte[] value = map.lookup(key);
      if (value != null) {
        String text = text(live, map, value);
        if (!isArray || !text.matches("0*")) {
          ours.put(hex(key), text);
        }
      }
    }
    Map<String, String> want = new TreeMap<>();
    for (Golden.Entry entry : kernel.entries()) {
      String text =
          entry.innerMap() != null
              ? entry.innerMap()
              : entry.program() != null ? entry.program() : hex(entry.values().getFirst());
      if (!isArray || !text.matches("0*")) {
        want.put(hex(entry.key()), text);
      }
    }
    if (!ours.equals(want)) {
      found.add("map " + kernel.name() + ": " + ours + ", not " + want);
    }
  }

  /// As the golden files have it: names for references, CPU 0's value of a per-CPU map.
  private static String text(LiveObject live, MapFd map, byte[] value) {
    int id = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (map.type() == MapType.PROG_ARRAY) {
      return String.valueOf(live.programName(id));
    }
    if (map.map().spec().isMapInMap()) {
      MapFd inner = live.mapById(id);
      return inner == null ? "?" : inner.map().spec().name();
    }
    return hex(Arrays.copyOf(value, map.info().valueSize()));
  }

  private static String hex(byte @Nullable [] bytes) {
    return bytes == null ? "" : HEX.formatHex(bytes);
  }
}
