package bpf4j.maps;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.testdata.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every map call that was recorded from the kernel gives the same answer here.
class KernelMapCallsTest {
  /// The machine that the calls were recorded on has two CPUs.
  private static final int CPUS = 2;

  @ParameterizedTest
  @ValueSource(strings = {"create", "operations", "nesting"})
  void sameAnswersAsTheKernel(String set) throws IOException {
    Path golden = TestData.folder().resolve("maps/golden").resolve(set + ".calls");
    List<String> differences = new ArrayList<>();
    int calls = 0;
    try (GuestMemory memory = GuestMemory.reserve()) {
      MapTable table = new MapTable(memory, CPUS, VirtualKernel.BARE);
      MapCalls performer = new MapCalls(table);
      String name = "";
      for (String line : Files.readAllLines(golden)) {
        int arrow = line.indexOf(" => ");
        if (line.startsWith("case ")) {
          performer.endCase();
          name = line.substring(5);
        } else if (line.startsWith("types ")) {
          performer.types(line.substring(6));
        } else if (arrow > 0) {
          calls++;
          String wanted = line.substring(arrow + 4);
          String call = line.substring(0, arrow);
          String got = performer.perform(call);
          if (!got.equals(wanted)) {
            differences.add(
                "%s: %s%n    kernel %s%n    here   %s".formatted(name, call, wanted, got));
          }
        }
      }
      performer.endCase();
      assertThat(table.maps()).isEmpty();
      table.close();
      assertThat(memory.usedBytes()).isZero();
    }
    if (!differences.isEmpty()) {
      Path report = Path.of("target", "map-calls-" + set + ".txt");
      Files.write(report, differences);
    }
    assertThat(differences.stream().limit(20)).as("%d calls", calls).isEmpty();
  }
}
