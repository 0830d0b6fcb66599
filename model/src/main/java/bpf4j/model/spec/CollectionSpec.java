package bpf4j.model.spec;

import bpf4j.model.btf.Btf;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Everything one object file says: maps and programs in file order, and its types.
///
/// @param objectName the file's name without folders, as it stands in messages
/// @param notes what a user should know although the file was opened, one line each
/// @param bigEndian whether the file is for a big-endian machine; instructions and BTF are turned
///   to our layout, contents of data maps are as in the file
public record CollectionSpec(
    String objectName,
    List<MapSpec> maps,
    List<ProgramSpec> programs,
    @Nullable Btf btf,
    String license,
    List<String> notes,
    boolean bigEndian) {

  /// A little-endian collection without notes.
  public CollectionSpec(
      String objectName,
      List<MapSpec> maps,
      List<ProgramSpec> programs,
      @Nullable Btf btf,
      String license) {
    this(objectName, maps, programs, btf, license, List.of(), false);
  }

  public CollectionSpec {
    notes = List.copyOf(notes);
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
