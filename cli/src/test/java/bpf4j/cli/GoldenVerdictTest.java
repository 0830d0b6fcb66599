package bpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import bpf4j.loader.LoadOptions;
import bpf4j.loader.ObjectLoader;
import bpf4j.loader.TargetKernel;
import bpf4j.model.btf.Btf;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.testdata.Golden;
import bpf4j.testdata.TestData;
import bpf4j.verifier.Verdict;
import bpf4j.verifier.Verifier;
import bpf4j.verifier.VerifierOptions;
import bpf4j.verifier.VerifierStats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every program of our objects gets the verdict, message, numbers and level-2 log that Linux 6.18
/// gave it. Known differences stand in `testdata/golden/xfail.tsv` (object, program, what differs,
/// why) and must still differ.
class GoldenVerdictTest {
  private static final TargetKernel KERNEL = TargetKernel.running();
  private static final @Nullable Btf KERNEL_BTF = KERNEL.btf();
  private static final Set<String> XFAIL = xfail();

  private static Set<String> xfail() {
    Set<String> rows = new HashSet<>();
    try {
      for (String line : Files.readAllLines(TestData.folder().resolve("golden/xfail.tsv"))) {
        if (!line.startsWith("#") && !line.isBlank()) {
          String[] columns = line.split("\t");
          assertThat(columns).as("columns of: %s", line).hasSize(4);
          rows.add(columns[0] + '/' + columns[1] + '/' + columns[2]);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return rows;
  }

  @TestFactory
  Stream<DynamicNode> everyProgramOfEveryObject() {
    return TestData.objects().stream().map(this::object);
  }

  private DynamicNode object(Path file) {
    Golden golden = Golden.of(file);
    String name = golden.cpu() + '/' + golden.object();
    return DynamicContainer.dynamicContainer(
        name,
        golden.programs().stream()
            .filter(p -> !p.verdict().equals("loader_error"))
            .map(p -> DynamicTest.dynamicTest(p.name(), () -> check(file, name, p))));
  }

  private static void check(Path file, String object, Golden.Program want) throws Exception {
    // What the kernel's own types decide can only be compared where that kernel's types are.
    assumeTrue(
        KERNEL_BTF != null || (want.coreRelos() == 0 && !want.section().contains("iter")),
        "needs the running kernel's BTF");
    CollectionSpec spec = ObjectLoader.open(file, LoadOptions.defaults().withKernel(KERNEL));
    ProgramSpec program = spec.program(want.name()).orElseThrow();
    Verdict got = Verifier.verify(program, new VerifierOptions(2 | 4, true, KERNEL_BTF));

    String where = object + '/' + want.name();
    compare(
        where + "/verdict", want.verdict(), got instanceof Verdict.Accept ? "accept" : "reject");
    if (got instanceof Verdict.Reject reject && !want.accepted()) {
      compare(where + "/errno", want.errno(), reject.errno().name());
      compare(where + "/message", want.message(), reject.message());
    }
    VerifierStats stats = got.stats();
    compare(
        where + "/stats",
        "processed %d insns, %d total states, %d peak states, stack %s"
            .formatted(
                want.processedInsns(), want.totalStates(), want.peakStates(), want.stackDepth()),
        "processed %d insns, %d total states, %d peak states, stack %s"
            .formatted(
                stats.processedInsns(),
                stats.totalStates(),
                stats.peakStates(),
                stats.stackDepths()));
    if (want.logFile() != null) {
      compare(where + "/log", want.log(), Golden.mask(got.log()));
    }
  }

  private static void compare(String what, @Nullable String want, @Nullable String got) {
    if (XFAIL.contains(what)) {
      assertThat(got).as("%s stands in xfail.tsv but agrees", what).isNotEqualTo(want);
    } else {
      assertThat(got).as(what).isEqualTo(want);
    }
  }
}
