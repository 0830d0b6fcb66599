package bpf4j.vm.helper;

import bpf4j.maps.GuestMemory;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Objects of program-defined types: what `bpf_obj_new` hands out, with their special fields.
public final class ObjectHeap {
  /// Kinds of fields that the heap looks after when an object goes.
  enum FieldKind {
    REFCOUNT,
    LIST_HEAD,
    RB_ROOT,
    KPTR
  }

  record Field(FieldKind kind, int off) {}

  /// One live object.
  ///
  /// @param percpuStride distance between the copies of two CPUs, or 0 when there is one
  record Obj(int size, List<Field> fields, int percpuStride) {}

  private final GuestMemory memory;
  private final ConcurrentHashMap<Long, Obj> objects = new ConcurrentHashMap<>();

  ObjectHeap(GuestMemory memory) {
    this.memory = memory;
  }

  /// A zeroed object of type `typeId`, with a reference count of 1 where it has one; 0 when there
  /// is no room. `copies` > 1 makes it per-CPU.
  long allocate(Btf btf, int typeId, int copies) {
    int id = btf.skipModsAndTypedefs(typeId);
    int size = (int) btf.resolveSize(id);
    int stride = copies > 1 ? (size + 7) & ~7 : 0;
    long addr = memory.tryAllocate(copies > 1 ? (long) stride * copies : size, btf.name(id));
    if (addr == 0) {
      return 0;
    }
    List<Field> fields = new ArrayList<>();
    collect(btf, id, 0, fields);
    objects.put(addr, new Obj(size, fields, stride));
    for (Field f : fields) {
      if (f.kind == FieldKind.REFCOUNT) {
        memory.putU32(addr + f.off, 1);
      }
    }
    return addr;
  }

  private static void collect(Btf btf, int id, int base, List<Field> out) {
    if (!btf.isKind(id, BtfKind.STRUCT)) {
      return;
    }
    for (int i = 0; i < btf.vlen(id); i++) {
      int type = btf.skipModsAndTypedefs(btf.memberType(id, i));
      int off = base + btf.memberBitOffset(id, i) / 8;
      if (!btf.isKind(type, BtfKind.STRUCT)) {
        continue;
      }
      switch (btf.name(type)) {
        case "bpf_refcount" -> out.add(new Field(FieldKind.REFCOUNT, off));
        case "bpf_list_head" -> out.add(new Field(FieldKind.LIST_HEAD, off));
        case "bpf_rb_root" -> out.add(new Field(FieldKind.RB_ROOT, off));
        default -> collect(btf, type, off, out);
      }
    }
  }

  /// The object that holds `addr`, or -1.
  long startOf(long addr) {
    GuestMemory.Allocation a = memory.allocationAt(addr);
    return a != null && a.live() && objects.containsKey(a.addr()) ? a.addr() : -1;
  }

  @Nullable Obj at(long addr) {
    return objects.get(addr);
  }

  /// Takes one more reference.
  void acquire(long addr) {
    Obj o = objects.get(addr);
    if (o == null) {
      return;
    }
    for (Field f : o.fields) {
      if (f.kind == FieldKind.REFCOUNT) {
        Refcount.add(memory, addr + f.off, 1);
      }
    }
  }

  /// Gives a reference back; the last one frees the object and what its lists and trees hold.
  public void drop(long addr) {
    Obj o = objects.get(addr);
    if (o == null) {
      return;
    }
    for (Field f : o.fields) {
      if (f.kind == FieldKind.REFCOUNT && Refcount.add(memory, addr + f.off, -1) > 0) {
        return;
      }
    }
    for (Field f : o.fields) {
      if (f.kind == FieldKind.LIST_HEAD) {
        GuestList.drain(memory, addr + f.off, this::dropNode);
      } else if (f.kind == FieldKind.RB_ROOT) {
        GuestTree.drain(memory, addr + f.off, this::dropNode);
      }
    }
    objects.remove(addr);
    memory.free(addr);
  }

  /// Drops the object that a list or tree node belongs to.
  void dropNode(long nodeAddr) {
    long start = startOf(nodeAddr);
    if (start >= 0) {
      drop(start);
    }
  }
}
