package bpf4j.loader.linker;

import bpf4j.loader.ElfException;
import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.elf.ElfFile;
import bpf4j.loader.elf.ElfRel;
import bpf4j.loader.elf.ElfSection;
import bpf4j.loader.elf.ElfSymbol;
import bpf4j.model.btf.BtfException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Links several BPF objects into one, as `bpftool gen object` does: sections of one name are put
/// one behind the other, externs meet their definitions across files, and the types of all files
/// become one set without duplicates.
///
/// A strong definition wins over a weak one and two strong ones are an error; both sides of an
/// extern must have equal types, and extern maps equal definitions. The outcome is again a
/// relocatable object, for libbpf or for [bpf4j.loader.ObjectLoader].
///
/// ```java
/// byte[] app = new ObjectLinker().add("main.o", main).add("lib.o", lib).link();
/// ```
public final class ObjectLinker {
  private final List<TargetSection> sections = new ArrayList<>();
  private final Map<String, TargetSection> byName = new HashMap<>();
  private final List<TargetSymbol> symbols = new ArrayList<>();
  private final Map<String, GlobalSymbol> globals = new HashMap<>();
  private final StringPool strings = new StringPool();
  private final LinkedTypes types = new LinkedTypes(globals);
  private @Nullable ByteOrder order;

  /// Numbers of the sections that exist before any input: the null one, `.strtab` and `.symtab`.
  private int sectionCount = 3;

  public ObjectLinker() {
    strings.add(".strtab");
    strings.add(".symtab");
    symbols.add(new TargetSymbol(0, 0, 0, 0, 0, 0));
  }

  /// Adds an object; `name` stands in messages. Throws [ElfException], in libbpf's words, where it
  /// is malformed or does not go with those before it; the linker cannot be used any more then.
  public ObjectLinker add(String name, byte[] object) throws ElfException {
    var source = new SourceObject(name, object);
    if (order != null && order != source.elf.order()) {
      throw source.refuse(LibbpfErrno.ENOTSUP, "byte order mismatch with ELF file " + name);
    }
    order = source.elf.order();
    try {
      appendData(source);
      for (ElfSymbol symbol : source.symbols) {
        if (symbol.index() != 0) {
          appendSymbol(source, symbol);
        }
      }
      appendRelocations(source);
      types.append(source);
      types.appendExt(source);
    } catch (BtfException | ArithmeticException | IllegalArgumentException e) {
      throw source.invalid(String.valueOf(e.getMessage()));
    }
    return this;
  }

  /// The linked object. Throws [IllegalStateException] where nothing was added.
  public byte[] link() throws ElfException {
    if (order == null) {
      throw new IllegalStateException("nothing to link");
    }
    var writer = new ElfWriter(order, strings);
    try {
      types.finish(sections, order == ByteOrder.BIG_ENDIAN);
    } catch (BtfException | IllegalArgumentException e) {
      throw new ElfException("linked object", "BTF dedup failed: " + e.getMessage(), 22);
    }
    return writer.write(sections, symbols, types);
  }

  private TargetSection target(SourceObject source, SourceSection section) throws ElfException {
    TargetSection found = byName.get(section.name);
    if (found == null) {
      found = new TargetSection(section.name);
      found.ephemeral = true;
      sections.add(found);
      byName.put(section.name, found);
    } else if (!found.ephemeral && section.header != null) {
      ElfSection header = section.header;
      String what =
          found.type != header.type()
              ? "types"
              : found.flags != header.flags()
                  ? "flags"
                  : found.entSize != header.entSize() ? "entsize" : null;
      if (what != null) {
        throw source.invalid("sec " + section.name + " " + what + " mismatch");
      }
    }
    if (found.ephemeral && section.header != null) {
      ElfSection header = section.header;
      found.ephemeral = false;
      found.index = sectionCount++;
      found.nameOff = strings.add(section.name);
      found.type = header.type();
      found.flags = header.flags();
      found.entSize = header.entSize();
      found.align = section.align;
    }
    return found;
  }

  private void appendData(SourceObject source) throws ElfException {
    for (SourceSection section : source.sections) {
      if (!section.isData()) {
        continue;
      }
      boolean first = !byName.containsKey(section.name);
      TargetSection target = target(source, section);
      section.target = target;
      if (section.header == null) {
        continue;
      }
      boolean once = section.name.equals("license") || section.name.equals("version");
      byte[] bytes =
          section.isType(ElfSection.NOBITS) ? new byte[0] : source.elf.bytes(section.header);
      if (once && !first) {
        if (!Arrays.equals(bytes, Arrays.copyOf(target.bytes, target.size))) {
          throw source.invalid(
              "non-identical contents of section '" + section.name + "' are not supported");
        }
        section.skipped = true;
        continue;
      }
      section.targetOff = target.append(bytes, section.size(), section.align);
    }
  }

  private void appendSymbol(SourceObject source, ElfSymbol symbol) throws ElfException {
    String name = source.symbolNames[symbol.index()];
    boolean extern = symbol.shndx() == 0;
    SourceSection from = null;
    if (extern) {
      if (source.btf == null) {
        throw source.refuse(LibbpfErrno.ENOTSUP, "externs without BTF info are not supported");
      }
    } else if (symbol.shndx() < ElfSymbol.SHN_LORESERVE) {
      from = source.sections.get(symbol.shndx());
      if (from.skipped) {
        return;
      }
      if (symbol.type() == ElfSymbol.SECTION && from.target != null && from.target.symbolIdx != 0) {
        source.symbolMap[symbol.index()] = from.target.symbolIdx;
        return;
      }
    }
    if (symbol.bind() == ElfSymbol.LOCAL) {
      addSymbol(source, symbol, name, from);
      return;
    }
    int[] btf = source.typeOf(name);
    if (extern && btf[0] != 0) {
      String sectionName = Objects.requireNonNull(source.btf).name(btf[0]);
      if (!sectionName.equals(".extern")) {
        from = source.section(sectionName);
        if (from == null) {
          throw source.refuse(
              LibbpfErrno.ENOENT, "failed to find matching ELF sec '" + sectionName + "'");
        }
      }
    }
    GlobalSymbol known = globals.get(name);
    if (known != null) {
      resolve(source, symbol, name, known, from, btf[1]);
      return;
    }
    int index = addSymbol(source, symbol, name, from);
    var global = new GlobalSymbol(index);
    global.section = from == null ? null : from.target;
    global.extern = extern;
    global.weak = symbol.bind() == ElfSymbol.WEAK;
    globals.put(name, global);
  }

  private int addSymbol(
      SourceObject source, ElfSymbol symbol, String name, @Nullable SourceSection from) {
    int index = symbols.size();
    TargetSection target = from == null ? null : from.target;
    int shndx = target == null ? symbol.shndx() : target.index;
    long value = (from == null ? 0 : from.targetOff) + symbol.value();
    if (symbol.type() == ElfSymbol.SECTION && target != null) {
      target.symbolIdx = index;
      value = 0;
    }
    symbols.add(
        new TargetSymbol(
            strings.add(name), symbol.info(), symbol.other(), shndx, value, symbol.size()));
    source.symbolMap[symbol.index()] = index;
    return index;
  }

  /// A global name that is known already: at most one strong definition of it may be.
  private void resolve(
      SourceObject source,
      ElfSymbol symbol,
      String name,
      GlobalSymbol known,
      @Nullable SourceSection from,
      int btfId)
      throws ElfException {
    source.symbolMap[symbol.index()] = known.symbolIdx;
    boolean extern = symbol.shndx() == 0;
    boolean weak = symbol.bind() == ElfSymbol.WEAK;
    if (!extern && !known.extern && !known.weak && !weak) {
      throw source.invalid(
          "conflicting non-weak symbol #%d (%s) definition in '%s'"
              .formatted(symbol.index(), name, source.elf.name()));
    }
    String mismatch = types.mismatch(name, known, source, btfId);
    if (mismatch != null) {
      throw source.invalid(mismatch);
    }
    TargetSymbol target = symbols.get(known.symbolIdx);
    if (symbol.bind() == ElfSymbol.GLOBAL) {
      target.info = ElfSymbol.GLOBAL << 4 | (target.info & 0xf);
      known.weak = false;
    }
    target.other = (target.other & ~3) | Math.max(target.other & 3, symbol.other() & 3);
    if (extern || (!known.extern && weak)) {
      return;
    }
    target.info = (target.info & 0xf0) | symbol.type();
    target.shndx = from == null || from.target == null ? symbol.shndx() : from.target.index;
    target.value = (from == null ? 0 : from.targetOff) + symbol.value();
    target.size = symbol.size();
    known.section = from == null ? null : from.target;
    known.extern = false;
    known.wantsTarget = true;
    types.complete(known, source, btfId);
  }

  private void appendRelocations(SourceObject source) throws ElfException {
    for (SourceSection section : source.sections) {
      if (!section.isRelocation() || section.header == null) {
        continue;
      }
      ElfSection header = section.header;
      SourceSection linked =
          header.info() > 0 && header.info() < source.elf.sections().size()
              ? source.sections.get(header.info())
              : null;
      if (linked == null || !section.name.equals(".rel" + linked.name)) {
        throw source.invalid("ELF relo section #" + header.index() + " points to no section");
      }
      if (linked.skipped || linked.target == null) {
        continue;
      }
      if (linked.isType(ElfSection.NOBITS) && linked.isExecutable()) {
        throw source.invalid("ELF relo section #" + header.index() + " points to invalid section");
      }
      TargetSection target = target(source, section);
      target.link = ElfWriter.SYMTAB_INDEX;
      target.info = linked.target.index;
      section.target = target;
      byte[] out = relocations(source, header, linked);
      section.targetOff = target.append(out, out.length, section.align);
    }
  }

  private byte[] relocations(SourceObject source, ElfSection header, SourceSection linked)
      throws ElfException {
    ElfFile elf = source.elf;
    List<ElfRel> rels = elf.relocations(header);
    var out = ByteBuffer.allocate(rels.size() * 16).order(elf.order());
    for (ElfRel rel : rels) {
      long symIdx = rel.symIdx();
      if (symIdx <= 0 || symIdx >= source.symbols.size()) {
        throw source.invalid(
            "ELF relo in section #%d points to invalid symbol #%d in %s"
                .formatted(header.index(), symIdx, elf.name()));
      }
      if (rel.offset() < 0 || rel.offset() > linked.size() - 8) {
        throw source.invalid(
            "ELF relo in section #%d points outside of its section".formatted(header.index()));
      }
      ElfSymbol symbol = source.symbols.get((int) symIdx);
      long offset = rel.offset() + linked.targetOff;
      out.putLong(offset);
      out.putLong((long) source.symbolMap[(int) symIdx] << 32 | rel.type());
      if (symbol.type() == ElfSymbol.SECTION) {
        moveReference(source, linked, (int) offset, symbol);
      }
    }
    return out.array();
  }

  /// An instruction that refers to a section has the offset in its immediate.
  private void moveReference(
      SourceObject source, SourceSection linked, int offset, ElfSymbol symbol) throws ElfException {
    if (!linked.isExecutable() || symbol.shndx() >= source.sections.size()) {
      throw source.invalid("relocation against STT_SECTION in non-exec section is not supported!");
    }
    byte[] code = Objects.requireNonNull(linked.target).bytes;
    int moved = source.sections.get(symbol.shndx()).targetOff;
    var insns = ByteBuffer.wrap(code).order(source.elf.order());
    boolean call = (code[offset] & 0xff) == 0x85;
    insns.putInt(offset + 4, insns.getInt(offset + 4) + (call ? moved / 8 : moved));
  }
}
