package bpf4j.maps;

import bpf4j.maps.VirtualKernel.Prog;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;

/// CPUMAP: CPUs that take over packets, with the length of their queue.
final class CpumapMap extends RedirectArrayMap {
  private static final int MAX_QUEUE = 16384;

  CpumapMap(MapTable table, MapSpec spec) {
    super(table, spec);
  }

  @Override
  void checkWord(int index, int queueSize) {
    if (Integer.compareUnsigned(queueSize, MAX_QUEUE) > 0) {
      throw refused(Errno.EOVERFLOW, "queue size %d: at most 16384".formatted(queueSize));
    }
    if (index >= table.possibleCpus()) {
      throw refused(Errno.ENODEV, "there is no CPU " + index);
    }
  }

  @Override
  Prog prog(int fd) {
    if (table.fds().get(fd) instanceof Prog prog && prog.isXdpCpumap()) {
      return prog;
    }
    throw refused(Errno.EINVAL, "fd " + fd + " is no XDP program for a CPU map");
  }
}
