package bpf4j.maps;

/// Something of the virtual kernel that user space can hold a file descriptor of: a map, a program,
/// a socket, a cgroup, a perf event …
public interface KernelObject {
  /// The object's number in its own id space, 0 where it has none.
  int id();
}
