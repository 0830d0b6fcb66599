package bpf4j.loader.linker;

import bpf4j.loader.elf.ElfSection;
import org.jspecify.annotations.Nullable;

/// A section of an input object, and where its bytes went.
///
/// An *ephemeral* one stands in BTF only, such as `.kconfig` and `.ksyms`.
final class SourceSection {
  final String name;
  final @Nullable ElfSection header;
  final long align;
  boolean skipped;

  /// Where it went; null for sections that are skipped and for those that are no data.
  @Nullable TargetSection target;

  /// Offset in the target at which its bytes begin.
  int targetOff;

  /// Id of its DATASEC in the object's BTF, 0 for none.
  int datasecId;

  SourceSection(String name, @Nullable ElfSection header, long align) {
    this.name = name;
    this.header = header;
    this.align = align;
  }

  boolean isEphemeral() {
    return header == null;
  }

  boolean isType(int type) {
    return header != null && header.type() == type;
  }

  boolean isData() {
    return !skipped && (isEphemeral() || isType(ElfSection.PROGBITS) || isType(ElfSection.NOBITS));
  }

  boolean isRelocation() {
    return !skipped && isType(ElfSection.REL);
  }

  boolean isExecutable() {
    return header != null && header.isExecutable();
  }

  int size() {
    return header == null ? 0 : (int) header.size();
  }
}
