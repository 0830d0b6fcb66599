package bpf4j.model.asm;

import bpf4j.model.isa.Instruction;

/// Reads what a `ld_imm64` can refer to: `map[NAME]`, `map[NAME][0]+OFF`, `map[fd:N]`,
/// `map[idx:N]`, `btf[id:N]`, `btf[id:N,fd:N]`, `subprog[+N]` and `subprog[LABEL]`.
final class ReferenceParser {
  private static final long U32_MAX = 0xffff_ffffL;

  private final TokenCursor in;
  private final InsnParser.Scope scope;

  ReferenceParser(TokenCursor in, InsnParser.Scope scope) {
    this.in = in;
    this.scope = scope;
  }

  Instruction parse(Token kind, int dst) {
    in.expect("[");
    return switch (kind.text()) {
      case "btf" -> btf(dst);
      case "subprog" -> subprog(dst);
      default -> map(dst);
    };
  }

  private Instruction map(int dst) {
    boolean byIdx = false;
    int number;
    Token name = in.peek();
    if (in.peek(1).is(":") && (name.is("fd") || name.is("idx"))) {
      byIdx = name.is("idx");
      in.next();
      in.next();
      number = number32("a map number");
    } else {
      in.expectWord("a map");
      number = scope.map(name.text(), name);
    }
    in.expect("]");
    if (!in.take("[")) {
      return byIdx
          ? new Instruction.LoadMapIdx(dst, number)
          : new Instruction.LoadMapFd(dst, number);
    }
    in.number("the first element, 0", 0, 0);
    in.expect("]");
    int off = in.atEnd() ? 0 : number32("an offset");
    return byIdx
        ? new Instruction.LoadMapIdxValue(dst, number, off)
        : new Instruction.LoadMapValue(dst, number, off);
  }

  private Instruction btf(int dst) {
    in.expect("id");
    in.expect(":");
    int id = number32("a BTF id");
    int fd = 0;
    if (in.take(",")) {
      in.expect("fd");
      in.expect(":");
      fd = number32("a BTF object");
    }
    in.expect("]");
    return new Instruction.LoadBtfId(dst, id, fd);
  }

  private Instruction subprog(int dst) {
    Token at = in.peek();
    int off;
    int high = 0;
    if (at.kind() == Token.Kind.WORD) {
      in.next();
      off = scope.distance(at.text(), at);
    } else {
      off = number32("a label or a distance such as +3");
      if (in.take(",")) {
        high = number32("the second immediate");
      }
    }
    in.expect("]");
    return new Instruction.LoadFunc(dst, off, high);
  }

  private int number32(String what) {
    return (int) in.number(what, Integer.MIN_VALUE, U32_MAX);
  }
}
