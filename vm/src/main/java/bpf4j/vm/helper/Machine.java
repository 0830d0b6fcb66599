package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.maps.MapTable;
import bpf4j.model.btf.Btf;
import bpf4j.vm.kernel.VirtualKernel;
import org.jspecify.annotations.Nullable;

/// What all runs of one collection share.
///
/// @param objects what `bpf_obj_new` hands out
/// @param socks sockets as programs see them
/// @param kernelMemory kernel structures as programs see them
/// @param kernelBtf types of the kernel that the programs are meant for, or null where unknown
public record Machine(
    GuestMemory memory,
    MapTable maps,
    VirtualKernel kernel,
    ObjectHeap objects,
    GuestSock socks,
    KernelMemory kernelMemory,
    Timers timers,
    @Nullable Btf kernelBtf) {

  public static Machine of(
      GuestMemory memory, MapTable maps, VirtualKernel kernel, @Nullable Btf kernelBtf) {
    return new Machine(
        memory,
        maps,
        kernel,
        new ObjectHeap(memory),
        new GuestSock(memory),
        new KernelMemory(memory, kernelBtf),
        new Timers(maps),
        kernelBtf);
  }
}
