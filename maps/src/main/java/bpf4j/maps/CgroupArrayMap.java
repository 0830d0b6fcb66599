package bpf4j.maps;

import bpf4j.maps.VirtualKernel.Cgroup;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;

/// CGROUP_ARRAY: cgroups that programs ask about by index.
public final class CgroupArrayMap extends ReferenceArrayMap<Cgroup> {
  CgroupArrayMap(MapTable table, MapSpec spec) {
    super(table, spec);
  }

  @Override
  Cgroup objectOf(int fd) {
    if (table.fds().get(fd) instanceof Cgroup cgroup) {
      return cgroup;
    }
    throw refused(Errno.EBADF, "fd " + fd + " is not a cgroup");
  }
}
