package bpf4j.loader.map;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.kernel.LoadException;
import bpf4j.loader.object.Extern;
import bpf4j.loader.object.ProgramCode;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.MapSpec;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Matches struct_ops variables with the kernel's struct of the same name: member by member, values
/// are copied to the kernel's offsets and programs learn which member they implement.
///
/// Mirrors libbpf 1.5 `bpf_map__init_kern_struct_ops`.
public final class StructOpsMatcher {
  private static final String VALUE_PREFIX = "bpf_struct_ops_";

  private final Btf local;
  private final @Nullable Btf kernel;
  private final List<String> notes;

  public StructOpsMatcher(Btf local, @Nullable Btf kernel, List<String> notes) {
    this.local = local;
    this.kernel = kernel;
    this.notes = notes;
  }

  /// Matches all struct_ops maps that are created, then says which programs are loaded for them.
  public void match(List<MapEntry> maps, List<ProgramCode> programs) throws LoadException {
    for (MapEntry m : maps) {
      if (m.structOps != null && m.autocreate) {
        if (kernel == null) {
          throw new LoadException(
              LibbpfErrno.ESRCH,
              "failed to find valid kernel BTF",
              "Error loading vmlinux BTF: -3");
        }
        new Match(m, m.structOps, kernel).run();
      }
    }
    for (ProgramCode p : programs) {
      boolean used = false;
      boolean load = false;
      for (MapEntry m : maps) {
        if (m.structOps != null && m.structOps.uses(p)) {
          used = true;
          load |= m.autocreate;
        }
      }
      if (used) {
        p.autoload = load;
      }
    }
  }

  private final class Match {
    private final MapEntry map;
    private final StructOpsData ops;
    private final Btf btf;
    private final String where;
    private int kernelType;
    private byte[] value = new byte[0];
    private int dataOff;

    Match(MapEntry map, StructOpsData ops, Btf btf) {
      this.map = map;
      this.ops = ops;
      this.btf = btf;
      this.where = "struct_ops init_kern " + map.name + ": ";
    }

    private LoadException unsupported(String text) {
      return new LoadException(LibbpfErrno.ENOTSUP, where + text);
    }

    void run() throws LoadException {
      String name = ops.typeName.substring(0, Extern.essentialLength(ops.typeName));
      int valueType = kernelStruct(VALUE_PREFIX + name);
      kernelType = kernelStruct(name);
      int member = memberOfType(valueType, kernelType);
      if (member < 0) {
        throw new LoadException(
            LibbpfErrno.EINVAL,
            "struct_ops init_kern: struct "
                + name
                + " data is not found in struct "
                + VALUE_PREFIX
                + name);
      }
      ops.kernelValueTypeId = valueType;
      map.def.valueSize = btf.size(valueType);
      value = new byte[btf.size(valueType)];
      dataOff = btf.memberBitOffset(valueType, member) / 8;
      for (int i = 0; i < local.vlen(ops.typeId); i++) {
        member(i);
      }
      map.initialData = value;
    }

    private int kernelStruct(String name) throws LoadException {
      int id = btf.find(name, BtfKind.STRUCT);
      if (id == 0) {
        throw new LoadException(
            LibbpfErrno.ESRCH,
            "struct_ops init_kern: struct " + name + " is not found in kernel BTF");
      }
      return id;
    }

    private int memberOfType(int struct, int type) {
      for (int i = 0; i < btf.vlen(struct); i++) {
        if (btf.memberType(struct, i) == type) {
          return i;
        }
      }
      return -1;
    }

    private void member(int i) throws LoadException {
      String name = local.memberName(ops.typeId, i);
      int type = local.memberType(ops.typeId, i);
      int off = local.memberBitOffset(ops.typeId, i) / 8;
      long size = local.resolveSize(type);
      if (size < 0) {
        throw new LoadException(
            LibbpfErrno.EINVAL, where + "failed to resolve the size of member " + name);
      }
      if (off < 0 || ops.dataOff + off + size > ops.section.length) {
        throw new LoadException(
            LibbpfErrno.EINVAL, where + "member " + name + " lies outside of the variable");
      }
      int at = btf.memberIndex(kernelType, name);
      ProgramCode p = ops.programs.get(i);
      if (at < 0) {
        dropMember(i, name, off, (int) size, p);
        return;
      }
      if (local.memberBitfieldSize(ops.typeId, i) != 0
          || btf.memberBitfieldSize(kernelType, at) != 0) {
        throw unsupported("bitfield " + name + " is not supported");
      }
      int localType = local.skipModsAndTypedefs(type);
      int targetType = btf.skipModsAndTypedefs(btf.memberType(kernelType, at));
      if (local.kind(localType) != btf.kind(targetType)) {
        throw unsupported(
            "Unmatched member type "
                + name
                + " "
                + local.kind(localType).code()
                + " != "
                + btf.kind(targetType).code()
                + "(kernel)");
      }
      int valueOff = dataOff + btf.memberBitOffset(kernelType, at) / 8;
      if (local.isKind(localType, BtfKind.PTR)) {
        if (p != null) {
          function(name, p, at, targetType, valueOff);
        } else if (isSet(off, (int) size)) {
          throw unsupported("member " + name + " is not a struct_ops program");
        }
        return;
      }
      long kernelSize = btf.resolveSize(targetType);
      if (kernelSize != size) {
        throw unsupported(
            "Error in size of member "
                + name
                + ": "
                + size
                + " != "
                + (kernelSize < 0 ? -LibbpfErrno.EINVAL : kernelSize)
                + "(kernel)");
      }
      System.arraycopy(ops.section, ops.dataOff + off, value, valueOff, (int) size);
    }

    private boolean isSet(int off, int size) {
      for (int b = 0; b < size; b++) {
        if (ops.section[ops.dataOff + off + b] != 0) {
          return true;
        }
      }
      return false;
    }

    private void dropMember(int i, String name, int off, int size, @Nullable ProgramCode p)
        throws LoadException {
      // A relocated function pointer counts as set, although the file has zeros there.
      if (p != null || isSet(off, size)) {
        throw unsupported("Cannot find member " + name + " in kernel BTF");
      }
      ops.programs.remove(i);
      notes.add(
          "struct_ops "
              + map.name
              + ": member "
              + name
              + " not found in kernel, skipping it as it's set to zero");
    }

    private void function(String name, ProgramCode p, int at, int pointer, int valueOff)
        throws LoadException {
      if (!btf.isKind(btf.skipModsAndTypedefs(btf.target(pointer)), BtfKind.FUNC_PROTO)) {
        throw unsupported("kernel member " + name + " is not a func ptr");
      }
      if (p.attachBtfId == 0) {
        p.attachBtfId = kernelType;
        p.expectedAttachType = at;
      }
      String reuse =
          "struct_ops init_kern "
              + map.name
              + " func ptr "
              + name
              + ": invalid reuse of prog "
              + p.name
              + " in sec "
              + p.sectionName
              + " with type "
              + p.type.id()
              + ": ";
      if (p.attachBtfId != kernelType) {
        throw new LoadException(
            LibbpfErrno.EINVAL,
            reuse + "attach_btf_id " + p.attachBtfId + " != kern_type_id " + kernelType);
      }
      if (p.expectedAttachType != at) {
        throw new LoadException(
            LibbpfErrno.EINVAL,
            reuse + "expected_attach_type " + p.expectedAttachType + " != kern_member_idx " + at);
      }
      ops.funcs.add(new MapSpec.StructOps.Func(name, valueOff, Objects.requireNonNull(p).name));
    }
  }
}
