package bpf4j.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// Writes result files so that a reader sees the old contents or the new, never half of them: into
/// a new file beside the target, then renamed over it. Devices and pipes are written directly.
final class OutputFile {
  private OutputFile() {}

  /// Writes `data` to `file`; throws [InputProblem] when that fails, leaving no file behind.
  static void write(Path file, byte[] data) {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        if (Files.isDirectory(file)) {
          throw new InputProblem(file + ": Is a directory");
        }
        try (OutputStream out = Files.newOutputStream(file)) {
          out.write(data);
        }
        return;
      }
      Path target = Files.isSymbolicLink(file) ? file.toRealPath() : file;
      replace(target, data);
    } catch (IOException e) {
      throw new InputProblem("cannot write " + file + ": " + InputFile.reason(e));
    }
  }

  private static void replace(Path target, byte[] data) throws IOException {
    String name = "." + target.getFileName() + "." + ProcessHandle.current().pid();
    Path fresh = target.toAbsolutePath().resolveSibling(name);
    try {
      Files.write(fresh, data);
      try {
        Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException _) {
        Files.move(fresh, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      if (Files.exists(fresh, LinkOption.NOFOLLOW_LINKS)) {
        Files.delete(fresh);
      }
    }
  }
}
