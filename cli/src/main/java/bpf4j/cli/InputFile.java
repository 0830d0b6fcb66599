package bpf4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Reads what the user names, with messages in the words of the C library.
final class InputFile {
  /// Largest file that is read as a whole.
  static final long MAX_BYTES = 512L << 20;

  private InputFile() {}

  /// All bytes of a file; throws [InputProblem] when it cannot be read.
  static byte[] bytes(Path file) {
    try {
      if (Files.isDirectory(file)) {
        throw new InputProblem(file + ": Is a directory");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new InputProblem(file + ": larger than " + (MAX_BYTES >> 20) + " MiB");
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes((int) MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
          throw new InputProblem(file + ": larger than " + (MAX_BYTES >> 20) + " MiB");
        }
        return bytes;
      }
    } catch (IOException e) {
      throw new InputProblem(file + ": " + reason(e));
    }
  }

  /// The reason of an error without the file's name.
  static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "No such file or directory";
      case AccessDeniedException _ -> "Permission denied";
      case java.nio.file.FileSystemException f when f.getReason() != null -> f.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
