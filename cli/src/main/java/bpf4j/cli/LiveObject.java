package bpf4j.cli;

import bpf4j.maps.MapException;
import bpf4j.maps.MapFd;
import bpf4j.maps.UpdateFlag;
import bpf4j.model.btf.Btf;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.LoadError;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.Verdict;
import bpf4j.verifier.Verifier;
import bpf4j.verifier.VerifierOptions;
import bpf4j.vm.Collection;
import bpf4j.vm.CollectionException;
import bpf4j.vm.Program;
import bpf4j.vm.kernel.VirtualKernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An object brought to life for `bpf4j run`, as libbpf's `bpf_object__load` does: its maps are
/// created and filled, and the programs that are wanted, and those that prog arrays name, are
/// verified.
final class LiveObject implements AutoCloseable {
  private static final int STATISTICS = 4;

  private final CollectionSpec spec;
  private final Collection collection;
  private final Map<Integer, MapFd> byId = new HashMap<>();
  private final Map<String, Program> programs = new LinkedHashMap<>();

  private LiveObject(CollectionSpec spec, Collection collection) {
    this.spec = spec;
    this.collection = collection;
  }

  /// The verifier refused a program, or libbpf would not load it.
  static final class NotLoaded extends Exception {
    private static final long serialVersionUID = 1;

    private final String program;
    private final String errno;
    private final boolean rejected;

    NotLoaded(String program, String errno, String message, boolean rejected) {
      super(message);
      this.program = program;
      this.errno = errno;
      this.rejected = rejected;
    }

    String program() {
      return program;
    }

    String errno() {
      return errno;
    }

    /// Whether it was the verifier.
    boolean rejected() {
      return rejected;
    }
  }

  /// Brings an object to life. Throws [InputProblem] when a map cannot be created.
  ///
  /// @param wanted the programs that will be run
  static LiveObject load(CollectionSpec spec, List<ProgramSpec> wanted, @Nullable Btf kernelBtf)
      throws NotLoaded {
    LiveObject live = new LiveObject(spec, Collection.create(new VirtualKernel(), kernelBtf));
    try {
      live.createMaps();
      live.addPrograms(wanted, kernelBtf);
      live.fillProgArrays();
      return live;
    } catch (NotLoaded | RuntimeException | Error e) {
      live.close();
      throw e;
    }
  }

  CollectionSpec spec() {
    return spec;
  }

  Collection collection() {
    return collection;
  }

  Program program(String name) {
    Program program = programs.get(name);
    if (program == null) {
      throw new IllegalArgumentException("no live program " + name);
    }
    return program;
  }

  /// The live map named so; throws [InputProblem] naming those there are.
  MapFd map(String name) {
    for (MapFd map : collection.maps()) {
      if (map.map().spec().name().equals(name)) {
        return map;
      }
    }
    throw new InputProblem(
        "no map '"
            + name
            + "'; there are "
            + String.join(
                ", ", collection.maps().stream().map(m -> m.map().spec().name()).toList()));
  }

  /// The map with this id, also one that was made from a template, or null.
  @Nullable MapFd mapById(int id) {
    return byId.get(id);
  }

  /// The name of the program with this id, or null.
  @Nullable String programName(int id) {
    for (Program p : programs.values()) {
      if (p.id() == id) {
        return p.name();
      }
    }
    return null;
  }

  /// A new inner map from an outer map's template.
  MapFd createInner(MapFd outer, int maxEntries) {
    MapSpec template = outer.map().innerTemplate();
    if (template == null) {
      throw new InputProblem("map '" + outer.map().spec().name() + "' holds no maps");
    }
    MapFd inner = collection.createMap(Specs.anonymous(template, maxEntries));
    byId.put(inner.id(), inner);
    return inner;
  }

  @Override
  public void close() {
    collection.close();
  }

  private void createMaps() {
    try {
      for (MapSpec map : spec.maps()) {
        if (map.type() != MapType.STRUCT_OPS && map.autocreate()) {
          MapFd fd = collection.createMap(map);
          byId.put(fd.id(), fd);
        }
      }
      for (MapSpec map : spec.maps()) {
        if (map.isMapInMap()) {
          for (MapSpec.InitialSlot slot : map.initialSlots()) {
            map(map.name()).update(key(slot.index()), map(slot.target()), UpdateFlag.ANY);
          }
        }
      }
    } catch (CollectionException e) {
      throw new InputProblem(e.getMessage() + " (" + e.errno() + ")");
    } catch (MapException e) {
      throw new InputProblem("filling an outer map: " + e.getMessage() + " (" + e.errno() + ")");
    }
  }

  private void addPrograms(List<ProgramSpec> wanted, @Nullable Btf kernelBtf) throws NotLoaded {
    Deque<ProgramSpec> todo = new ArrayDeque<>(wanted);
    while (!todo.isEmpty()) {
      ProgramSpec p = todo.removeFirst();
      if (programs.containsKey(p.name())) {
        continue;
      }
      LoadError error = p.loadError();
      if (error != null) {
        throw new NotLoaded(p.name(), error.errnoName(), error.message(), false);
      }
      VerifierOptions options = new VerifierOptions(STATISTICS, true, kernelBtf);
      switch (Verifier.verify(p, options)) {
        case Verdict.Reject r -> throw new NotLoaded(p.name(), r.errno().name(), r.message(), true);
        case Verdict.Accept a -> {
          try {
            programs.put(p.name(), collection.add(a.program()));
          } catch (CollectionException e) {
            throw new NotLoaded(p.name(), e.errno().name(), String.valueOf(e.getMessage()), false);
          }
        }
      }
      todo.addAll(tailCallTargets(p));
    }
  }

  private List<ProgramSpec> tailCallTargets(ProgramSpec program) {
    List<ProgramSpec> targets = new ArrayList<>();
    for (MapSpec map : program.maps()) {
      if (map.type() == MapType.PROG_ARRAY) {
        map.initialSlots().forEach(s -> spec.program(s.target()).ifPresent(targets::add));
      }
    }
    return targets;
  }

  private void fillProgArrays() {
    for (MapSpec map : spec.maps()) {
      if (map.type() == MapType.PROG_ARRAY) {
        for (MapSpec.InitialSlot slot : map.initialSlots()) {
          Program target = programs.get(slot.target());
          if (target != null) {
            map(map.name()).update(key(slot.index()), target, UpdateFlag.ANY);
          }
        }
      }
    }
  }

  private static byte[] key(int index) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(index).array();
  }
}
