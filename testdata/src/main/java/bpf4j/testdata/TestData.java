package bpf4j.testdata;

import java.nio.file.Files;
import java.nio.file.Path;

/// Finds the folder `testdata/` of the checkout.
public final class TestData {
  private TestData() {}

  /// The folder that holds our sources, objects and cases; throws [IllegalStateException] when the
  /// tests do not run inside a checkout.
  public static Path folder() {
    for (Path p = Path.of("").toAbsolutePath(); p != null; p = p.getParent()) {
      Path candidate = p.resolve("testdata");
      if (Files.isDirectory(candidate) && Files.exists(p.resolve("vm"))) {
        return candidate;
      }
    }
    throw new IllegalStateException("no testdata folder above the working directory");
  }
}
