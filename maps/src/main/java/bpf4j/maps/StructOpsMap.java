package bpf4j.maps;

import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// STRUCT_OPS: the functions that programs implement for a kernel structure. Its one value is what
/// user space has registered; who calls the functions is the vm's business.
final class StructOpsMap extends BpfMap {
  private final long data;
  private boolean registered;

  StructOpsMap(MapTable table, MapSpec spec) {
    super(table, spec, ArrayLayout.elemSize(spec.valueSize()));
    this.data = descriptorAddr() + MapLayout.SIZE;
  }

  @Override
  public long directValueAddr() {
    return data;
  }

  @Override
  synchronized byte @Nullable [] sysLookup(byte[] key, long flags) {
    return GuestBytes.u32(key) == 0 ? memory.getBytes(data, spec().valueSize()) : null;
  }

  @Override
  synchronized void sysUpdate(byte[] key, byte[] value, long flags) {
    if (flags != 0) {
      throw refused(Errno.EINVAL, "update flags 0x%x: only BPF_ANY".formatted(flags));
    }
    if (GuestBytes.u32(key) != 0) {
      throw refused(Errno.E2BIG, "the only key is 0");
    }
    if (registered) {
      throw refused(Errno.EBUSY, "registered already");
    }
    memory.putBytes(data, value);
    registered = true;
  }

  @Override
  synchronized boolean sysDelete(byte[] key) {
    if (!registered) {
      return false;
    }
    memory.fill(data, spec().valueSize(), 0);
    registered = false;
    return true;
  }

  @Override
  byte @Nullable [] sysNextKey(byte @Nullable [] key) {
    return key != null && GuestBytes.u32(key) == 0 ? null : GuestBytes.u32(0);
  }
}
