package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
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

  public TypesOfProgram(@Nullable Btf program, @Nullable Btf kernel, StructRecords structs) {
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
