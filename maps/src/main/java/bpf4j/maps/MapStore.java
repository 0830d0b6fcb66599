package bpf4j.maps;

import bpf4j.model.spec.Errno;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A folder in which maps outlive the process, as pinned maps do in a BPF file system.
///
/// All maps of a folder stand in one file. [#commit] writes a new one beside it, forces it to disk
/// and renames it over the old: whoever is killed at any moment leaves the old or the new state.
/// One process works on a folder at a time; others wait in [#open].
///
/// ```java
/// try (MapStore store = MapStore.open(folder, table)) {
///   store.pin("counters", table.create(spec));
///   store.get("counters").update(key, value);
///   store.commit();
/// }
/// ```
public final class MapStore implements AutoCloseable {
  private static final String STATE = "maps.state";
  private static final String NEXT = "maps.state.next";
  private static final String LOCK = "maps.lock";

  private final Path folder;
  private final MapTable table;
  private final FileChannel lockFile;
  private final FileLock lock;
  private final Map<String, MapFd> pins = new LinkedHashMap<>();

  private MapStore(Path folder, MapTable table, FileChannel lockFile) throws IOException {
    this.folder = folder;
    this.table = table;
    this.lockFile = lockFile;
    this.lock = lockFile.lock();
  }

  /// The maps of `folder`, which is made when there is none, in `table`. Throws [MapException] with
  /// EIO where the state is damaged and [UncheckedIOException] where it cannot be read.
  public static MapStore open(Path folder, MapTable table) {
    try {
      Files.createDirectories(folder);
      FileChannel lockFile =
          FileChannel.open(
              folder.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      MapStore store = new MapStore(folder, table, lockFile);
      try {
        Path state = folder.resolve(STATE);
        if (Files.exists(state)) {
          store.pins.putAll(MapState.decode(table, Files.readAllBytes(state)));
        }
        return store;
      } catch (IOException | MapException e) {
        store.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The table that the maps are in.
  public MapTable table() {
    return table;
  }

  /// Pins a map by a name; the store owns the handle from now on. Throws [MapException] with EEXIST
  /// when the name is taken and EINVAL for a name that is none.
  public void pin(String name, MapFd map) {
    if (name.isEmpty() || name.contains("/") || name.contains(".")) {
      throw new MapException(Errno.EINVAL, "'" + name + "' is no name to pin a map by");
    }
    if (pins.putIfAbsent(name, map) != null) {
      throw new MapException(Errno.EEXIST, "there is a map pinned as '" + name + "'");
    }
  }

  /// The map pinned as `name`; throws [MapException] with ENOENT when there is none.
  public MapFd get(String name) {
    MapFd map = find(name);
    if (map == null) {
      throw new MapException(Errno.ENOENT, "no map is pinned as '" + name + "'");
    }
    return map;
  }

  /// The map pinned as `name`, or null.
  public @Nullable MapFd find(String name) {
    return pins.get(name);
  }

  /// The names of all pinned maps, in the order they were pinned.
  public Set<String> names() {
    return Set.copyOf(pins.keySet());
  }

  /// Unpins a map; false when none is pinned as `name`.
  public boolean unpin(String name) {
    MapFd map = pins.remove(name);
    if (map != null) {
      map.close();
    }
    return map != null;
  }

  /// Makes the present contents of all pinned maps the folder's state. Throws [MapException] with
  /// EOPNOTSUPP when a map cannot be kept, and the old state stays.
  public void commit() {
    byte[] bytes = MapState.encode(table, pins);
    Path next = folder.resolve(NEXT);
    try {
      try (FileChannel out =
          FileChannel.open(
              next,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE)) {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        while (from.hasRemaining()) {
          out.write(from);
        }
        out.force(true);
      }
      try {
        Files.move(next, folder.resolve(STATE), StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.deleteIfExists(next);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Closes the handles; what was not committed is forgotten.
  @Override
  public void close() {
    pins.values().forEach(MapFd::close);
    pins.clear();
    try {
      lock.release();
      lockFile.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
