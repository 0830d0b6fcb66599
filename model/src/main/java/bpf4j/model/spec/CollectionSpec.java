package bpf4j.model.spec;

import bpf4j.model.btf.Btf;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Everything one object file says: maps and programs in file order, and its types.
///
/// @param objectName the file's name without folders, as it stands in messages
public record CollectionSpec(
    String objectName,
    List<MapSpec> maps,
    List<ProgramSpec> programs,
    @Nullable Btf btf,
    String license) {
  public CollectionSpec {
    maps = List.copyOf(maps);
    programs = List.copyOf(programs);
  }

  public Optional<MapSpec> map(String name) {
    return maps.stream().filter(m -> m.name().equals(name)).findFirst();
  }

  public Optional<ProgramSpec> program(String name) {
    return programs.stream().filter(p -> p.name().equals(name)).findFirst();
  }
}
