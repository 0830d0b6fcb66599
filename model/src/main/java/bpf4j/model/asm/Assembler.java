package bpf4j.model.asm;

import bpf4j.model.isa.Encoder;
import bpf4j.model.isa.Instruction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads programs in the dialect of the kernel verifier log, one instruction a line.
///
/// ```
///    r1 = map[counters]           ; ld_imm64 of a map, by name
///    r2 = 0x1122334455667788 ll   ; ld_imm64 of a constant
///    w3 = *(u32 *)(r10 -4)        ; what the log prints, with or without its opcode:
/// 5: (bf) r2 = r10                ; (bf), and slot number, 5:, are checked when they are there
/// loop:                           ; a label
///    r1 = subprog[callback]       ; address of a subprogram: &callback is the same
///    call bpf_map_lookup_elem     ; by name, by #1, or as the log has it: …elem#1
///    if r0 == 0x0 goto loop       ; to a label, or pc-3
///    .insn 0x85, 0, 0, 0, 1       ; opcode, dst, src, off, imm: whatever cannot be written otherwise
///    .word 0x0000000100000085     ; a whole slot
///    exit
/// ```
///
/// A comment runs from `;` to the end of the line, so a log can be pasted as it is.
public final class Assembler {
  /// One line with its number in the file, counted from 1.
  record SourceLine(int number, String text) {}

  private final AsmNames names;
  private final List<String> maps;

  /// @param maps names of the maps that the source may refer to; their indexes become immediates
  public Assembler(AsmNames names, List<String> maps) {
    this.names = names;
    this.maps = List.copyOf(maps);
  }

  /// Assembles a whole text. Throws [AsmException] at the first place that is not understood.
  public Assembly assemble(String source) {
    List<SourceLine> lines = new ArrayList<>();
    int number = 1;
    for (String text : source.lines().toList()) {
      lines.add(new SourceLine(number++, text));
    }
    return assemble(lines);
  }

  Assembly assemble(List<SourceLine> source) {
    List<Statement> statements = new ArrayList<>();
    Map<String, Integer> labels = new LinkedHashMap<>();
    for (SourceLine line : source) {
      List<Token> tokens = Token.split(line.text, line.number);
      int start = 0;
      while (isLabel(tokens, start)) {
        Token label = tokens.get(start);
        if (labels.putIfAbsent(label.text(), -1 - statements.size()) != null) {
          throw new AsmException(
              line.number, label.column(), "label `" + label.text() + "` stands twice");
        }
        start += 2;
      }
      if (tokens.get(start).kind() != Token.Kind.END) {
        statements.add(new Statement(line.number, tokens.subList(start, tokens.size())));
      }
    }
    place(statements, labels);
    return encode(statements, labels);
  }

  private static boolean isLabel(List<Token> tokens, int i) {
    return tokens.get(i).kind() == Token.Kind.WORD && tokens.get(i + 1).is(":");
  }

  /// Gives statements and labels their slots; sizes do not depend on distances.
  private void place(List<Statement> statements, Map<String, Integer> labels) {
    int slotIdx = 0;
    for (Statement statement : statements) {
      statement.slotIdx = slotIdx;
      slotIdx += parse(statement, labels, false).slots();
    }
    int end = slotIdx;
    labels.replaceAll((_, place) -> {
      int i = -1 - place;
      return i < statements.size() ? statements.get(i).slotIdx : end;
    });
  }

  private Assembly encode(List<Statement> statements, Map<String, Integer> labels) {
    List<Instruction> insns = new ArrayList<>();
    List<Integer> lines = new ArrayList<>();
    for (Statement statement : statements) {
      Instruction insn = parse(statement, labels, true);
      insns.add(insn);
      for (int i = 0; i < insn.slots(); i++) {
        lines.add(statement.lineNo);
      }
    }
    int[] lineOfSlot = lines.stream().mapToInt(Integer::intValue).toArray();
    return new Assembly(Encoder.encodeAll(insns), lineOfSlot, labels);
  }

  private Instruction parse(Statement statement, Map<String, Integer> labels, boolean placed) {
    TokenCursor in = new TokenCursor(statement.tokens, statement.lineNo);
    if (in.peek().kind() == Token.Kind.NUMBER && in.peek(1).is(":")) {
      Token at = in.peek();
      long slotIdx = in.number("a slot number", 0, Integer.MAX_VALUE);
      if (slotIdx != statement.slotIdx) {
        throw in.error(at, "slot number " + slotIdx + " stands at slot " + statement.slotIdx);
      }
      in.next();
    }
    return new InsnParser(in, names, new Names(in, statement, labels, placed)).parse();
  }

  private final class Names implements InsnParser.Scope {
    private final TokenCursor in;
    private final Statement statement;
    private final Map<String, Integer> labels;
    private final boolean placed;

    Names(TokenCursor in, Statement statement, Map<String, Integer> labels, boolean placed) {
      this.in = in;
      this.statement = statement;
      this.labels = labels;
      this.placed = placed;
    }

    @Override
    public int distance(String label, Token at) {
      Integer slotIdx = labels.get(label);
      if (slotIdx == null) {
        throw in.error(at, "no label `" + label + "`");
      }
      return placed ? slotIdx - statement.slotIdx - 1 : 0;
    }

    @Override
    public boolean isLabel(String name) {
      return labels.containsKey(name);
    }

    @Override
    public int map(String name, Token at) {
      int i = maps.indexOf(name);
      if (i < 0) {
        throw in.error(at, "no map `" + name + "`");
      }
      return i;
    }
  }

  private static final class Statement {
    final int lineNo;
    final List<Token> tokens;
    int slotIdx;

    Statement(int lineNo, List<Token> tokens) {
      this.lineNo = lineNo;
      this.tokens = tokens;
    }
  }
}
