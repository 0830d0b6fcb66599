package bpf4j.vm.helper;

import bpf4j.maps.CgroupStorageMap;
import bpf4j.maps.KernelObject;
import bpf4j.maps.LocalStorageMap;
import bpf4j.maps.StackTraceMap;
import bpf4j.vm.GuestTrap;
import bpf4j.vm.engine.RunCtx;

/// Values that hang on sockets, tasks, inodes and cgroups, and stored stacks.
final class StorageHelpers {
  /// The only frame of the virtual kernel's stack.
  private static final byte[] STACK = {0, 0, 0, (byte) 0x81, -1, -1, -1, -1};

  /// The object at a guest address, as the owner of a value.
  private record Owner(long addr) implements KernelObject {
    @Override
    public int id() {
      return 0;
    }
  }

  private StorageHelpers() {}

  static void register(HelperRegistry r) {
    for (String kind : new String[] {"sk", "task", "inode", "cgrp"}) {
      r.add(kind + "_storage_get", StorageHelpers::get);
      r.add(kind + "_storage_delete", StorageHelpers::delete);
    }
    r.add("get_local_storage", StorageHelpers::cgroupValue);
    r.add("get_stackid", StorageHelpers::stackId);
  }

  private static LocalStorageMap storage(RunCtx rc, long map) {
    if (RunEnv.of(rc).map(map) instanceof LocalStorageMap storage) {
      return storage;
    }
    throw new GuestTrap(0, "not a storage map: 0x" + Long.toHexString(map));
  }

  private static KernelObject owner(RunCtx rc, long addr) {
    var socket = RunEnv.of(rc).machine().socks().socketAt(addr);
    return socket != null ? socket : new Owner(addr);
  }

  private static long get(RunCtx rc, long map, long object, long init, long flags, long r5) {
    return object == 0 ? 0 : storage(rc, map).get(owner(rc, object), init, flags);
  }

  private static long delete(RunCtx rc, long map, long object, long r3, long r4, long r5) {
    return object == 0
        ? bpf4j.model.spec.Errno.EINVAL.negated()
        : storage(rc, map).delete(owner(rc, object));
  }

  private static long cgroupValue(RunCtx rc, long map, long flags, long r3, long r4, long r5) {
    if (RunEnv.of(rc).map(map) instanceof CgroupStorageMap storage) {
      return storage.attach(new byte[storage.spec().keySize()], rc.cpu());
    }
    throw new GuestTrap(0, "not a cgroup storage map: 0x" + Long.toHexString(map));
  }

  private static long stackId(RunCtx rc, long ctx, long map, long flags, long r4, long r5) {
    long known =
        0xff | 1 << 8 | StackTraceMap.BPF_F_FAST_STACK_CMP | StackTraceMap.BPF_F_REUSE_STACKID;
    if ((flags & ~known) != 0) {
      return bpf4j.model.spec.Errno.EINVAL.negated();
    }
    boolean user = (flags & 1 << 8) != 0;
    if (user || (flags & 0xff) != 0) {
      return bpf4j.model.spec.Errno.EFAULT.negated();
    }
    if (RunEnv.of(rc).map(map) instanceof StackTraceMap stacks) {
      return stacks.stackId(STACK, flags);
    }
    throw new GuestTrap(0, "not a stack trace map: 0x" + Long.toHexString(map));
  }
}
