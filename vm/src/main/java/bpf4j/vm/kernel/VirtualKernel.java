package bpf4j.vm.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What helpers ask a kernel for: time, random numbers, tasks, devices. Two virtual kernels that
/// were set up alike answer alike, unless the clock is set to the machine's.
public final class VirtualKernel implements bpf4j.maps.VirtualKernel {
  /// What the virtual clock shows at first, in nanoseconds since boot.
  public static final long FIRST_NANOS = 1_000_000_000L;

  /// How far a reading moves the virtual clock on.
  public static final long NANOS_PER_READING = 1_000;

  /// Ticks a second of `jiffies`.
  public static final long HZ = 1_000;

  private static final int MAX_TRACE_LINES = 1 << 16;

  private final Map<Integer, NetDevice> devices = new TreeMap<>();
  private final List<String> traceLines = new ArrayList<>();
  private final RoutingTable routes = new RoutingTable();
  private final SocketTable sockets = new SocketTable();
  private long nanos = FIRST_NANOS;
  private @Nullable LongSupplier clock;
  private long wallOffsetNanos = 1_700_000_000L * 1_000_000_000L;
  private long randomState = 0x6270_6634_6a00_0001L;
  private bpf4j.vm.kernel.Task currentTask = bpf4j.vm.kernel.Task.DEFAULT;
  private int numaNode;

  /// A kernel with the loopback device and [Task#DEFAULT] as the current task.
  public VirtualKernel() {
    devices.put(NetDevice.LOOPBACK.ifindex(), NetDevice.LOOPBACK);
  }

  /// Nanoseconds since boot; each reading of the virtual clock moves it on by [#NANOS_PER_READING].
  public synchronized long readClock() {
    LongSupplier c = clock;
    if (c != null) {
      return c.getAsLong();
    }
    nanos += NANOS_PER_READING;
    return nanos;
  }

  /// Nanoseconds since boot, without moving the virtual clock.
  public synchronized long nanos() {
    LongSupplier c = clock;
    return c == null ? nanos : c.getAsLong();
  }

  /// Sets the virtual clock, in nanoseconds since boot.
  public synchronized void setNanos(long newNanos) {
    clock = null;
    nanos = newNanos;
  }

  /// Reads time from `source` from now on; [System#nanoTime] for the machine's.
  public synchronized void setClock(LongSupplier source) {
    clock = source;
  }

  /// What is added to the time since boot for the wall clock (`bpf_ktime_get_tai_ns`).
  public synchronized long wallOffsetNanos() {
    return wallOffsetNanos;
  }

  public synchronized void setWallOffsetNanos(long offset) {
    wallOffsetNanos = offset;
  }

  /// The next pseudo-random number (SplitMix64).
  public synchronized int nextRandom() {
    randomState += 0x9e37_79b9_7f4a_7c15L;
    long z = randomState;
    z = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
    z = (z ^ z >>> 27) * 0x94d0_49bb_1331_11ebL;
    return (int) (z ^ z >>> 31);
  }

  /// Starts the random numbers over from `seed`.
  public synchronized void setSeed(long seed) {
    randomState = seed;
  }

  public bpf4j.vm.kernel.Task currentTask() {
    return currentTask;
  }

  public void setCurrentTask(bpf4j.vm.kernel.Task task) {
    currentTask = task;
  }

  public int numaNode() {
    return numaNode;
  }

  public void setNumaNode(int node) {
    numaNode = node;
  }

  /// The device with this number, or null.
  public synchronized @Nullable NetDevice device(int ifindex) {
    return devices.get(ifindex);
  }

  @Override
  public boolean hasNetDevice(int ifindex) {
    return device(ifindex) != null;
  }

  /// Adds a device, or replaces the one with its number.
  public synchronized void addDevice(NetDevice device) {
    devices.put(device.ifindex(), device);
  }

  /// Where `bpf_fib_lookup` looks.
  public RoutingTable routes() {
    return routes;
  }

  /// Where the socket lookup helpers look.
  public SocketTable sockets() {
    return sockets;
  }

  /// Adds a line to the trace pipe; beyond 65,536 lines the oldest are dropped.
  public synchronized void trace(String line) {
    if (traceLines.size() >= MAX_TRACE_LINES) {
      traceLines.remove(0);
    }
    traceLines.add(line);
  }

  /// What `bpf_trace_printk` has printed since the last call of this method.
  public synchronized List<String> takeTrace() {
    List<String> lines = List.copyOf(traceLines);
    traceLines.clear();
    return lines;
  }
}
