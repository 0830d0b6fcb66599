package bpf4j.testdata;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Finds the folder `testdata/` of the checkout and the compiled objects in it.
public final class TestData {
  /// The instruction set versions that the sources are compiled for.
  public static final List<String> CPUS = List.of("v3", "v4");

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

  /// The object compiled from `src/NAME.c` for `cpu` (`v3` or `v4`); throws
  /// [IllegalArgumentException] when there is none.
  public static Path object(String cpu, String name) {
    Path file = folder().resolve("obj").resolve(cpu).resolve(name + ".o");
    if (!Files.exists(file)) {
      throw new IllegalArgumentException("no test object " + cpu + "/" + name + ".o");
    }
    return file;
  }

  /// The v3 object compiled from `src/NAME.c`.
  public static Path object(String name) {
    return object("v3", name);
  }

  /// All objects, v3 before v4, each in order of name.
  public static List<Path> objects() {
    return CPUS.stream().flatMap(cpu -> objects(cpu).stream()).toList();
  }

  /// All objects for one instruction set version, in order of name.
  public static List<Path> objects(String cpu) {
    try (Stream<Path> files = Files.list(folder().resolve("obj").resolve(cpu))) {
      return files.filter(f -> f.toString().endsWith(".o")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
