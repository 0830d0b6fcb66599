package bpf4j.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import bpf4j.loader.LoadOptions;
import bpf4j.loader.ObjectLoader;
import bpf4j.loader.TargetKernel;
import bpf4j.maps.MapFd;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.testdata.Golden;
import bpf4j.testdata.TestData;
import bpf4j.vm.kernel.VirtualKernel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Our own objects give what the kernel recorded for their test-run cases: errno, return value,
/// packet, context and map contents, in every tier.
class GoldenRunsTest {
  /// Objects that read the types or configuration of the kernel they are loaded on.
  private static final Set<String> OF_ONE_KERNEL = Set.of("core_task", "iterators", "kconfig");

  private static final HexFormat HEX = HexFormat.of();

  static Stream<String> runs() {
    List<String> names = new ArrayList<>();
    for (String cpu : TestData.CPUS) {
      for (Path object : TestData.objects(cpu)) {
        Golden golden = Golden.of(object);
        for (int i = 0; i < golden.runs().size(); i++) {
          names.add(cpu + "/" + golden.object() + "#" + i);
        }
      }
    }
    return names.stream();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void aRunGivesWhatTheKernelRecorded(String name) throws Exception {
    String[] at = name.split("[/#]", -1);
    Path object = TestData.object(at[0], at[1]);
    Golden golden = Golden.of(object);
    assumeTrue(
        !OF_ONE_KERNEL.contains(at[1]), "what it gives depends on the kernel's types and options");
    Golden.Run run = golden.runs().get(Integer.parseInt(at[2]));
    CollectionSpec spec =
        ObjectLoader.open(object, LoadOptions.defaults().withKernel(TargetKernel.unknown()));
    for (Tier tier : new Tier[] {Tier.INTERP, Tier.CHECKED, Tier.JIT}) {
      try (Collection c = load(spec, golden, run)) {
        for (int i = 0; i < run.steps().size(); i++) {
          Golden.Step step = run.steps().get(i);
          assertThat(outcome(c, step, tier))
              .as("%s '%s' step %d (%s), %s", name, run.name(), i, step.program(), tier)
              .isEqualTo(expected(step));
        }
        for (Golden.MapDump dump : run.maps()) {
          compareMap(c, dump, name + " " + tier);
        }
      }
    }
  }

  private static Collection load(CollectionSpec spec, Golden golden, Golden.Run run) {
    Collection c = Collection.create(new VirtualKernel(), null);
    for (MapSpec map : spec.maps()) {
      c.createMap(map);
    }
    Set<String> accepted = new LinkedHashSet<>();
    for (Golden.Program p : golden.programs()) {
      if (p.accepted()) {
        accepted.add(p.name());
      }
    }
    c.fillSlots(spec.maps().stream().filter(MapSpec::isMapInMap).toList());
    for (ProgramSpec p : spec.programs()) {
      boolean used = run.steps().stream().anyMatch(s -> s.program().equals(p.name()));
      boolean target =
          spec.maps().stream()
              .flatMap(m -> m.initialSlots().stream())
              .anyMatch(s -> s.target().equals(p.name()));
      if (accepted.contains(p.name()) && (used || target)) {
        c.addTrusted(p);
      }
    }
    c.fillSlots(spec.maps().stream().filter(m -> !m.isMapInMap()).toList());
    return c;
  }

  private static String outcome(Collection c, Golden.Step step, Tier tier) {
    TestRun run =
        TestRun.EMPTY
            .withData(step.dataIn())
            .withCtx(step.ctxIn())
            .withRepeat(step.repeat())
            .withTier(tier);
    if (step.ctxSizeOut() > 0) {
      run = run.withCtxOut();
    }
    try {
      RunResult r = c.program(step.program()).testRun(run);
      byte[] data = step.dataOut() == null ? null : r.dataOut();
      return describe(r.retval(), data, step.ctxOut() == null ? null : r.ctxOut());
    } catch (TestRunException e) {
      return e.errno().name();
    }
  }

  private static String expected(Golden.Step step) {
    String errno = step.errno();
    return errno != null ? errno : describe(step.retval(), step.dataOut(), step.ctxOut());
  }

  private static String describe(
      int retval,
      byte @org.jspecify.annotations.Nullable [] data,
      byte @org.jspecify.annotations.Nullable [] ctx) {
    return "retval %d data %s ctx %s"
        .formatted(
            retval,
            data == null ? "-" : HEX.formatHex(data),
            ctx == null ? "-" : HEX.formatHex(ctx));
  }

  private static void compareMap(Collection c, Golden.MapDump dump, String as) {
    TreeMap<String, String> want = new TreeMap<>();
    for (Golden.Entry e : dump.entries()) {
      byte[] key = e.key();
      if (key != null && e.values().size() == 1) {
        want.put(HEX.formatHex(key), HEX.formatHex(e.values().getFirst()));
      }
    }
    if (want.isEmpty()) {
      return;
    }
    MapFd map =
        c.maps().stream()
            .filter(m -> m.name().equals(dump.name()) || m.info().name().equals(dump.name()))
            .findFirst()
            .orElseThrow();
    TreeMap<String, String> got = new TreeMap<>();
    for (String key : want.keySet()) {
      byte[] value = map.lookup(HEX.parseHex(key));
      got.put(key, value == null ? "none" : HEX.formatHex(value));
    }
    assertThat(got).as("%s: map %s", as, dump.name()).isEqualTo(want);
  }
}
