package bpf4j.loader.object;

import bpf4j.loader.SectionDef;
import bpf4j.model.spec.ProgType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A function of the object as the file has it: an entry program, or a subprogram in `.text`.
///
/// What the section's name says is final after opening; `attachBtfId`, `expectedAttachType` and
/// `autoload` of struct_ops programs are set while the object's maps are matched with the kernel.
public final class ProgramCode {
  /// The function's name.
  public final String name;

  /// The section's name, without a leading `?`.
  public final String sectionName;

  /// The section's number.
  public final int secIdx;

  /// Slot in the section where it starts.
  public final int secSlotOff;

  /// Its own instructions, one word a slot. CO-RE has not touched them.
  public final long[] insns;

  /// Whether the symbol is global or weak.
  public final boolean global;

  /// Whether the symbol is global but hidden, so that BTF has to call the function static.
  public final boolean hidden;

  /// What the section's name stands for, or null where libbpf does not know it.
  public final @Nullable SectionDef def;

  public final ProgType type;

  /// Relocations by slot within the function, ascending.
  public final List<Relocation> relocations = new ArrayList<>();

  public boolean autoload;
  public int attachBtfId;
  public int expectedAttachType;

  ProgramCode(
      String name,
      String sectionName,
      int secIdx,
      int secSlotOff,
      long[] insns,
      boolean global,
      boolean hidden) {
    this.name = name;
    this.autoload = !sectionName.startsWith("?");
    this.sectionName = autoload ? sectionName : sectionName.substring(1);
    this.secIdx = secIdx;
    this.secSlotOff = secSlotOff;
    this.insns = insns;
    this.global = global;
    this.hidden = hidden;
    this.def = SectionDef.find(this.sectionName);
    this.type = def == null ? ProgType.UNSPEC : def.type();
    this.expectedAttachType = def == null || def.attachType() == null ? 0 : def.attachType().id();
  }

  /// Whether slot `slot` of the section belongs to this function.
  boolean containsSlot(long slot) {
    return slot >= secSlotOff && slot - secSlotOff < insns.length;
  }
}
