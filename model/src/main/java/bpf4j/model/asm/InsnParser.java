package bpf4j.model.asm;

import bpf4j.model.isa.AluOp;
import bpf4j.model.isa.AtomicOp;
import bpf4j.model.isa.Cond;
import bpf4j.model.isa.Encoder;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Operand;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.isa.Size;
import java.util.Locale;
import java.util.OptionalInt;

/// Reads one instruction.
final class InsnParser {
  /// What names in the source stand for.
  interface Scope {
    /// Distance in slots from behind the instruction (behind its first slot) to a label.
    int distance(String label, Token at);

    /// Whether a label has this name.
    boolean isLabel(String name);

    /// The number that a map reference carries.
    int map(String name, Token at);
  }

  private static final long U32_MAX = 0xffff_ffffL;

  private final TokenCursor in;
  private final AsmNames names;
  private final Scope scope;

  InsnParser(TokenCursor in, AsmNames names, Scope scope) {
    this.in = in;
    this.names = names;
    this.scope = scope;
  }

  /// Reads the rest of the line as an instruction, with or without its opcode in front.
  Instruction parse() {
    Token start = in.peek();
    int opcode = opcodePrefix();
    Instruction insn = instruction(opcode);
    in.expectEnd();
    long word = Encoder.encode(insn)[0];
    if (opcode >= 0 && RawInsn.opcode(word) != opcode) {
      throw in.error(
          start,
          String.format(
              Locale.ROOT,
              "opcode (%02x) does not belong to this text, which is (%02x)",
              opcode,
              RawInsn.opcode(word)));
    }
    return insn;
  }

  /// `(b7)`, or -1 where there is none.
  private int opcodePrefix() {
    if (!in.peek().is("(")) {
      return -1;
    }
    in.next();
    Token code = in.next();
    if (!code.text().matches("[0-9a-f]{2}")) {
      throw in.error(code, "expected an opcode of two hex digits, found " + code.shown());
    }
    in.expect(")");
    return Integer.parseInt(code.text(), 16);
  }

  private Instruction instruction(int opcode) {
    Token first = in.peek();
    switch (first.text()) {
      case ".word" -> {
        in.next();
        return new Instruction.Unknown(in.number("a 64-bit word", Long.MIN_VALUE, Long.MAX_VALUE));
      }
      case ".insn" -> {
        in.next();
        return rawFields();
      }
      case "exit" -> {
        in.next();
        return new Instruction.Exit();
      }
      case "goto" -> {
        in.next();
        return new Instruction.Goto(false, nearTarget());
      }
      case "gotol" -> {
        in.next();
        return new Instruction.Goto(true, target());
      }
      case "may_goto" -> {
        in.next();
        return new Instruction.MayGoto(nearTarget());
      }
      case "if" -> {
        in.next();
        return branch();
      }
      case "call" -> {
        in.next();
        return call();
      }
      case "lock" -> {
        in.next();
        return locked();
      }
      case "store_release" -> {
        in.next();
        in.expect("(");
        Place p = place();
        in.expect(",");
        int src = reg('r');
        in.expect(")");
        return new Instruction.StoreRelease(unsigned(p), p.base, p.off, src);
      }
      case "*" -> {
        in.next();
        return store();
      }
      default -> {
        return assignment(opcode);
      }
    }
  }

  /// `.insn OPCODE, DST, SRC, OFF, IMM`.
  private Instruction rawFields() {
    int opcode = (int) in.number("an opcode", 0, 255);
    in.expect(",");
    int dst = (int) in.number("a register number", 0, 15);
    in.expect(",");
    int src = (int) in.number("a register number", 0, 15);
    in.expect(",");
    int off = (int) in.number("an offset", Short.MIN_VALUE, Short.MAX_VALUE);
    in.expect(",");
    int imm = (int) in.number("an immediate", Integer.MIN_VALUE, U32_MAX);
    return new Instruction.Unknown(RawInsn.of(opcode, dst, src, off, imm));
  }

  private Instruction branch() {
    boolean is64 = isWide(in.peek());
    int dst = anyReg();
    Token symbol = in.next();
    for (Cond cond : Cond.values()) {
      if (symbol.is(cond.symbol())) {
        // The log shows a constant's 32 bits; they are sign-extended in a 64-bit comparison.
        Operand src = operand(is64, U32_MAX);
        in.expect("goto");
        return new Instruction.Jump(is64, cond, dst, src, nearTarget());
      }
    }
    throw in.error(symbol, "expected a comparison, found " + symbol.shown());
  }

  private Instruction call() {
    if (in.peek().is("pc")) {
      return new Instruction.CallSubprog(target());
    }
    Token name = in.expectWord("a function");
    int fdIdx = 0;
    if (name.is("kfunc") && in.take("[")) {
      fdIdx = (int) in.number("a BTF index", Short.MIN_VALUE, Short.MAX_VALUE);
      in.expect("]");
    }
    if (in.take("#")) {
      int id = (int) in.number("a function number", Integer.MIN_VALUE, U32_MAX);
      OptionalInt helper = names.helperId(name.text());
      boolean isHelper =
          name.is("unknown")
              || name.is("bpf_unspec")
              || (helper.isPresent() && helper.getAsInt() == id);
      return isHelper ? new Instruction.CallHelper(id) : new Instruction.CallKfunc(id, fdIdx);
    }
    if (scope.isLabel(name.text())) {
      return new Instruction.CallSubprog(scope.distance(name.text(), name));
    }
    OptionalInt helper = names.helperId(name.text());
    if (helper.isPresent()) {
      return new Instruction.CallHelper(helper.getAsInt());
    }
    OptionalInt kfunc = names.kfuncBtfId(name.text());
    if (kfunc.isPresent()) {
      return new Instruction.CallKfunc(kfunc.getAsInt(), 0);
    }
    throw in.error(name, "no label, helper or kfunc with the name `" + name.text() + "`");
  }

  private Instruction locked() {
    in.expect("*");
    Place p = place();
    Token symbol = in.next();
    for (AtomicOp op : AtomicOp.values()) {
      if (!op.alwaysFetches() && symbol.is(op.symbol())) {
        int src = reg('r');
        return new Instruction.Atomic(word(p), op, false, p.base, p.off, src);
      }
    }
    throw in.error(symbol, "expected `+=`, `&=`, `|=` or `^=`, found " + symbol.shown());
  }

  private Instruction store() {
    Place p = place();
    Size size = unsigned(p);
    in.expect("=");
    if (isRegister(in.peek())) {
      return new Instruction.StoreReg(size, p.base, p.off, reg('r'));
    }
    long max = size == Size.DW ? Integer.MAX_VALUE : U32_MAX;
    int imm = (int) in.number("a register or a constant", Integer.MIN_VALUE, max);
    return new Instruction.StoreImm(size, p.base, p.off, imm);
  }

  private Instruction assignment(int opcode) {
    Token first = in.peek();
    if (!isRegister(first)) {
      throw in.expected("an instruction");
    }
    boolean is64 = isWide(first);
    int dst = anyReg();
    if (in.take("=")) {
      return assigned(first, is64, dst, opcode);
    }
    Token symbol = in.next();
    for (AluOp op : AluOp.values()) {
      if (symbol.is(op.symbol())) {
        return new Instruction.Alu(is64, op, dst, operand(is64, Integer.MAX_VALUE));
      }
    }
    throw in.error(symbol, "expected `=` or an operator such as `+=`, found " + symbol.shown());
  }

  private Instruction assigned(Token first, boolean is64, int dst, int opcode) {
    Token right = in.peek();
    if (right.is("*")) {
      wideOnly(first, is64);
      return load(dst);
    }
    if (right.is("(")) {
      return castMove(is64, dst);
    }
    if (right.is("-") && isRegister(in.peek(1))) {
      in.next();
      Token again = in.peek();
      if (isWide(again) != is64 || anyReg() != dst) {
        throw in.error(again, "a negation has the same register on both sides");
      }
      return new Instruction.Neg(is64, dst);
    }
    if (right.kind() == Token.Kind.WORD && !isRegister(right)) {
      wideOnly(first, is64);
      return function(dst);
    }
    if (right.is("&")) {
      wideOnly(first, is64);
      in.next();
      Token label = in.expectWord("a label");
      return new Instruction.LoadFunc(dst, scope.distance(label.text(), label), 0);
    }
    if (isRegister(right)) {
      return new Instruction.Mov(is64, dst, operand(is64, 0));
    }
    return constant(first, is64, dst, opcode);
  }

  /// A number is a `ld_imm64` where `ll` follows or the opcode in front says so, else a move.
  private Instruction constant(Token first, boolean is64, int dst, int opcode) {
    Token start = in.peek();
    long value = in.number("a register or a constant", Long.MIN_VALUE, Long.MAX_VALUE);
    boolean wide = in.take("ll");
    if (wide || opcode == 0x18) {
      wideOnly(first, is64);
      return new Instruction.LoadImm64(dst, value);
    }
    if (value != (int) value && (is64 || value < 0 || value > U32_MAX)) {
      throw in.error(start, "constant does not fit into 32 bits; write `ll` behind it");
    }
    return new Instruction.Mov(is64, dst, Operand.imm((int) value));
  }

  private Instruction load(int dst) {
    in.expect("*");
    Token paren = in.peek();
    if (in.peek(4).is("skb")) {
      in.expect("(");
      Token type = in.next();
      Size size = sizeOf(type, "u");
      in.expect("*");
      in.expect(")");
      in.expect("skb");
      if (dst != 0) {
        throw in.error(paren, "a packet load goes to r0");
      }
      return packetLoad(size, type);
    }
    Place p = place();
    return new Instruction.Load(p.size, p.signed, dst, p.base, p.off);
  }

  private Instruction packetLoad(Size size, Token type) {
    if (size == Size.DW) {
      throw in.error(type, "a packet load is 1, 2 or 4 bytes wide");
    }
    in.expect("[");
    Instruction insn;
    if (isRegister(in.peek())) {
      int src = reg('r');
      in.expect("+");
      int imm = (int) in.number("an offset", Integer.MIN_VALUE, U32_MAX);
      insn = new Instruction.LoadInd(size, src, imm);
    } else {
      int imm = (int) in.number("an offset", Integer.MIN_VALUE, U32_MAX);
      insn = new Instruction.LoadAbs(size, imm);
    }
    in.expect("]");
    return insn;
  }

  /// `(s8)r2`.
  private Instruction castMove(boolean is64, int dst) {
    in.expect("(");
    Token type = in.next();
    Size size = sizeOf(type, "s");
    if (size == Size.DW || (!is64 && size == Size.W)) {
      throw in.error(type, "no sign-extending move from " + type.shown() + " to this width");
    }
    in.expect(")");
    return new Instruction.MovSx(is64, size, dst, reg(is64 ? 'r' : 'w'));
  }

  /// What looks like a function or a reference on the right side.
  private Instruction function(int dst) {
    Token word = in.next();
    String name = word.text();
    switch (name) {
      case "map", "btf", "subprog" -> {
        return new ReferenceParser(in, scope).parse(word, dst);
      }
      case "addr_space_cast" -> {
        in.expect("(");
        int src = reg('r');
        in.expect(",");
        Token space = in.peek();
        int to = (int) in.number("an address space", 0, 1);
        in.expect(",");
        int from = (int) in.number("an address space", 0, 1);
        in.expect(")");
        if (to == from) {
          throw in.error(space, "the two address spaces must differ");
        }
        return new Instruction.AddrSpaceCast(dst, src, to, from);
      }
      case "load_acquire" -> {
        in.expect("(");
        Place p = place();
        in.expect(")");
        return new Instruction.LoadAcquire(unsigned(p), dst, p.base, p.off);
      }
      default -> {}
    }
    if (name.matches("(be|le|bswap)(16|32|64)")) {
      return swap(word, dst);
    }
    if (name.startsWith("atomic")) {
      return fetching(word, dst);
    }
    throw in.error(word, "expected a register, a constant or a load, found " + word.shown());
  }

  private Instruction swap(Token word, int dst) {
    int bits = Integer.parseInt(word.text().replaceAll("\\D+", ""));
    Token again = in.peek();
    if (reg('r') != dst) {
      throw in.error(again, "a byte swap has the same register on both sides");
    }
    return word.text().startsWith("bswap")
        ? new Instruction.Bswap(bits, dst)
        : new Instruction.EndianSwap(word.text().startsWith("be"), bits, dst);
  }

  private Instruction fetching(Token word, int dst) {
    AtomicOp op = null;
    String rest = word.text().replaceFirst("^atomic(64)?_", "");
    for (AtomicOp candidate : AtomicOp.values()) {
      if (rest.equals((candidate.alwaysFetches() ? "" : "fetch_") + candidate.word())) {
        op = candidate;
      }
    }
    if (op == null) {
      throw in.error(word, "no atomic operation " + word.shown());
    }
    in.expect("(");
    Place p = place();
    Size size = word(p);
    if (word.text().startsWith("atomic64") != (size == Size.DW)) {
      throw in.error(word, word.shown() + " does not go with a place of " + size.bits() + " bits");
    }
    in.expect(",");
    Token expected = in.peek();
    if (op == AtomicOp.CMPXCHG) {
      if (reg('r') != 0 || dst != 0) {
        throw in.error(expected, "compare-and-exchange compares with r0 and answers in r0");
      }
      in.expect(",");
    }
    Token source = in.peek();
    int src = reg('r');
    in.expect(")");
    if (op != AtomicOp.CMPXCHG && src != dst) {
      throw in.error(source, "the old value comes back in the operand's register");
    }
    return new Instruction.Atomic(size, op, true, p.base, p.off, src);
  }

  /// `(u32 *)(r1 +76)`.
  private record Place(Size size, boolean signed, int base, int off, Token type) {}

  private Place place() {
    in.expect("(");
    Token type = in.next();
    boolean signed = type.text().startsWith("s");
    Size size = sizeOf(type, signed ? "s" : "u");
    if (signed && size == Size.DW) {
      throw in.error(type, "no sign-extending access of 8 bytes");
    }
    in.expect("*");
    in.expect(")");
    in.expect("(");
    int base = reg('r');
    int off =
        in.peek().is(")") ? 0 : (int) in.number("an offset", Short.MIN_VALUE, Short.MAX_VALUE);
    in.expect(")");
    return new Place(size, signed, base, off, type);
  }

  private Size unsigned(Place p) {
    if (p.signed) {
      throw in.error(p.type, "only loads sign-extend");
    }
    return p.size;
  }

  private Size word(Place p) {
    if (unsigned(p) != Size.W && p.size != Size.DW) {
      throw in.error(p.type, "an atomic operation is 4 or 8 bytes wide");
    }
    return p.size;
  }

  private Size sizeOf(Token type, String sign) {
    for (Size size : Size.values()) {
      if (type.is(sign + size.bits())) {
        return size;
      }
    }
    throw in.error(type, "expected a type such as " + sign + "32, found " + type.shown());
  }

  private Operand operand(boolean is64, long maxImm) {
    if (isRegister(in.peek())) {
      return Operand.reg(reg(is64 ? 'r' : 'w'));
    }
    long max = is64 ? maxImm : U32_MAX;
    return Operand.imm((int) in.number("a register or a constant", Integer.MIN_VALUE, max));
  }

  private int nearTarget() {
    Token at = in.peek();
    int distance = target();
    if (distance != (short) distance) {
      throw in.error(at, "target is " + distance + " slots away; only `gotol` jumps that far");
    }
    return distance;
  }

  /// `pc+3`, `+3`, or a label.
  private int target() {
    Token at = in.peek();
    if (at.kind() == Token.Kind.WORD && !at.is("pc")) {
      in.next();
      return scope.distance(at.text(), at);
    }
    in.take("pc");
    if (!in.peek().is("+") && !in.peek().is("-")) {
      throw in.expected("a label or a distance such as pc+3");
    }
    return (int) in.number("a distance", Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  private static boolean isRegister(Token token) {
    return token.text().matches("[rw][0-9]{1,2}");
  }

  private static boolean isWide(Token token) {
    return token.text().startsWith("r");
  }

  private void wideOnly(Token first, boolean is64) {
    if (!is64) {
      throw in.error(first, "this needs a 64-bit register (r" + first.text().substring(1) + ")");
    }
  }

  private int anyReg() {
    return reg(in.peek().text().startsWith("w") ? 'w' : 'r');
  }

  private int reg(char kind) {
    Token token = in.peek();
    if (!isRegister(token) || token.text().charAt(0) != kind) {
      throw in.expected("a register " + kind + "0 to " + kind + "10");
    }
    int number = Integer.parseInt(token.text(), 1, token.text().length(), 10);
    if (number > 10) {
      throw in.error(token, "registers are " + kind + "0 to " + kind + "10");
    }
    in.next();
    return number;
  }
}
