package bpf4j.vm.helper;

import bpf4j.model.proto.HelperTable;
import bpf4j.vm.engine.HelperBody;
import org.jspecify.annotations.Nullable;

/// The bodies of helpers by number; each family adds its own under the names of the prototype
/// table.
public final class HelperRegistry {
  private static final HelperRegistry ALL = new HelperRegistry();

  static {
    MapHelpers.register(ALL);
    LoopHelpers.register(ALL);
    TimeHelpers.register(ALL);
    TaskHelpers.register(ALL);
    MemoryHelpers.register(ALL);
    StringHelpers.register(ALL);
    TraceHelpers.register(ALL);
    ChecksumHelpers.register(ALL);
    SkbHelpers.register(ALL);
    SkbShapeHelpers.register(ALL);
    XdpHelpers.register(ALL);
    RedirectHelpers.register(ALL);
    RingbufHelpers.register(ALL);
    DynptrHelpers.register(ALL);
    SectionKfuncs.register(ALL);
    SocketHelpers.register(ALL);
    FibHelpers.register(ALL);
    CurrentHelpers.register(ALL);
    TimerHelpers.register(ALL);
    StorageHelpers.register(ALL);
  }

  private final @Nullable HelperBody[] bodies = new HelperBody[HelperTable.maxId() + 1];

  private HelperRegistry() {}

  /// The body of helper `id`, or null when it has none here.
  public static @Nullable HelperBody body(int id) {
    return id >= 0 && id < ALL.bodies.length ? ALL.bodies[id] : null;
  }

  /// Adds the body of the helper named without `bpf_`.
  void add(String name, HelperBody body) {
    int id = HelperTable.id(name);
    if (bodies[id] != null) {
      throw new IllegalStateException("two bodies for bpf_" + name);
    }
    bodies[id] = body;
  }
}
