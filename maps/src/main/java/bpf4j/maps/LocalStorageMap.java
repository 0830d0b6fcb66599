package bpf4j.maps;

import static bpf4j.maps.UpdateFlag.BPF_EXIST;
import static bpf4j.maps.UpdateFlag.BPF_F_LOCK;
import static bpf4j.maps.UpdateFlag.BPF_NOEXIST;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE: one value for each socket, inode, task or
/// cgroup. User space names the object by a file descriptor.
///
/// Source: linux-6.18 `bpf_local_storage.c`.
public final class LocalStorageMap extends BpfMap {
  /// Flag of the `*_storage_get` helpers: make the value when there is none.
  public static final long BPF_LOCAL_STORAGE_GET_F_CREATE = 1;

  private final ConcurrentHashMap<KernelObject, Long> values = new ConcurrentHashMap<>();

  LocalStorageMap(MapTable table, MapSpec spec) {
    super(table, spec, 0);
  }

  /// Address of the value for `owner`, or 0; with [#BPF_LOCAL_STORAGE_GET_F_CREATE] it is made,
  /// from the bytes at `initAddr` unless that is 0. Source: `bpf_sk_storage_get` and its likes.
  public long get(KernelObject owner, long initAddr, long flags) {
    if ((flags & ~BPF_LOCAL_STORAGE_GET_F_CREATE) != 0) {
      return 0;
    }
    Long found = values.get(owner);
    if (found != null || flags == 0) {
      return found == null ? 0 : found;
    }
    long made = memory.tryAllocate(spec().valueSize(), "value of " + this);
    if (made == 0) {
      return 0;
    }
    if (initAddr != 0) {
      memory.copy(made, initAddr, spec().valueSize());
    }
    Long raced = values.putIfAbsent(owner, made);
    if (raced != null) {
      memory.free(made);
      return raced;
    }
    return made;
  }

  /// Removes the value of `owner`; 0 or a negated errno. Source: `bpf_sk_storage_delete`.
  public int delete(KernelObject owner) {
    Long old = values.remove(owner);
    if (old == null) {
      return Errno.ENOENT.negated();
    }
    table.rcu().defer(() -> memory.free(old));
    return 0;
  }

  private KernelObject ownerOf(byte[] key) {
    int fd = GuestBytes.u32(key);
    Object file = table.fds().get(fd);
    boolean fits =
        switch (type()) {
          case SK_STORAGE -> file instanceof VirtualKernel.Socket;
          case CGRP_STORAGE -> file instanceof VirtualKernel.Cgroup;
          case TASK_STORAGE -> file instanceof VirtualKernel.Task;
          default -> file instanceof KernelObject;
        };
    if (fits && file instanceof KernelObject owner) {
      return owner;
    }
    Errno errno = type() == MapType.SK_STORAGE ? Errno.ENOTSOCK : Errno.EBADF;
    throw refused(errno, "fd " + fd + " is no object that this map keeps values for");
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    Long value = values.get(ownerOf(key));
    return value == null ? null : memory.getBytes(value, spec().valueSize());
  }

  @Override
  synchronized void sysUpdate(byte[] key, byte[] value, long flags) {
    KernelObject owner = ownerOf(key);
    if (flags < 0 || (flags & ~BPF_F_LOCK) > BPF_EXIST) {
      check(Errno.EINVAL.negated(), "update", key, flags);
    }
    Long old = values.get(owner);
    if (old == null && (flags & ~BPF_F_LOCK) == BPF_EXIST) {
      check(Errno.ENOENT.negated(), "update", key, flags);
    }
    if (old != null && (flags & ~BPF_F_LOCK) == BPF_NOEXIST) {
      check(Errno.EEXIST.negated(), "update", key, flags);
    }
    long made = memory.allocate(spec().valueSize(), "value of " + this);
    memory.putBytes(made, value);
    Long replaced = values.put(owner, made);
    if (replaced != null) {
      table.rcu().defer(() -> memory.free(replaced));
    }
  }

  @Override
  boolean sysDelete(byte[] key) {
    return delete(ownerOf(key)) == 0;
  }

  @Override
  void destroy() {
    super.destroy();
    values.values().forEach(memory::free);
  }
}
