package bpf4j.loader;

import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.kernel.ExternResolver;
import bpf4j.loader.kernel.KernelTypeCheck;
import bpf4j.loader.kernel.LoadException;
import bpf4j.loader.link.ProgramLinker;
import bpf4j.loader.map.InitialSlotCollector;
import bpf4j.loader.map.MapCollector;
import bpf4j.loader.map.MapEntry;
import bpf4j.loader.map.RelocationCollector;
import bpf4j.loader.map.StructOpsMatcher;
import bpf4j.loader.object.Extern;
import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ObjectTypes;
import bpf4j.loader.object.ProgramCode;
import bpf4j.model.btf.Btf;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.LoadError;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.ProgramSpec;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Opens compiled BPF objects: what libbpf's `bpf_object__open` and the part of `bpf_object__load`
/// before the kernel do.
///
/// ```java
/// CollectionSpec spec = ObjectLoader.open(Path.of("lb.o"), LoadOptions.defaults());
/// ```
///
/// What libbpf refuses to open is an [ElfException]. A program that libbpf opens but would not hand
/// to the kernel (no such attach target, unknown kfunc, …) is in the result with its
/// [ProgramSpec#loadError]. Each program is linked as if it alone were loaded.
public final class ObjectLoader {
  private static final int MAX_OBJECT_NAME = 15;

  private ObjectLoader() {}

  /// Opens the object in `file`. Throws [IOException] when it cannot be read.
  public static CollectionSpec open(Path file, LoadOptions options)
      throws IOException, ElfException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new ElfException(
          file.toString(),
          "elf: failed to open " + file + ": No such file or directory",
          LibbpfErrno.ENOENT);
    }
    return open(bytes, file.toString(), options);
  }

  /// Opens the object in `bytes`, which must not change while this runs.
  ///
  /// @param fileName stands in messages; its last part names data maps unless `options` do
  public static CollectionSpec open(byte[] bytes, String fileName, LoadOptions options)
      throws ElfException {
    return new Opening(bytes, fileName, options).finish();
  }

  /// libbpf's default: the file's name without folders, up to the first dot, at most 15 characters.
  private static String objectName(String fileName, LoadOptions options) {
    String name = options.objectName();
    if (name == null) {
      name = fileName.substring(fileName.lastIndexOf('/') + 1);
      int dot = name.indexOf('.');
      name = dot < 0 ? name : name.substring(0, dot);
    }
    return name.substring(0, Math.min(MAX_OBJECT_NAME, name.length()));
  }

  /// One object on its way from bytes to specs.
  private static final class Opening {
    private final LoadOptions options;
    private final String fileName;
    private final List<String> notes = new ArrayList<>();
    private final ElfFile elf;
    private final ObjectFile object;
    private final ObjectTypes types;
    private final List<MapEntry> maps;

    Opening(byte[] bytes, String fileName, LoadOptions options) throws ElfException {
      this.options = options;
      this.fileName = fileName;
      this.elf = new ElfFile(fileName, bytes);
      this.object = new ObjectFile(elf);
      this.types = new ObjectTypes(object, notes);
      MapCollector collector =
          new MapCollector(
              object, objectName(fileName, options), types.btf(), !options.relaxedMaps(), notes);
      this.maps = collector.collect(types.externs());
      new RelocationCollector(
              object,
              types.externs(),
              maps,
              new InitialSlotCollector(object, types.btf(), collector.mapsDatasec(), maps))
          .collect();
    }

    CollectionSpec finish() throws ElfException {
      LoadError error = matchKernel();
      Btf loaded = types.loadedBtf();
      String refusal = loaded == null ? null : KernelTypeCheck.refusal(loaded);
      LoadError typesError = null;
      if (refusal != null) {
        String warning = "Error loading .BTF into kernel: -" + LibbpfErrno.EINVAL + ". BTF is ";
        loaded = null;
        notes.add(warning + "optional, ignoring. (" + refusal + ")");
        if (object.hasStructOps()) {
          typesError =
              new LoadError(
                  LibbpfErrno.EINVAL, List.of(warning + "mandatory, can't proceed.", refusal));
        }
      }
      List<MapSpec> specs = new ArrayList<>();
      int kconfig = -1;
      for (MapEntry m : maps) {
        if (m.kind() == MapSpec.Kind.KCONFIG) {
          kconfig = specs.size();
        }
        specs.add(m.toSpec(elf, loaded, options.kernel().cpus()));
      }
      ProgramLinker linker =
          new ProgramLinker(object, types, specs, kconfig, loaded, options.kernel());
      List<ProgramSpec> programs = new ArrayList<>();
      for (ProgramCode p : object.programs()) {
        if (!object.isSubprog(p)) {
          programs.add(linker.link(p, error, typesError));
        }
      }
      return new CollectionSpec(
          fileName.substring(fileName.lastIndexOf('/') + 1),
          specs,
          programs,
          loaded,
          object.license(),
          notes,
          elf.order() == ByteOrder.BIG_ENDIAN);
    }

    /// Resolves what comes from the kernel; the first failure concerns every program.
    private @Nullable LoadError matchKernel() {
      Btf local = types.btf();
      if (local == null) {
        return null;
      }
      List<Extern> externs = types.externs();
      try {
        byte[] config = new byte[0];
        for (MapEntry m : maps) {
          if (m.kind() == MapSpec.Kind.KCONFIG) {
            config = m.configData();
          }
        }
        new ExternResolver(
                options.kernel(), externs, local, config, elf.order() == ByteOrder.BIG_ENDIAN)
            .resolve();
        if (object.hasStructOps()) {
          new StructOpsMatcher(local, options.kernel().btf(), notes).match(maps, object.programs());
        }
        return null;
      } catch (LoadException e) {
        return e.error();
      }
    }
  }
}
