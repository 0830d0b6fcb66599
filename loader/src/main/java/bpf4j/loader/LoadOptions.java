package bpf4j.loader;

import org.jspecify.annotations.Nullable;

/// How to open an object file, as `struct bpf_object_open_opts`.
///
/// @param objectName the name that begins the names of data maps; null for the file's name up to
///   its first dot
/// @param relaxedMaps whether unknown fields of map definitions are passed over
/// @param kernel the kernel that programs are loaded for
public record LoadOptions(@Nullable String objectName, boolean relaxedMaps, TargetKernel kernel) {

  /// libbpf's own defaults, for the kernel this JVM runs on.
  public static LoadOptions defaults() {
    return new LoadOptions(null, false, TargetKernel.running());
  }

  /// The same with another object name.
  public LoadOptions withObjectName(@Nullable String name) {
    return new LoadOptions(name, relaxedMaps, kernel);
  }

  /// The same, passing over unknown fields of map definitions or not.
  public LoadOptions withRelaxedMaps(boolean relaxed) {
    return new LoadOptions(objectName, relaxed, kernel);
  }

  /// The same for another kernel.
  public LoadOptions withKernel(TargetKernel target) {
    return new LoadOptions(objectName, relaxedMaps, target);
  }
}
