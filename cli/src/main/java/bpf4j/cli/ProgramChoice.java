package bpf4j.cli;

import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.ProgramSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The programs that `--prog` names.
final class ProgramChoice {
  private ProgramChoice() {}

  /// All programs when `names` is empty, else those named, in that order; throws [InputProblem] for
  /// a name that the object lacks.
  static List<ProgramSpec> of(Path file, CollectionSpec spec, List<String> names) {
    if (names.isEmpty()) {
      return spec.programs();
    }
    List<ProgramSpec> chosen = new ArrayList<>();
    for (String name : names) {
      chosen.add(
          spec.program(name)
              .orElseThrow(() ->
                  new InputProblem(
                      file
                          + ": no program '"
                          + name
                          + "'; it has "
                          + spec.programs().stream()
                              .map(ProgramSpec::name)
                              .collect(Collectors.joining(", ")))));
    }
    return chosen;
  }
}
