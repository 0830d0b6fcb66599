package bpf4j.cli;

import bpf4j.loader.ElfException;
import bpf4j.loader.LoadOptions;
import bpf4j.loader.ObjectLoader;
import bpf4j.model.btf.BtfException;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.LoadError;
import java.nio.file.Path;
import java.util.List;

/// Opens the objects that a command line names.
final class ObjectReader {
  private ObjectReader() {}

  /// What became of one file.
  sealed interface Opened {
    /// The file's name without folders.
    String object();
  }

  /// It was opened.
  record Spec(String object, CollectionSpec spec) implements Opened {}

  /// It cannot be read, or is no BPF object.
  ///
  /// @param errno name of the error, such as `ENOENT`
  /// @param message one line, without the file's name
  record Problem(String object, String errno, String message) implements Opened {}

  /// Opens one object, whatever is in the file.
  static Opened open(Path file, LoadOptions options) {
    String object = String.valueOf(file.getFileName());
    try {
      byte[] bytes = InputFile.bytes(file);
      return new Spec(object, ObjectLoader.open(bytes, file.toString(), options));
    } catch (InputProblem e) {
      String reason = withoutName(file, e.getMessage());
      return new Problem(object, errnoOf(reason), reason);
    } catch (ElfException e) {
      return new Problem(
          object, new LoadError(e.errno(), List.of(e.reason())).errnoName(), e.reason());
    } catch (BtfException e) {
      return new Problem(object, "EINVAL", String.valueOf(e.getMessage()));
    }
  }

  /// Opens one object; throws [InputProblem] when it cannot be opened.
  static CollectionSpec require(Path file, LoadOptions options) {
    return switch (open(file, options)) {
      case Spec s -> s.spec();
      case Problem p -> throw new InputProblem(file + ": " + p.message());
    };
  }

  private static String withoutName(Path file, @org.jspecify.annotations.Nullable String message) {
    String text = String.valueOf(message);
    String prefix = file + ": ";
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private static String errnoOf(String reason) {
    return switch (reason) {
      case "No such file or directory" -> "ENOENT";
      case "Permission denied" -> "EACCES";
      case "Is a directory" -> "EISDIR";
      default -> "EIO";
    };
  }
}
