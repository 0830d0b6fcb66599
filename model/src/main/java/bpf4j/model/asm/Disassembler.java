package bpf4j.model.asm;

import bpf4j.model.isa.AluOp;
import bpf4j.model.isa.AtomicOp;
import bpf4j.model.isa.Cond;
import bpf4j.model.isa.Decoder;
import bpf4j.model.isa.Instruction.LoadWide;
import bpf4j.model.isa.Instruction.Unknown;
import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.isa.Size;
import java.util.Arrays;
import java.util.Locale;

/// Writes instructions in the dialect of the kernel verifier log: `(bf) r2 = r10`.
///
/// Works on raw words, so that instructions with reserved fields in use, which the log shows before
/// it refuses them, come out as the kernel prints them. Source: the texts of `print_bpf_insn()`,
/// Linux 6.18.
public final class Disassembler {
  private static final String[] ALU = new String[16];
  private static final String[] SIGNED_ALU = new String[16];
  private static final String[] JUMP = new String[16];

  /// What a C library prints for a missing string.
  private static final String MISSING = "(null)";

  static {
    Arrays.fill(ALU, MISSING);
    Arrays.fill(SIGNED_ALU, MISSING);
    Arrays.fill(JUMP, MISSING);
    for (AluOp op : AluOp.values()) {
      (op.off() == 0 ? ALU : SIGNED_ALU)[op.code() >> 4] = op.symbol();
    }
    ALU[Opcodes.NEG >> 4] = "neg";
    ALU[Opcodes.MOV >> 4] = "=";
    ALU[Opcodes.END >> 4] = "endian";
    for (Cond cond : Cond.values()) {
      JUMP[cond.code() >> 4] = cond.symbol();
    }
    JUMP[Opcodes.JA >> 4] = "jmp";
    JUMP[Opcodes.CALL >> 4] = "call";
    JUMP[Opcodes.EXIT >> 4] = "exit";
  }

  private final Naming naming;

  public Disassembler(Naming naming) {
    this.naming = naming;
  }

  /// The instruction at `slotIdx` as source text that [Assembler] reads back to the same words: the
  /// log's text, or `.word 0x…` for a slot that is no valid instruction.
  public String source(long[] words, int slotIdx) {
    return Decoder.decode(words, slotIdx) instanceof Unknown(long word)
        ? String.format(Locale.ROOT, ".word 0x%016x", word)
        : text(words, slotIdx);
  }

  /// The instruction at `slotIdx` as the verifier log prints it, with its opcode in front.
  public String text(long[] words, int slotIdx) {
    long w = words[slotIdx];
    int opcode = RawInsn.opcode(w);
    return switch (RawInsn.insnClass(w)) {
      case Opcodes.ALU, Opcodes.ALU64 -> coded(opcode, alu(w));
      case Opcodes.STX -> stx(w);
      case Opcodes.ST -> st(w);
      case Opcodes.LDX -> ldx(w);
      case Opcodes.LD -> ld(words, slotIdx);
      default -> coded(opcode, jump(w));
    };
  }

  private static String coded(int opcode, String text) {
    return String.format(Locale.ROOT, "(%02x) ", opcode) + text;
  }

  private static String bug(String prefix, int opcode) {
    return String.format(Locale.ROOT, "BUG_%s%02x", prefix, opcode);
  }

  private static String alu(long w) {
    int opcode = RawInsn.opcode(w);
    int op = opcode & 0xf0;
    boolean is64 = RawInsn.insnClass(w) == Opcodes.ALU64;
    boolean x = (opcode & Opcodes.X) != 0;
    int off = RawInsn.off(w);
    int imm = RawInsn.imm(w);
    char kind = is64 ? 'r' : 'w';
    String dst = "" + kind + RawInsn.dst(w);
    if (op == Opcodes.END) {
      String swap = is64 ? "bswap" : x ? "be" : "le";
      return "r" + RawInsn.dst(w) + " = " + swap + imm + " r" + RawInsn.dst(w);
    }
    if (op == Opcodes.NEG) {
      return dst + " = -" + dst;
    }
    if (is64 && x && op == Opcodes.MOV && off == Opcodes.ADDR_SPACE_CAST) {
      return dst
          + " = addr_space_cast(r"
          + RawInsn.src(w)
          + ", "
          + (imm >>> 16)
          + ", "
          + (imm & 0xffff)
          + ")";
    }
    if (is64 && x && op == Opcodes.MOV && off == -1) {
      return dst + " = &(void __percpu *)(r" + RawInsn.src(w) + ")";
    }
    boolean signed = (op == Opcodes.DIV || op == Opcodes.MOD) && off == 1;
    String symbol = (signed ? SIGNED_ALU : ALU)[op >> 4];
    if (!x) {
      return dst + " " + symbol + " " + imm;
    }
    String cast =
        op != Opcodes.MOV
            ? ""
            : switch (off) {
              case 8 -> "(s8)";
              case 16 -> "(s16)";
              case 32 -> "(s32)";
              default -> "";
            };
    return dst + " " + symbol + " " + cast + kind + RawInsn.src(w);
  }

  private static String stx(long w) {
    int opcode = RawInsn.opcode(w);
    int imm = RawInsn.imm(w);
    String src = "r" + RawInsn.src(w);
    int mode = opcode & 0xe0;
    if (mode == Opcodes.MEM) {
      return coded(opcode, "*" + place(w, RawInsn.dst(w)) + " = " + src);
    }
    if (mode != Opcodes.ATOMIC) {
      return bug("", opcode);
    }
    Size size = Size.ofOpcode(opcode);
    String place = "(" + place(w, RawInsn.dst(w));
    String atomic = size == Size.DW ? "atomic64_" : "atomic_";
    if (imm == Opcodes.LOAD_ACQ) {
      String dst = "r" + RawInsn.dst(w);
      return coded(opcode, dst + " = load_acquire(" + place(w, RawInsn.src(w)) + ")");
    }
    if (imm == Opcodes.STORE_REL) {
      return coded(opcode, "store_release" + place + ", " + src + ")");
    }
    for (AtomicOp op : AtomicOp.values()) {
      if (imm == op.code() && !op.alwaysFetches()) {
        String target = "lock *" + place(w, RawInsn.dst(w));
        return coded(opcode, target + " " + op.symbol() + " " + src);
      }
      if (imm == (op.code() | Opcodes.FETCH)) {
        return coded(
            opcode,
            switch (op) {
              case CMPXCHG -> "r0 = " + atomic + "cmpxchg" + place + ", r0, " + src + ")";
              case XCHG -> src + " = " + atomic + "xchg" + place + ", " + src + ")";
              case ADD, OR, AND, XOR ->
                  src + " = " + atomic + "fetch_" + op.word() + place + ", " + src + ")";
            });
      }
    }
    return bug("", opcode);
  }

  private static String st(long w) {
    int opcode = RawInsn.opcode(w);
    return switch (opcode & 0xe0) {
      case Opcodes.MEM -> coded(opcode, "*" + place(w, RawInsn.dst(w)) + " = " + RawInsn.imm(w));
      case 0xc0 -> coded(opcode, "nospec");
      default -> bug("st_", opcode);
    };
  }

  private static String ldx(long w) {
    int opcode = RawInsn.opcode(w);
    int mode = opcode & 0xe0;
    if (mode != Opcodes.MEM && mode != Opcodes.MEMSX) {
      return bug("ldx_", opcode);
    }
    return coded(opcode, "r" + RawInsn.dst(w) + " = *" + place(w, RawInsn.src(w)));
  }

  /// `(u32 *)(r1 +76)`.
  private static String place(long w, int base) {
    int opcode = RawInsn.opcode(w);
    Size size = Size.ofOpcode(opcode);
    boolean signed = (opcode & 0xe7) == (Opcodes.LDX | Opcodes.MEMSX);
    String type = !signed ? size.unsignedName() : size == Size.DW ? MISSING : size.signedName();
    return "(" + type + " *)(r" + base + " " + plus(RawInsn.off(w)) + ")";
  }

  private String ld(long[] words, int slotIdx) {
    long w = words[slotIdx];
    int opcode = RawInsn.opcode(w);
    int imm = RawInsn.imm(w);
    String type = Size.ofOpcode(opcode).unsignedName();
    if ((opcode & 0xe0) == Opcodes.ABS) {
      return coded(opcode, "r0 = *(" + type + " *)skb[" + imm + "]");
    }
    if ((opcode & 0xe0) == Opcodes.IND) {
      return coded(opcode, "r0 = *(" + type + " *)skb[r" + RawInsn.src(w) + " + " + imm + "]");
    }
    if (opcode != Opcodes.LD_IMM64) {
      return bug("ld_", opcode);
    }
    String value =
        Decoder.decode(words, slotIdx) instanceof LoadWide wide
            ? naming.wideOperand(wide)
            : "0x" + Long.toHexString(rawImm64(words, slotIdx));
    return coded(opcode, "r" + RawInsn.dst(w) + " = " + value);
  }

  private static long rawImm64(long[] words, int slotIdx) {
    long high = slotIdx + 1 < words.length ? RawInsn.imm(words[slotIdx + 1]) : 0;
    return high << 32 | Integer.toUnsignedLong(RawInsn.imm(words[slotIdx]));
  }

  private String jump(long w) {
    int opcode = RawInsn.opcode(w);
    int off = RawInsn.off(w);
    int imm = RawInsn.imm(w);
    if ((opcode & 0xf0) == Opcodes.CALL) {
      return call(w);
    }
    switch (opcode) {
      case Opcodes.JMP | Opcodes.JA -> {
        return "goto pc" + plus(off);
      }
      case Opcodes.JMP32 | Opcodes.JA -> {
        return "gotol pc" + plus(imm);
      }
      case Opcodes.JMP | Opcodes.EXIT -> {
        return "exit";
      }
      case Opcodes.JMP | Opcodes.JCOND -> {
        if (RawInsn.src(w) == Opcodes.MAY_GOTO) {
          return "may_goto pc" + plus(off);
        }
      }
      default -> {}
    }
    char kind = RawInsn.insnClass(w) == Opcodes.JMP ? 'r' : 'w';
    String right =
        (opcode & Opcodes.X) != 0 ? "" + kind + RawInsn.src(w) : "0x" + Integer.toHexString(imm);
    String symbol = JUMP[opcode >> 4];
    return "if " + kind + RawInsn.dst(w) + " " + symbol + " " + right + " goto pc" + plus(off);
  }

  private String call(long w) {
    int imm = RawInsn.imm(w);
    return switch (RawInsn.src(w)) {
      case Opcodes.PSEUDO_CALL -> "call pc" + plus(imm);
      case Opcodes.PSEUDO_KFUNC_CALL -> "call " + naming.kfuncName(imm, RawInsn.off(w)) + "#" + imm;
      default -> {
        // Number 0 has a name in the kernel's table though no program may call it.
        String name =
            RawInsn.src(w) != Opcodes.HELPER_CALL
                ? null
                : imm == 0 ? "bpf_unspec" : naming.helperName(imm);
        yield "call " + (name == null ? "unknown" : name) + "#" + imm;
      }
    };
  }

  private static String plus(int number) {
    return number < 0 ? Integer.toString(number) : "+" + number;
  }
}
