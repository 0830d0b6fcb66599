package bpf4j.loader.linker;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfBuilder;
import bpf4j.model.btf.BtfDedup;
import bpf4j.model.btf.BtfExt;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.btf.BtfType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The types and instruction records of the output while objects are added.
final class LinkedTypes {
  private final Map<String, GlobalSymbol> globals;
  private final BtfBuilder builder = new BtfBuilder();

  /// The types so far, made anew after each object.
  private Btf linked = builder.build();

  /// New id of each type of the object added last, 0 for none.
  private int[] typeMap = {};

  private byte @Nullable [] btfSection;
  private byte @Nullable [] extSection;

  LinkedTypes(Map<String, GlobalSymbol> globals) {
    this.globals = globals;
  }

  byte @Nullable [] btfSection() {
    return btfSection;
  }

  byte @Nullable [] extSection() {
    return extSection;
  }

  /// What is different between a known global and its counterpart in `source`, or null.
  @Nullable String mismatch(String name, GlobalSymbol known, SourceObject source, int btfId) {
    Btf other = Objects.requireNonNull(source.btf);
    if (known.btfId == 0) {
      return "BTF info is missing for global symbol '" + name + "'";
    }
    var shapes = new TypeShapes(name, linked, other);
    boolean map = known.section != null && known.section.name.equals(".maps");
    return map ? shapes.mapMismatch(known.btfId, btfId) : shapes.mismatch(known.btfId, btfId);
  }

  /// Gives an extern the linkage, and the names of parameters, of its definition.
  void complete(GlobalSymbol known, SourceObject source, int btfId) {
    builder.setLinkage(known.btfId, BtfType.Linkage.GLOBAL);
    if (!linked.isKind(known.btfId, BtfKind.FUNC)) {
      return;
    }
    Btf other = Objects.requireNonNull(source.btf);
    int from = other.target(btfId);
    int to = linked.target(known.btfId);
    for (int i = 0, n = linked.vlen(to); i < n; i++) {
      if (!other.paramName(from, i).isEmpty()) {
        builder.setParamName(to, i, other.paramName(from, i));
      }
    }
  }

  void append(SourceObject source) throws ElfException {
    Btf btf = source.btf;
    if (btf == null) {
      return;
    }
    typeMap = new int[btf.typeCount()];
    int first = builder.nextId();
    for (int id = 1; id < btf.typeCount(); id++) {
      if (!btf.isKind(id, BtfKind.DATASEC)) {
        appendType(btf, id);
      }
    }
    for (int id = first; id < builder.nextId(); id++) {
      builder.mapRefs(id, LinkedTypes.this::newId);
    }
    for (GlobalSymbol global : globals.values()) {
      if (global.pendingTarget >= 0) {
        global.target = newId(global.pendingTarget);
        global.pendingTarget = -1;
        builder.setTarget(global.btfId, global.target);
      }
    }
    linked = builder.build();
    for (SourceSection section : source.sections) {
      if (section.datasecId != 0 && !section.skipped && section.target != null) {
        appendVariables(source, btf, section, section.target);
      }
    }
  }

  private int newId(int old) {
    int id = typeMap[old];
    if (id == 0 && old != 0) {
      throw new bpf4j.model.btf.BtfException(
          "failed to find new ID mapping for original BTF type ID " + old);
    }
    return id;
  }

  private void appendType(Btf btf, int id) {
    GlobalSymbol global = null;
    if (SourceObject.isNonStatic(btf, id)) {
      global = globals.get(btf.name(id));
      // Variables of a section that was left out because it stands there already.
      if (global == null) {
        return;
      }
      if (global.wantsTarget) {
        global.pendingTarget = btf.target(id);
        global.wantsTarget = false;
      }
      if (global.btfId != 0) {
        typeMap[id] = global.btfId;
        return;
      }
    }
    typeMap[id] = builder.addCopy(btf, id);
    if (global != null) {
      global.btfId = typeMap[id];
      global.pendingTarget = btf.target(id);
    }
  }

  private void appendVariables(
      SourceObject source, Btf btf, SourceSection section, TargetSection target)
      throws ElfException {
    target.hasBtf = true;
    for (int i = 0, n = btf.vlen(section.datasecId); i < n; i++) {
      int id = typeMap[btf.varSecType(section.datasecId, i)];
      GlobalSymbol global = null;
      if (SourceObject.isNonStatic(linked, id)) {
        String name = linked.name(id);
        global = globals.get(name);
        if (global == null || global.section != target) {
          throw source.invalid("global '" + name + "': section mismatch with " + target.name);
        }
        if (global.variable != null) {
          if (linked.isKind(id, BtfKind.VAR)) {
            global.variable.size = (int) sizeOf(source, name, global.target);
          }
          continue;
        }
      }
      var variable =
          new TargetSection.Variable(
              id,
              section.targetOff + btf.varSecOffset(section.datasecId, i),
              btf.varSecSize(section.datasecId, i));
      target.variables.add(variable);
      if (global != null) {
        global.variable = variable;
      }
    }
  }

  private long sizeOf(SourceObject source, String name, int typeId) throws ElfException {
    long size = linked.resolveSize(typeId);
    if (size < 0) {
      throw source.refuse(
          LibbpfErrno.EINVAL,
          "global '" + name + "': failed to resolve size of underlying type: -22");
    }
    return size;
  }

  void appendExt(SourceObject source) throws ElfException {
    BtfExt ext = source.ext;
    Btf btf = source.btf;
    if (ext == null || btf == null) {
      return;
    }
    for (var records : ext.funcInfo()) {
      SourceSection section = sectionOf(source, btf, records.nameOff());
      TargetSection target = section.target;
      for (var r : records.records()) {
        if (target != null) {
          target.funcInfo.add(
              new int[] {r.insnOff() + section.targetOff, newTypeId(source, r.typeId())});
        }
      }
    }
    for (var records : ext.lineInfo()) {
      SourceSection section = sectionOf(source, btf, records.nameOff());
      TargetSection target = section.target;
      for (var r : records.records()) {
        if (target != null) {
          int file = builder.addString(btf.string(r.fileNameOff()));
          int line = builder.addString(btf.string(r.lineOff()));
          target.lineInfo.add(new int[] {r.insnOff() + section.targetOff, file, line, r.lineCol()});
        }
      }
    }
    for (var records : ext.coreRelos()) {
      SourceSection section = sectionOf(source, btf, records.nameOff());
      TargetSection target = section.target;
      for (var r : records.records()) {
        if (target != null) {
          int type = newTypeId(source, r.typeId());
          int access = builder.addString(btf.string(r.accessStrOff()));
          target.coreRelos.add(new int[] {r.insnOff() + section.targetOff, type, access, r.kind()});
        }
      }
    }
  }

  private int newTypeId(SourceObject source, int old) throws ElfException {
    if (old < 0 || old >= typeMap.length) {
      throw source.invalid(".BTF.ext refers to type " + Integer.toUnsignedString(old));
    }
    return typeMap[old];
  }

  private static SourceSection sectionOf(SourceObject source, Btf btf, int nameOff)
      throws ElfException {
    String name = btf.string(nameOff);
    SourceSection section = source.section(name);
    if (section == null) {
      throw source.invalid("can't find section '" + name + "' referenced from .BTF.ext");
    }
    return section;
  }

  /// Adds the sections' variables, removes duplicates and encodes both sections.
  void finish(List<TargetSection> sections, boolean bigEndian) {
    if (builder.nextId() == 1) {
      return;
    }
    for (TargetSection section : sections) {
      if (section.hasBtf) {
        var vars = new ArrayList<BtfType.VarSecInfo>();
        for (var v : section.variables) {
          vars.add(new BtfType.VarSecInfo(v.typeId, v.offset, v.size));
        }
        builder.addDatasec(section.name, section.size, vars);
      }
    }
    var ext = new ExtSection(sections, builder);
    Btf all = builder.bigEndian(bigEndian).build();
    BtfDedup.Result result = BtfDedup.runOnTypes(all);
    btfSection = result.btf().encode();
    extSection = ext.encode(result, bigEndian);
  }
}
