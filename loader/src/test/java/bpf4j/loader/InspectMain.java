package bpf4j.loader;

import bpf4j.model.spec.CollectionSpec;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Prints [SpecJson] of the objects given as arguments, opened as the parity kit opens them: for
/// `compare_inspect.py`, which holds it against the kernel's records.
public final class InspectMain {
  private InspectMain() {}

  public static void main(String[] args) throws IOException {
    TargetKernel kernel = TargetKernel.running();
    long nanos = 0;
    try (PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8)) {
      for (String arg : args) {
        Path file = Path.of(arg);
        String name = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
        LoadOptions options = new LoadOptions(name, true, kernel);
        long start = System.nanoTime();
        try {
          CollectionSpec spec = ObjectLoader.open(file, options);
          nanos += System.nanoTime() - start;
          SpecJson.lines(spec).forEach(out::println);
        } catch (ElfException e) {
          out.println(SpecJson.error(file.getFileName().toString(), e));
        }
      }
    }
    System.err.println(args.length + " objects in " + nanos / 1_000_000 + " ms");
  }
}
