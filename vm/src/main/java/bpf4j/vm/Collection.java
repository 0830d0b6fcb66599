package bpf4j.vm;

import bpf4j.maps.BpfMap;
import bpf4j.maps.GuestMemory;
import bpf4j.maps.KernelObject;
import bpf4j.maps.MapException;
import bpf4j.maps.MapFd;
import bpf4j.maps.MapTable;
import bpf4j.maps.ProgArrayMap;
import bpf4j.maps.ShadowMemory;
import bpf4j.maps.UpdateFlag;
import bpf4j.model.btf.Btf;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapSpec.InitialSlot;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.VerifiedProgram;
import bpf4j.vm.engine.CodeSpace;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.helper.Machine;
import bpf4j.vm.kernel.VirtualKernel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Live maps and programs in one guest address space.
public final class Collection implements AutoCloseable {
  private final Machine machine;
  private final Map<String, MapFd> maps = new LinkedHashMap<>();
  private final List<Program> programs = new ArrayList<>();
  private long budget = Long.MAX_VALUE;

  private Collection(Machine machine) {
    this.machine = machine;
  }

  /// A collection without maps and programs.
  ///
  /// @param kernelBtf types of the kernel that the programs are meant for, or null where unknown
  public static Collection create(VirtualKernel kernel, @Nullable Btf kernelBtf) {
    return create(kernel, kernelBtf, MapTable.DEFAULT_CPUS);
  }

  static Collection create(VirtualKernel kernel, @Nullable Btf kernelBtf, int cpus) {
    GuestMemory memory = GuestMemory.reserve();
    return new Collection(
        Machine.of(memory, new MapTable(memory, cpus, kernel), kernel, kernelBtf));
  }

  /// Creates the maps, fills and freezes them, verifies the programs and links them. Throws
  /// [CollectionException] for the first thing that the kernel, or this virtual one, would refuse.
  public static Collection load(CollectionSpec spec, CollectionOptions options) {
    return new CollectionLoader(spec, options).load();
  }

  /// Loads every program of `spec` on a new virtual kernel.
  public static Collection load(CollectionSpec spec) {
    return load(spec, CollectionOptions.defaults());
  }

  /// Moves the virtual clock on and runs the timers that are due then.
  public void advanceClock(long nanos) {
    machine.kernel().setNanos(machine.kernel().nanos() + nanos);
    for (Program p : programs) {
      try (RunSession session = new RunSession(p, TestRun.EMPTY)) {
        session.fireTimers();
        return;
      }
    }
  }

  /// The virtual kernel that helpers ask.
  public VirtualKernel kernel() {
    return machine.kernel();
  }

  Machine machine() {
    return machine;
  }

  /// Creates a map and fills it with what its spec says. Throws [CollectionException] with the
  /// kernel's errno.
  public MapFd createMap(MapSpec spec) {
    try {
      MapFd map = machine.maps().create(withDefaults(spec));
      byte[] data = spec.initialData();
      if (data.length > 0) {
        map.update(new byte[4], java.util.Arrays.copyOf(data, map.valueSize()));
      }
      if (spec.frozen()) {
        map.freeze();
      }
      if (!spec.name().isEmpty()) {
        maps.put(spec.name(), map);
      }
      return map;
    } catch (MapException e) {
      throw new CollectionException(
          e.errno(), "map '%s': %s".formatted(spec.name(), e.getMessage()));
    }
  }

  /// As libbpf: a perf event array without a size has one entry a CPU.
  private MapSpec withDefaults(MapSpec spec) {
    return spec.type() == MapType.PERF_EVENT_ARRAY && spec.maxEntries() == 0
        ? spec.withMaxEntries(machine.maps().possibleCpus())
        : spec;
  }

  /// The map named `name`; throws [IllegalArgumentException] where there is none.
  public MapFd map(String name) {
    MapFd map = maps.get(name);
    if (map == null) {
      throw new IllegalArgumentException("no map '" + name + "'; there are " + maps.keySet());
    }
    return map;
  }

  /// Every named map in the order of creation.
  public List<MapFd> maps() {
    return List.copyOf(maps.values());
  }

  /// The program named `name`; throws [IllegalArgumentException] where there is none.
  public Program program(String name) {
    for (Program p : programs) {
      if (p.name().equals(name)) {
        return p;
      }
    }
    throw new IllegalArgumentException(
        "no program '" + name + "'; there are " + programs.stream().map(Program::name).toList());
  }

  public List<Program> programs() {
    return List.copyOf(programs);
  }

  /// Adds a verified program; its maps are those of this collection with the same names. Throws
  /// [CollectionException] when it calls something that has no meaning here.
  public Program add(VerifiedProgram verified) {
    return add(verified.spec(), verified, false);
  }

  /// Adds a program that no verifier has seen. Only the checked interpreter runs it.
  public Program addUnverified(ProgramSpec spec) {
    return add(spec, null, false);
  }

  /// Adds a program that another verifier has accepted, for comparing engines.
  Program addTrusted(ProgramSpec spec) {
    return add(spec, null, true);
  }

  private Program add(ProgramSpec spec, @Nullable VerifiedProgram verified, boolean trusted) {
    Btf btf = spec.btf();
    if (btf != null && btf.isBigEndian()) {
      throw new CollectionException(
          Errno.EINVAL,
          "program '%s' is for big-endian machines; guest memory is little-endian"
              .formatted(spec.name()));
    }
    List<BpfMap> live = new ArrayList<>();
    for (MapSpec m : spec.maps()) {
      live.add(map(m.name()).map());
    }
    int index = programs.size();
    IntPredicate reached = verified == null ? _ -> true : verified.facts()::reached;
    var linked = new ProgramLinker(spec, index, live, machine, reached).link();
    Program program = new Program(this, spec, linked, verified, trusted);
    programs.add(program);
    return program;
  }

  /// Fills what the specs' `.values` say: inner maps into outer maps, programs into program arrays.
  /// Throws [CollectionException] when a slot cannot take its target.
  public void fillSlots(List<MapSpec> specs) {
    for (MapSpec spec : specs) {
      for (InitialSlot slot : spec.initialSlots()) {
        byte[] key = new byte[4];
        GuestWords.putU32(key, 0, slot.index());
        KernelObject target = spec.isMapInMap() ? map(slot.target()) : program(slot.target());
        try {
          map(spec.name()).update(key, target, UpdateFlag.ANY);
        } catch (MapException e) {
          throw new CollectionException(
              e.errno(),
              "map '%s', slot %d: %s".formatted(spec.name(), slot.index(), e.getMessage()));
        }
      }
    }
  }

  /// Stops any run after so many calls and jumps; no limit by default.
  public void setBudget(long newBudget) {
    budget = newBudget;
  }

  long budget() {
    return budget;
  }

  ShadowMemory enableShadow() {
    return machine.maps().enableShadow();
  }

  /// Where function pointers and tail calls of programs in `tier` lead.
  CodeSpace codeSpace(Tier tier) {
    return new CodeSpace() {
      @Override
      public @Nullable Executable program(int index) {
        return index < programs.size() ? programs.get(index).executable(tier) : null;
      }

      @Override
      public @Nullable Executable tailCallSlot(long mapAddr, int index) {
        return machine.maps().mapAt(mapAddr) instanceof ProgArrayMap array
                && array.at(Integer.toUnsignedLong(index)) instanceof Program target
            ? target.executable(tier)
            : null;
      }
    };
  }

  @Override
  public void close() {
    for (MapFd map : maps.values()) {
      map.close();
    }
    machine.maps().close();
    machine.memory().close();
  }
}
