package bpf4j.vm.kernel;

/// A task of the virtual kernel, as the current task of a run.
///
/// @param comm the name, at most 15 characters
/// @param cgroupId id of its cgroup in the default hierarchy
public record Task(int pid, int tgid, int uid, int gid, String comm, long cgroupId) {
  /// The task of a run where nobody says otherwise.
  public static final Task DEFAULT = new Task(1000, 1000, 0, 0, "bpf4j", 1);
}
