package bpf4j.loader.map;

import bpf4j.loader.object.ProgramCode;
import bpf4j.model.spec.MapSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What belongs to a struct_ops map beside its numbers: the struct's bytes in the file, and which
/// program implements which member.
public final class StructOpsData {
  /// The struct type in the object's BTF.
  final int typeId;

  final String typeName;

  /// The section's bytes; the variable starts at `dataOff`.
  final byte[] section;

  final int dataOff;

  /// Programs by member index.
  final Map<Integer, ProgramCode> programs = new TreeMap<>();

  /// Id of the value's type in the kernel's BTF, once matched.
  int kernelValueTypeId;

  final List<MapSpec.StructOps.Func> funcs = new ArrayList<>();

  StructOpsData(int typeId, String typeName, byte[] section, int dataOff) {
    this.typeId = typeId;
    this.typeName = typeName;
    this.section = section;
    this.dataOff = dataOff;
  }

  /// Whether a member is implemented by `p`.
  public boolean uses(ProgramCode p) {
    return programs.containsValue(p);
  }

  MapSpec.StructOps toSpec() {
    return new MapSpec.StructOps(typeName, kernelValueTypeId, funcs);
  }
}
