package bpf4j.verifier.state;

import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import org.jspecify.annotations.Nullable;

/// A map as the verifier sees it: its spec, the inner template, and the special fields of its
/// value. One object per map of the program; compared by identity.
public final class VerifierMap {
  private final MapSpec spec;
  private final int index;
  private final @Nullable VerifierMap inner;
  private final FieldRecord fields;
  private final long address;

  /// @param index position in the program's maps, or -1 for an inner template
  /// @param address the kernel address that the log shows for it
  public VerifierMap(
      MapSpec spec, int index, @Nullable VerifierMap inner, FieldRecord fields, long address) {
    this.spec = spec;
    this.index = index;
    this.inner = inner;
    this.fields = fields;
    this.address = address;
  }

  public MapSpec spec() {
    return spec;
  }

  public MapType type() {
    return spec.type();
  }

  public int index() {
    return index;
  }

  public @Nullable VerifierMap inner() {
    return inner;
  }

  public FieldRecord fields() {
    return fields;
  }

  public long address() {
    return address;
  }

  /// The name as the kernel keeps it, cut to 15 bytes; a template has none.
  public String kernelName() {
    if (index < 0) {
      return "";
    }
    String n = spec.name();
    return n.length() > 15 ? n.substring(0, 15) : n;
  }

  public int keySize() {
    return spec.keySize();
  }

  public int valueSize() {
    return spec.valueSize();
  }

  public int maxEntries() {
    return spec.maxEntries();
  }

  public boolean hasBtf() {
    return spec.btf() != null && spec.btfValueTypeId() != 0;
  }

  public boolean hasFlag(int flag) {
    return (spec.flags() & flag) != 0;
  }

  /// Whether programs may write values.
  public boolean progMayWrite() {
    return !hasFlag(MapFlags.RDONLY_PROG);
  }

  /// Whether programs may read values.
  public boolean progMayRead() {
    return !hasFlag(MapFlags.WRONLY_PROG);
  }

  /// Whether contents can no longer change: read-only for programs and frozen for user space.
  public boolean isConstant() {
    return hasFlag(MapFlags.RDONLY_PROG) && spec.frozen();
  }

  /// Whether `ld_imm64` can load the address of its only value.
  public boolean hasDirectValue() {
    return type() == MapType.ARRAY || type() == MapType.ARENA;
  }
}
