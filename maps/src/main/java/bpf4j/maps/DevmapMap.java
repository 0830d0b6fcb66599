package bpf4j.maps;

import bpf4j.maps.VirtualKernel.Prog;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;

/// DEVMAP: network devices by index.
final class DevmapMap extends RedirectArrayMap {
  DevmapMap(MapTable table, MapSpec spec) {
    super(table, spec);
  }

  static void checkDevice(BpfMap map, int ifindex) {
    if (!map.table.kernel().hasNetDevice(ifindex)) {
      throw map.refused(Errno.EINVAL, "there is no network device " + ifindex);
    }
  }

  static Prog devmapProg(BpfMap map, int fd) {
    if (map.table.fds().get(fd) instanceof Prog prog && prog.isXdpDevmap()) {
      return prog;
    }
    throw map.refused(Errno.EINVAL, "fd " + fd + " is no XDP program for a device map");
  }

  @Override
  void checkWord(int index, int ifindex) {
    if (ifindex != 0) {
      checkDevice(this, ifindex);
    }
  }

  @Override
  Prog prog(int fd) {
    return devmapProg(this, fd);
  }

  @Override
  boolean refusesProgOnEmpty() {
    return true;
  }
}
