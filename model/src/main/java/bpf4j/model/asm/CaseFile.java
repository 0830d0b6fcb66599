package bpf4j.model.asm;

import bpf4j.model.asm.AsmCase.Expectation;
import bpf4j.model.asm.AsmCase.Kind;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads files of test cases written in assembly (`*.bpf`).
///
/// ```
/// .prog type=xdp license=GPL            ; before the first .case: holds for every case of the file
/// .map counters type=array key=4 value=8 max=16
/// .map outer type=array_of_maps key=4 value=4 max=2 inner=counters
///
/// .case "a value pointer is used without a null check"
///   r1 = map[counters]
///   r2 = r10
///   r2 += -4
///   *(u32 *)(r2 +0) = 0
///   call bpf_map_lookup_elem
///   r0 = *(u64 *)(r0 +0)                ; reject EACCES: R0 invalid mem access 'map_value_or_null'
///   exit
///
/// .case "the smallest program"
///   r0 = 3
///   exit
///   ; accept
///   ; retval: 3
/// ```
///
/// The instructions are those of [Assembler]. Directives start with a dot:
///
/// - `.case "NAME"` begins a case and ends the one before. A file without one is one case.
/// - `.prog [type=T] [attach=A] [license=L] [flags=N] [name=NAME]`: types and attach types by the
///   kernel's names without prefix, in lower case; `socket_filter` and `GPL` by default.
/// - `.map NAME [type=T] [key=N] [value=N] [max=N] [flags=N] [extra=N] [inner=NAME]`: `array`, 4, 8
///   and 1 by default. An inner template is a map defined before; `inner` is its only use unless
///   the program names it too.
///
/// An expectation is a comment of its own form: a word, for `reject` perhaps an errno, and a colon
/// with what is expected. On an instruction's line it is about that instruction.
///
/// ```
/// ; accept               ; reject: MESSAGE       ; reject EACCES: MESSAGE
/// ; unpriv accept        ; unpriv reject: …      (a loader without capabilities)
/// ; log: LINE            ; processed: N          ; retval: N (decimal or 0x…)
/// ; data_in: HEX         ; data_out: HEX         ; ctx_in: HEX
/// ; xfail: REASON        (a known gap: the case must still fail)
/// ```
public final class CaseFile {
  private static final Pattern EXPECTATION =
      Pattern.compile(
          "(unpriv )?(accept|(?:reject(?: ([A-Z0-9]+))?|log|processed|retval|data_in|data_out|ctx_in"
              + "|xfail): *(\\S.*))");

  private final AsmNames names;
  private final List<AsmCase> cases = new ArrayList<>();

  private Header shared = new Header();
  private @Nullable Header current;
  private String name = "";
  private int firstLine = 1;
  private List<Assembler.SourceLine> lines = new ArrayList<>();

  private CaseFile(AsmNames names) {
    this.names = names;
  }

  /// The cases of a file's text, in order. Throws [AsmException] for what is not understood, and
  /// for a case that expects nothing.
  public static List<AsmCase> parse(String text, String defaultName, AsmNames names) {
    CaseFile file = new CaseFile(names);
    file.name = defaultName;
    file.read(text);
    return file.cases;
  }

  private void read(String text) {
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (!line.stripLeading().startsWith(".")
          || line.stripLeading().startsWith(".word")
          || line.stripLeading().startsWith(".insn")) {
        lines.add(new Assembler.SourceLine(number, line));
        continue;
      }
      directive(new TokenCursor(Token.split(line, number), number), number);
    }
    finish();
  }

  private void directive(TokenCursor in, int number) {
    Token word = in.next();
    Header header = current == null ? shared : current;
    switch (word.text()) {
      case ".case" -> {
        finish();
        if (in.peek().kind() != Token.Kind.STRING) {
          throw in.expected("a name in double quotes");
        }
        name = in.next().text();
        firstLine = number;
        current = new Header(shared);
      }
      case ".prog" -> header.prog(in);
      case ".map" -> header.map(in);
      default -> throw in.error(word, "no directive " + word.shown());
    }
    in.expectEnd();
  }

  /// Ends the case that is being read; what stands before the first `.case` is none when it is
  /// empty.
  private void finish() {
    List<Assembler.SourceLine> source = lines;
    lines = new ArrayList<>();
    Header header = current == null ? shared : current;
    Assembly assembly = new Assembler(names, List.copyOf(header.maps.keySet())).assemble(source);
    if (assembly.insns().length == 0 && current == null) {
      return;
    }
    List<Expectation> expectations = expectations(source, assembly);
    if (expectations.stream().noneMatch(e -> e.kind() != Kind.XFAIL)) {
      throw new AsmException(firstLine, 1, "case \"" + name + "\" expects nothing");
    }
    cases.add(
        new AsmCase(
            name, firstLine, header.program(name, assembly.insns()), assembly, expectations));
  }

  private static List<Expectation> expectations(
      List<Assembler.SourceLine> source, Assembly assembly) {
    List<Expectation> found = new ArrayList<>();
    for (Assembler.SourceLine line : source) {
      int semicolon = line.text().indexOf(';');
      if (semicolon < 0) {
        continue;
      }
      Matcher m = EXPECTATION.matcher(line.text().substring(semicolon + 1).strip());
      if (!m.matches()) {
        continue;
      }
      String word = m.group(2).split("[: ]", 2)[0];
      String text = m.group(4) == null ? "" : m.group(4);
      found.add(
          new Expectation(
              Kind.valueOf(word.toUpperCase(Locale.ROOT)),
              m.group(1) != null,
              m.group(3),
              text,
              slotOf(line.number(), assembly),
              line.number()));
    }
    return found;
  }

  private static int slotOf(int line, Assembly assembly) {
    for (int i = 0; i < assembly.lineOfSlot().length; i++) {
      if (assembly.lineOfSlot()[i] == line) {
        return i;
      }
    }
    return -1;
  }

  /// What directives say about a program.
  private static final class Header {
    final Map<String, MapSpec> maps = new LinkedHashMap<>();
    ProgType type = ProgType.SOCKET_FILTER;
    @Nullable AttachType attachType;
    String license = "GPL";
    int flags;
    @Nullable String progName;

    Header() {}

    Header(Header from) {
      maps.putAll(from.maps);
      type = from.type;
      attachType = from.attachType;
      license = from.license;
      flags = from.flags;
      progName = from.progName;
    }

    void prog(TokenCursor in) {
      while (!in.atEnd()) {
        Token key = in.expectWord("a setting such as type=xdp");
        in.expect("=");
        switch (key.text()) {
          case "type" -> type = constant(in, ProgType.class, "a program type");
          case "attach" -> attachType = constant(in, AttachType.class, "an attach type");
          case "license" -> license = in.next().text();
          case "name" -> progName = in.next().text();
          case "flags" -> flags = (int) in.number("flags", 0, 0xffff_ffffL);
          default -> throw in.error(key, "no setting " + key.shown() + " of .prog");
        }
      }
    }

    void map(TokenCursor in) {
      String mapName = in.expectWord("a name").text();
      MapType mapType = MapType.ARRAY;
      long[] numbers = {4, 8, 1, 0, 0};
      MapSpec inner = null;
      while (!in.atEnd()) {
        Token key = in.expectWord("a setting such as key=4");
        in.expect("=");
        switch (key.text()) {
          case "type" -> mapType = constant(in, MapType.class, "a map type");
          case "inner" -> {
            Token template = in.expectWord("a map");
            inner = maps.get(template.text());
            if (inner == null) {
              throw in.error(template, "no map " + template.shown() + " before this line");
            }
          }
          default -> {
            int i = List.of("key", "value", "max", "flags", "extra").indexOf(key.text());
            if (i < 0) {
              throw in.error(key, "no setting " + key.shown() + " of .map");
            }
            long max = key.is("extra") ? Long.MAX_VALUE : 0xffff_ffffL;
            numbers[i] = in.number("a number", 0, max);
          }
        }
      }
      MapSpec spec =
          new MapSpec(
              mapName,
              mapType,
              (int) numbers[0],
              (int) numbers[1],
              (int) numbers[2],
              (int) numbers[3],
              numbers[4],
              0,
              inner,
              false,
              null,
              0,
              0,
              MapSpec.Kind.DEFINED,
              List.of(),
              new byte[0],
              false);
      maps.put(mapName, spec);
    }

    private static <E extends Enum<E>> E constant(TokenCursor in, Class<E> type, String what) {
      Token token = in.expectWord(what);
      for (E constant : type.getEnumConstants()) {
        if (constant.name().toLowerCase(Locale.ROOT).equals(token.text())) {
          return constant;
        }
      }
      throw in.error(token, "expected " + what + ", found " + token.shown());
    }

    ProgramSpec program(String caseName, long[] insns) {
      return new ProgramSpec(
          progName == null ? caseName : progName,
          "",
          type,
          attachType,
          null,
          0,
          flags,
          license,
          0,
          true,
          insns,
          List.copyOf(maps.values()),
          null,
          List.of(),
          List.of());
    }
  }
}
