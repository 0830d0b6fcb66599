package bpf4j.maps;

import org.jspecify.annotations.Nullable;

/// What maps ask the machine for that they belong to. The vm supplies the real one.
public interface VirtualKernel {
  /// A machine with the loopback device (ifindex 1) and nothing else.
  VirtualKernel BARE = ifindex -> ifindex == 1;

  /// Whether there is a network device with this number.
  boolean hasNetDevice(int ifindex);

  /// A program that user space holds a file descriptor of.
  interface Prog extends KernelObject {
    /// What all programs of one program array have in common: type, JIT state, attach details. Two
    /// programs fit together when these are equal.
    Object tailCallOwner();

    /// Whether it is an XDP program to be attached to a device map's entries.
    default boolean isXdpDevmap() {
      return false;
    }

    /// Whether it is an XDP program to be attached to a CPU map's entries.
    default boolean isXdpCpumap() {
      return false;
    }
  }

  /// A perf event that takes samples of programs.
  interface PerfEvent extends KernelObject {
    /// The CPU it counts on, or -1 for all.
    int cpu();

    /// Takes one raw sample; 0, or a negated errno when it was lost.
    int output(int cpu, byte[] sample);

    /// The counter's value, and how long it was enabled and running, in nanoseconds.
    default long[] read() {
      return new long[3];
    }
  }

  /// A cgroup.
  interface Cgroup extends KernelObject {
    /// The cgroup above, or null for the root.
    @Nullable Cgroup parent();
  }

  /// A task.
  interface Task extends KernelObject {}

  /// A socket.
  interface Socket extends KernelObject {
    /// The socket's cookie.
    long cookie();

    /// Whether it is an AF_XDP socket bound for maps.
    default boolean isXsk() {
      return false;
    }

    /// Whether a sockmap takes it: TCP in a fitting state, UDP, unix or vsock.
    default boolean fitsSockmap() {
      return !isXsk();
    }

    /// Whether it is one of a group that shares a port.
    default boolean isReuseport() {
      return false;
    }
  }
}
