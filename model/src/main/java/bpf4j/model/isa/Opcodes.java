package bpf4j.model.isa;

/// The numbers of the encoding. Source: RFC 9669 and uapi `bpf.h` of Linux 6.18.
public final class Opcodes {
  // Instruction classes, bits 0..2.
  public static final int LD = 0;
  public static final int LDX = 1;
  public static final int ST = 2;
  public static final int STX = 3;
  public static final int ALU = 4;
  public static final int JMP = 5;
  public static final int JMP32 = 6;
  public static final int ALU64 = 7;

  /// Bit 3 of ALU and jump opcodes: the second operand is a register.
  public static final int X = 0x08;

  // ALU operations, bits 4..7.
  public static final int ADD = 0x00;
  public static final int SUB = 0x10;
  public static final int MUL = 0x20;
  public static final int DIV = 0x30;
  public static final int OR = 0x40;
  public static final int AND = 0x50;
  public static final int LSH = 0x60;
  public static final int RSH = 0x70;
  public static final int NEG = 0x80;
  public static final int MOD = 0x90;
  public static final int XOR = 0xa0;
  public static final int MOV = 0xb0;
  public static final int ARSH = 0xc0;
  public static final int END = 0xd0;

  // Jump operations that are not conditions.
  public static final int JA = 0x00;
  public static final int CALL = 0x80;
  public static final int EXIT = 0x90;
  public static final int JCOND = 0xe0;

  // Modes of loads and stores, bits 5..7.
  public static final int IMM = 0x00;
  public static final int ABS = 0x20;
  public static final int IND = 0x40;
  public static final int MEM = 0x60;
  public static final int MEMSX = 0x80;
  public static final int ATOMIC = 0xc0;

  /// `imm` bit of an atomic operation that gives the old value back.
  public static final int FETCH = 0x01;

  /// `imm` of a load-acquire.
  public static final int LOAD_ACQ = 0x100;

  /// `imm` of a store-release.
  public static final int STORE_REL = 0x110;

  /// `off` of a move between address spaces.
  public static final int ADDR_SPACE_CAST = 1;

  /// `src` of a JCOND that is a `may_goto`.
  public static final int MAY_GOTO = 0;

  // `src` of ld_imm64.
  public static final int PSEUDO_MAP_FD = 1;
  public static final int PSEUDO_MAP_VALUE = 2;
  public static final int PSEUDO_BTF_ID = 3;
  public static final int PSEUDO_FUNC = 4;
  public static final int PSEUDO_MAP_IDX = 5;
  public static final int PSEUDO_MAP_IDX_VALUE = 6;

  // `src` of a call.
  public static final int HELPER_CALL = 0;
  public static final int PSEUDO_CALL = 1;
  public static final int PSEUDO_KFUNC_CALL = 2;

  /// Opcode of `ld_imm64`.
  public static final int LD_IMM64 = 0x18;

  private static final long[] KNOWN = knownOpcodes();

  private Opcodes() {}

  /// Whether Linux 6.18 knows the opcode at all, whatever the other fields say; the verifier
  /// answers `unknown opcode` otherwise. Source: `bpf_opcode_in_insntable()`.
  public static boolean isKnown(int opcode) {
    return (KNOWN[opcode >> 6 & 3] >>> (opcode & 63) & 1) != 0;
  }

  private static long[] knownOpcodes() {
    long[] set = new long[4];
    for (int cls : new int[] {ALU, ALU64}) {
      for (int op = ADD; op <= END; op += 0x10) {
        add(set, cls | op);
        // Negation has no second operand; ALU64 END exists as bswap only.
        if (op != NEG && !(op == END && cls == ALU64)) {
          add(set, cls | op | X);
        }
      }
    }
    for (int cls : new int[] {JMP, JMP32}) {
      for (Cond cond : Cond.values()) {
        add(set, cls | cond.code());
        add(set, cls | cond.code() | X);
      }
      add(set, cls | JA);
    }
    add(set, JMP | CALL);
    add(set, JMP | EXIT);
    add(set, JMP | JCOND);
    for (Size size : Size.values()) {
      add(set, LDX | MEM | size.bitsOfOpcode());
      add(set, ST | MEM | size.bitsOfOpcode());
      add(set, STX | MEM | size.bitsOfOpcode());
      add(set, STX | ATOMIC | size.bitsOfOpcode());
      if (size != Size.DW) {
        add(set, LDX | MEMSX | size.bitsOfOpcode());
        add(set, LD | ABS | size.bitsOfOpcode());
        add(set, LD | IND | size.bitsOfOpcode());
      }
    }
    add(set, LD_IMM64);
    return set;
  }

  private static void add(long[] set, int opcode) {
    set[opcode >> 6] |= 1L << (opcode & 63);
  }
}
