package bpf4j.loader;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.testdata.TestData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What the loader makes of the objects in `testdata/load`, or says about them, is what libbpf made
/// of them when `expected.jsonl` was written.
///
/// `main` writes the file anew; then look at what changed and ask libbpf.
class LoadCasesTest {
  private static final LoadOptions OPTIONS =
      new LoadOptions(
          null,
          true,
          TargetKernel.unknown()
              .withCpus(2)
              .withConfig("CONFIG_BPF=y\nCONFIG_DEFAULT_HOSTNAME=\"x\"\n"));

  static void main() throws IOException {
    Files.write(folder().resolve("expected.jsonl"), lines());
  }

  private static Path folder() {
    return TestData.folder().resolve("load");
  }

  private static List<String> lines() {
    List<String> out = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder())) {
      for (Path file : files.filter(f -> f.toString().endsWith(".o")).sorted().toList()) {
        String name = file.getFileName().toString();
        try {
          out.addAll(SpecJson.lines(ObjectLoader.open(Files.readAllBytes(file), name, OPTIONS)));
        } catch (ElfException e) {
          out.add(SpecJson.error(name, e));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out;
  }

  @Test
  void everyCaseIsAsLibbpfHasIt() throws IOException {
    assertThat(lines())
        .containsExactlyElementsOf(Files.readAllLines(folder().resolve("expected.jsonl")));
  }
}
