package bpf4j.maps;

import bpf4j.maps.VirtualKernel.Prog;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import org.jspecify.annotations.Nullable;

/// PROG_ARRAY: the targets of tail calls.
///
/// The first program decides what kind of programs the array holds; when the last user-space handle
/// goes, the array is emptied.
public final class ProgArrayMap extends ReferenceArrayMap<Prog> {
  private @Nullable Object owner;

  ProgArrayMap(MapTable table, MapSpec spec) {
    super(table, spec);
  }

  /// Whether `prog` may use the array or stand in it; the first one asked settles it. Source:
  /// `bpf_prog_map_compatible`.
  public synchronized boolean accepts(Prog prog) {
    if (owner == null) {
      owner = prog.tailCallOwner();
    }
    return owner.equals(prog.tailCallOwner());
  }

  @Override
  Prog objectOf(int fd) {
    if (!(table.fds().get(fd) instanceof Prog prog)) {
      throw refused(Errno.EINVAL, "fd " + fd + " is not a program");
    }
    if (!accepts(prog)) {
      throw refused(Errno.EINVAL, "program " + prog.id() + " is of another kind than the array's");
    }
    return prog;
  }

  @Override
  byte @Nullable [] sysLookup(byte[] key, long flags) {
    Prog prog = at(MapCreateCheck.unsigned(GuestBytes.u32(key)));
    return prog == null ? null : GuestBytes.u32(prog.id());
  }

  @Override
  void releaseUref() {
    clear();
  }
}
