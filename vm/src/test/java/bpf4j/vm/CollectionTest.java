package bpf4j.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.loader.LoadOptions;
import bpf4j.loader.ObjectLoader;
import bpf4j.loader.TargetKernel;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.Errno;
import bpf4j.testdata.Golden;
import bpf4j.testdata.TestData;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// Objects go all the way: loaded, verified, run.
class CollectionTest {
  private static CollectionSpec spec(String name) throws Exception {
    return ObjectLoader.open(
        TestData.object("v3", name), LoadOptions.defaults().withKernel(TargetKernel.unknown()));
  }

  @Test
  void aVerifiedProgramRunsInEveryTier() throws Exception {
    Path object = TestData.object("v3", "xdp_filter");
    Golden.Run run = Golden.of(object).runs().getFirst();
    for (Tier tier : Tier.values()) {
      try (Collection c = Collection.load(spec("xdp_filter"))) {
        for (Golden.Step step : run.steps()) {
          RunResult r =
              c.program(step.program())
                  .testRun(TestRun.EMPTY.withData(step.dataIn()).withTier(tier));
          assertThat(r.retval()).as("%s in %s", step.program(), tier).isEqualTo(step.retval());
        }
      }
    }
  }

  @Test
  void autoStartsInTheInterpreter() throws Exception {
    Golden.Step step =
        Golden.of(TestData.object("v3", "xdp_filter")).runs().getFirst().steps().getFirst();
    try (Collection c = Collection.load(spec("xdp_filter"))) {
      TestRun run = TestRun.EMPTY.withData(step.dataIn());
      Program program = c.program(step.program());
      assertThat(program.testRun(run.withTier(Tier.AUTO)).tier()).isEqualTo(Tier.INTERP);
      assertThat(program.testRun(run.withTier(Tier.JIT)).tier()).isEqualTo(Tier.JIT);
    }
  }

  @Test
  void anUnknownProgramIsNamed() throws Exception {
    CollectionSpec spec = spec("xdp_filter");
    assertThatThrownBy(
            () -> Collection.load(spec, CollectionOptions.defaults().withPrograms("nobody")))
        .isInstanceOf(CollectionException.class)
        .hasMessageContaining("no program 'nobody' in")
        .extracting(e -> ((CollectionException) e).errno())
        .isEqualTo(Errno.ENOENT);
  }

  @Test
  void theVirtualClockMovesWithEachReading() {
    var kernel = new bpf4j.vm.kernel.VirtualKernel();
    kernel.setNanos(5);
    assertThat(kernel.readClock()).isEqualTo(5 + bpf4j.vm.kernel.VirtualKernel.NANOS_PER_READING);
    assertThat(kernel.nanos()).isEqualTo(5 + bpf4j.vm.kernel.VirtualKernel.NANOS_PER_READING);
  }
}
