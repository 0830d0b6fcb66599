package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All maps of one collection, and what they share: guest memory, grace periods, the number of
/// CPUs, file descriptors.
public final class MapTable implements AutoCloseable {
  /// Number of virtual CPUs where nobody says otherwise.
  public static final int DEFAULT_CPUS = 8;

  private final GuestMemory memory;
  private final int possibleCpus;
  private final VirtualKernel kernel;
  private final Rcu rcu = new Rcu();
  private final FdTable fds = new FdTable();
  private final Staging staging;
  private int lastId;

  /// Maps by id; index 0 stays empty. Replaced, never changed, so lookups need no lock.
  private volatile @Nullable BpfMap[] byId = new BpfMap[16];

  private boolean closed;

  /// Maps in `memory`, which the caller closes after this table.
  public MapTable(GuestMemory memory, int possibleCpus, VirtualKernel kernel) {
    if (possibleCpus < 1 || possibleCpus > MapLimits.NR_CPUS) {
      throw new IllegalArgumentException("number of CPUs: " + possibleCpus);
    }
    this.memory = memory;
    this.possibleCpus = possibleCpus;
    this.kernel = kernel;
    this.staging = new Staging(memory);
  }

  /// Maps in `memory` for [#DEFAULT_CPUS] CPUs.
  public MapTable(GuestMemory memory) {
    this(memory, DEFAULT_CPUS, VirtualKernel.BARE);
  }

  public GuestMemory memory() {
    return memory;
  }

  /// CPUs are numbered from 0 to one less than this.
  public int possibleCpus() {
    return possibleCpus;
  }

  /// The machine that the maps belong to.
  public VirtualKernel kernel() {
    return kernel;
  }

  /// Grace periods: whoever runs programs brackets each run.
  public Rcu rcu() {
    return rcu;
  }

  /// The file descriptors that raw values name maps and programs by.
  public FdTable fds() {
    return fds;
  }

  /// Creates a map as libbpf does: for an outer map the template is made from [MapSpec#inner()] and
  /// dropped again. Throws [MapException] with the kernel's errno.
  public MapFd create(MapSpec spec) {
    MapSpec template = spec.inner();
    if (!spec.isMapInMap() || template == null) {
      return createWithOrWithoutBtf(spec, null);
    }
    try (MapFd inner = createWithOrWithoutBtf(template, null)) {
      return createWithOrWithoutBtf(spec, inner);
    }
  }

  /// libbpf keeps BTF from the types that take none, and tries again without where the kernel does
  /// not like it; a perf event array without a size gets an entry for each CPU.
  private MapFd createWithOrWithoutBtf(MapSpec wanted, @Nullable MapFd inner) {
    boolean perCpu = wanted.type() == MapType.PERF_EVENT_ARRAY && wanted.maxEntries() == 0;
    MapSpec spec = perCpu ? wanted.withMaxEntries(possibleCpus) : wanted;
    boolean typed = spec.btfKeyTypeId() != 0 || spec.btfValueTypeId() != 0;
    if (!typed || MapBtfCheck.takesNoBtf(spec.type())) {
      return create(typed ? spec.withoutBtf() : spec, inner);
    }
    try {
      return create(spec, inner);
    } catch (MapException first) {
      try {
        return create(spec.withoutBtf(), inner);
      } catch (MapException _) {
        throw first;
      }
    }
  }

  /// Creates a map as `BPF_MAP_CREATE` does; `inner` stands for `inner_map_fd` and counts for outer
  /// maps only. It may be closed afterwards. Throws [MapException] with the kernel's errno.
  public MapFd create(MapSpec spec, @Nullable MapFd inner) {
    MapCreateCheck.check(spec);
    MapSpec stored = spec.withFlags(MapCreateCheck.storedFlags(spec));
    InnerTemplate template = spec.isMapInMap() ? InnerTemplate.of(spec, inner) : null;
    checkName(spec);
    MapBtfCheck.check(stored);
    BpfMap map = MapFactory.allocate(this, stored, template);
    publish(map);
    return new MapFd(map, spec.flags() & (MapFlags.RDONLY | MapFlags.WRONLY));
  }

  private static void checkName(MapSpec spec) {
    String name = spec.name();
    for (int i = 0; i < Math.min(name.length(), MapLayout.NAME_SIZE - 1); i++) {
      char c = name.charAt(i);
      boolean ok = c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '.');
      if (!ok) {
        throw new MapException(
            Errno.EINVAL, "map name '" + name + "': letters, digits, '_' and '.' only");
      }
    }
  }

  synchronized int nextMapId() {
    return ++lastId;
  }

  private synchronized void publish(BpfMap map) {
    if (closed) {
      map.destroy();
      memory.free(map.descriptorAddr());
      throw new MapException(Errno.EBADF, "the collection is closed");
    }
    @Nullable BpfMap[] maps = byId;
    if (map.id() >= maps.length) {
      maps = Arrays.copyOf(maps, Math.max(map.id() + 1, maps.length * 2));
    }
    maps[map.id()] = map;
    byId = maps;
    ShadowMemory shadow = memory.shadow();
    if (shadow != null) {
      map.markShadow(shadow);
    }
  }

  Staging staging() {
    return staging;
  }

  /// The map whose descriptor is at `addr`, or null. No lock, no allocation.
  public @Nullable BpfMap mapAt(long addr) {
    long id = memory.getU32(addr + MapLayout.ID);
    @Nullable BpfMap[] maps = byId;
    if (id >= maps.length) {
      return null;
    }
    BpfMap map = maps[(int) id];
    return map != null && map.descriptorAddr() == addr ? map : null;
  }

  /// The map with id `id`, or null.
  public @Nullable BpfMap mapById(int id) {
    @Nullable BpfMap[] maps = byId;
    return id > 0 && id < maps.length ? maps[id] : null;
  }

  /// A new handle of the map with id `id`; throws [MapException] with ENOENT when there is none.
  /// Source: `BPF_MAP_GET_FD_BY_ID`.
  public MapFd open(int id) {
    return open(id, 0);
  }

  /// A new handle, opened with [MapFlags#RDONLY] or [MapFlags#WRONLY] or neither.
  public MapFd open(int id, int access) {
    BpfMap map = mapById(id);
    if (map == null || !map.refs.incUser()) {
      throw new MapException(Errno.ENOENT, "no map with id " + id);
    }
    return new MapFd(map, access);
  }

  /// The lowest id above `id`, or 0. Source: `BPF_MAP_GET_NEXT_ID`.
  public int nextId(int id) {
    @Nullable BpfMap[] maps = byId;
    for (int i = Math.max(id, 0) + 1; i < maps.length; i++) {
      if (maps[i] != null) {
        return i;
      }
    }
    return 0;
  }

  /// The ring buffer that the record at `addr` was reserved in, or null.
  public @Nullable RingbufMap ringbufOf(long addr) {
    long id = memory.getU32(addr - RingbufLayout.HEADER + RingbufLayout.OWNER);
    return id < byId.length && byId[(int) id] instanceof RingbufMap ring && ring.holds(addr)
        ? ring
        : null;
  }

  /// Every live map, by id.
  public List<BpfMap> maps() {
    List<BpfMap> live = new ArrayList<>();
    for (BpfMap map : byId) {
      if (map != null) {
        live.add(map);
      }
    }
    return live;
  }

  /// The last reference to `map` is gone: it is freed once every run that may see it has ended.
  void retire(BpfMap map) {
    synchronized (this) {
      byId[map.id()] = null;
    }
    rcu.defer(() -> {
      map.destroy();
      memory.free(map.descriptorAddr());
    });
  }

  /// The shadow state for the *checked* tier, with every map's own bookkeeping marked.
  public ShadowMemory enableShadow() {
    ShadowMemory shadow = memory.enableShadow();
    for (BpfMap map : maps()) {
      map.markShadow(shadow);
    }
    return shadow;
  }

  /// No map can be created any more; guest memory, and with it all maps, ends when its owner closes
  /// it.
  @Override
  public synchronized void close() {
    closed = true;
    staging.clear();
  }

  /// `ARRAY 'name'`, as messages name a map.
  static String describe(MapSpec spec) {
    return spec.name().isEmpty() ? spec.type() + " map" : spec.type() + " '" + spec.name() + "'";
  }
}
