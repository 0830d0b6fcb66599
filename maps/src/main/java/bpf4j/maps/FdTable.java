package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The file descriptors of the user space that works on one collection: raw `bpf(2)` values name
/// maps and programs by them. Safe for use by many threads.
public final class FdTable {
  /// Numbers below stand for standard input, output and error.
  public static final int FIRST = 3;

  private final List<@Nullable Object> open = new ArrayList<>();

  FdTable() {}

  /// The lowest free number, now standing for `file`.
  synchronized int install(Object file) {
    int i = open.indexOf(null);
    if (i < 0) {
      i = open.size();
      open.add(file);
    } else {
      open.set(i, file);
    }
    return i + FIRST;
  }

  synchronized void close(int fd) {
    open.set(fd - FIRST, null);
  }

  /// Runs `use` with a number that stands for `file` only meanwhile.
  void during(Object file, IntConsumer use) {
    int fd = install(file);
    try {
      use.accept(fd);
    } finally {
      close(fd);
    }
  }

  /// What `fd` stands for; throws [MapException] with EBADF for a closed number.
  public synchronized Object get(int fd) {
    int i = fd - FIRST;
    Object file = i >= 0 && i < open.size() ? open.get(i) : null;
    if (file == null) {
      throw new MapException(Errno.EBADF, "fd " + fd + " is not open");
    }
    return file;
  }

  /// The map behind `fd`; EBADF for a closed number, EINVAL when it is something else.
  public MapFd map(int fd) {
    if (get(fd) instanceof MapFd map) {
      return map;
    }
    throw new MapException(Errno.EINVAL, "fd " + fd + " is not a map");
  }
}
