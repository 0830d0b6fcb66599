package bpf4j.loader;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.LoadError;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Specs as JSON Lines: what `bpf4j inspect --json` prints.
///
/// One line a program:
///
/// | field | meaning |
/// |---|---|
/// | `object` | the file's name |
/// | `program` `section` | names; a section's `?` is not part of it |
/// | `type` `attach_type` | libbpf's names, such as `sched_cls`, `trace_fentry`; 0 is `cgroup_inet_ingress` |
/// | `attach_to` `attach_btf_id` | target named by the section, and its id in the kernel's BTF |
/// | `autoload` `license` `prog_flags` | as handed to the kernel |
/// | `btf` `func_info` `line_info` | whether the program has types, and its number of records |
/// | `insns` | hex, 16 digits a slot, as handed to the kernel; a map reference's imm is its index in `maps` |
/// | `maps` | the maps it refers to, in order of first use |
/// | `error` `message` | only where libbpf would not load the program: error name and its first line |
///
/// A map: `name type key_size value_size max_entries flags`, and where it has them `map_extra`,
/// `inner` (the template, a map), `initial_slots` (`[{"index":1,"target":"name"}]`), `pinned`,
/// `frozen`. A line without `program` has the maps that no program uses, if any.
public final class SpecJson {
  private static final int INSN_SIZE = 8;

  private SpecJson() {}

  /// The lines about one object.
  public static List<String> lines(CollectionSpec spec) {
    List<String> out = new ArrayList<>();
    Set<MapSpec> used = Collections.newSetFromMap(new IdentityHashMap<>());
    for (ProgramSpec p : spec.programs()) {
      out.add(program(spec.objectName(), p));
      used.addAll(p.maps());
    }
    List<MapSpec> unused = spec.maps().stream().filter(m -> !used.contains(m)).toList();
    if (!unused.isEmpty() || out.isEmpty()) {
      Line line = new Line();
      line.text("object", spec.objectName());
      line.raw("maps", maps(unused));
      out.add(line.end());
    }
    return out;
  }

  /// The line about a file that cannot be opened.
  public static String error(String objectName, ElfException e) {
    Line line = new Line();
    line.text("object", objectName);
    line.text("error", new LoadError(e.errno(), List.of(e.reason())).errnoName());
    line.text("message", e.reason());
    return line.end();
  }

  private static String program(String object, ProgramSpec p) {
    Line line = new Line();
    line.text("object", object);
    line.text("program", p.name());
    line.text("section", p.section());
    line.text("type", lower(p.type().name()));
    int attach = p.expectedAttachType();
    line.text(
        "attach_type",
        attach < AttachType.values().length
            ? lower(AttachType.ofId(attach).name())
            : Integer.toString(attach));
    String target = p.attachTo();
    if (target != null) {
      line.text("attach_to", target);
    }
    if (p.attachBtfId() != 0) {
      line.raw("attach_btf_id", Integer.toString(p.attachBtfId()));
    }
    line.raw("autoload", Boolean.toString(p.autoload()));
    line.text("license", p.license());
    line.raw("prog_flags", Integer.toString(p.progFlags()));
    LoadError error = p.loadError();
    if (error != null) {
      line.text("error", error.errnoName());
      line.text("message", error.message());
    }
    line.raw("btf", Boolean.toString(p.btf() != null));
    line.raw("func_info", Integer.toString(p.funcInfo().size()));
    line.raw("line_info", Integer.toString(p.lineInfo().size()));
    line.text("insns", hex(p.insns()));
    line.raw("maps", maps(p.maps()));
    return line.end();
  }

  private static String maps(List<MapSpec> maps) {
    List<String> all = maps.stream().map(SpecJson::map).toList();
    return "[" + String.join(",", all) + "]";
  }

  private static String map(MapSpec m) {
    Line line = new Line();
    line.text("name", m.name());
    line.text("type", lower(m.type().name()));
    line.raw("key_size", Integer.toUnsignedString(m.keySize()));
    line.raw("value_size", Integer.toUnsignedString(m.valueSize()));
    line.raw("max_entries", Integer.toUnsignedString(m.maxEntries()));
    line.raw("flags", Integer.toUnsignedString(m.flags()));
    if (m.mapExtra() != 0) {
      line.raw("map_extra", Long.toUnsignedString(m.mapExtra()));
    }
    MapSpec inner = m.inner();
    if (inner != null) {
      line.raw("inner", map(inner));
    }
    if (!m.initialSlots().isEmpty()) {
      line.raw("initial_slots", slots(m.initialSlots()));
    }
    if (m.pinByName()) {
      line.raw("pinned", "true");
    }
    if (m.frozen()) {
      line.raw("frozen", "true");
    }
    return line.end();
  }

  private static String slots(List<MapSpec.InitialSlot> slots) {
    List<String> all = new ArrayList<>();
    for (MapSpec.InitialSlot s : slots) {
      Line line = new Line();
      line.raw("index", Integer.toString(s.index()));
      line.text("target", s.target());
      all.add(line.end());
    }
    return "[" + String.join(",", all) + "]";
  }

  private static String hex(long[] insns) {
    StringBuilder sb = new StringBuilder(insns.length * INSN_SIZE * 2);
    HexFormat hex = HexFormat.of();
    for (long insn : insns) {
      hex.formatHex(sb, littleEndian(insn));
    }
    return sb.toString();
  }

  private static byte[] littleEndian(long insn) {
    byte[] b = new byte[INSN_SIZE];
    for (int i = 0; i < INSN_SIZE; i++) {
      b[i] = (byte) (insn >>> (8 * i));
    }
    return b;
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /// One JSON object being written.
  private static final class Line {
    private final StringBuilder sb = new StringBuilder("{");

    void raw(String key, String value) {
      if (sb.length() > 1) {
        sb.append(',');
      }
      quote(key);
      sb.append(':').append(value);
    }

    void text(String key, String value) {
      raw(key, "");
      quote(value);
    }

    private void quote(String s) {
      sb.append('"');
      for (int i = 0; i < s.length(); i++) {
        char c = s.charAt(i);
        switch (c) {
          case '"', '\\' -> sb.append('\\').append(c);
          case '\n' -> sb.append("\\n");
          case '\t' -> sb.append("\\t");
          default -> {
            if (c < ' ' || c > '~') {
              sb.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
              sb.append(c);
            }
          }
        }
      }
      sb.append('"');
    }

    String end() {
      return sb.append('}').toString();
    }
  }
}
