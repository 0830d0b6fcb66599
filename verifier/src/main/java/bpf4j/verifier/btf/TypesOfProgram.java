package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.MapSpec;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/// The types that one verification works with: the program's own and the kernel's.
public final class TypesOfProgram {
  private final @Nullable Btf program;
  private final @Nullable Btf kernel;
  private final StructRecords structs;

  /// The types of one program; structs that break the kernel's rules have no special fields.
  public static TypesOfProgram of(@Nullable Btf program, @Nullable Btf kernel) {
    StructRecords structs = StructRecords.NONE;
    if (program != null) {
      try {
        structs = StructRecords.of(program, kernel);
      } catch (BtfRefusal e) {
        structs = StructRecords.NONE;
      }
    }
    return new TypesOfProgram(program, kernel, structs);
  }

  private TypesOfProgram(@Nullable Btf program, @Nullable Btf kernel, StructRecords structs) {
    this.program = program;
    this.kernel = kernel;
    this.structs = structs;
  }

  public @Nullable Btf program() {
    return program;
  }

  public @Nullable Btf kernel() {
    return kernel;
  }

  /// Special fields of the program's structs.
  public StructRecords structs() {
    return structs;
  }

  /// The special fields of a map's value. Where the kernel would refuse to create the map with its
  /// types, libbpf creates it without, and it has none.
  public FieldRecord mapFields(MapSpec map) {
    try {
      return MapRecords.of(map, kernel, structs);
    } catch (BtfRefusal e) {
      return FieldRecord.EMPTY;
    }
  }

  /// The kernel type `struct name`, 0 where unknown.
  public int kernelStruct(String name) {
    return kernel == null ? 0 : kernel.find(name, BtfKind.STRUCT);
  }

  /// The special fields of what a register points to, or null where it has none.
  public @Nullable FieldRecord fieldsOf(RegState reg) {
    if (reg.type() == RegType.MAP_VALUE) {
      return reg.map().fields();
    }
    if (RegType.isPtrToAllocObj(reg.type()) && reg.pointee() instanceof Pointee.BtfRef t) {
      return t.btf() == program ? structs.find(t.typeId()) : null;
    }
    return null;
  }
}
