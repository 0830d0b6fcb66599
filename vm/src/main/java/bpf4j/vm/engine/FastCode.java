package bpf4j.vm.engine;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;

/// The fast interpreter's form of a program: one packed word a slot, as [RawInsn] lays it out,
/// where every variant that the kernel tells apart by `off`, `imm` or `src` has an opcode of its
/// own, taken from the numbers that no BPF instruction uses.
///
/// The second slot of an `ld_imm64` holds the whole 64-bit value; a helper or kfunc call's `imm` is
/// the index of its body.
final class FastCode {
  // Opcodes of class LD that no BPF instruction uses.
  static final int SDIV64_K = 0x00;
  static final int SDIV64_X = 0x08;
  static final int SMOD64_K = 0x10;
  static final int SMOD64_X = 0x38;
  static final int SDIV32_K = 0x58;
  static final int SDIV32_X = 0x60;
  static final int SMOD32_K = 0x68;
  static final int SMOD32_X = 0x70;
  static final int MOVSX64_8 = 0x78;
  static final int MOVSX64_16 = 0x80;
  static final int MOVSX64_32 = 0x88;
  static final int MOVSX32_8 = 0x90;
  static final int MOVSX32_16 = 0x98;
  static final int CALL_SUBPROG = 0xa0;
  static final int TAIL_CALL = 0xa8;
  static final int LOAD_ACQUIRE = 0xb0;
  static final int STORE_RELEASE = 0xb8;
  static final int ATOMIC32 = 0xc0;
  static final int ATOMIC64 = 0xc8;
  static final int LEGACY_LOAD = 0xd0;
  static final int CAST_KERN = 0xd8;
  static final int CAST_USER = 0xe0;
  static final int ILLEGAL = 0xf0;

  /// `BPF_FUNC_tail_call`.
  static final int TAIL_CALL_ID = 12;

  private FastCode() {}

  /// Packs `program`; `bodies` of calls are numbered in slot order.
  static long[] pack(LinkedProgram program) {
    long[] raw = program.insns();
    long[] code = raw.clone();
    int body = 0;
    for (int slot = 0; slot < raw.length; slot++) {
      long insn = raw[slot];
      if (RawInsn.isLdImm64(insn)) {
        code[slot + 1] = program.imm64()[slot];
        slot++;
      } else if (RawInsn.opcode(insn) == 0x85 && RawInsn.src(insn) != 1 && !isTailCall(insn)) {
        code[slot] = (insn & 0xffff_ffffL) | (long) body++ << 32;
      } else {
        code[slot] = withOperands(insn, variant(insn));
      }
    }
    return code;
  }

  /// Variants whose opcode said more than the variant does keep it in a field that they do not use:
  /// an ordered load or store its size in `imm`, a legacy load the opcode in `off`.
  private static long withOperands(long insn, int variant) {
    long packed = (insn & ~0xffL) | variant;
    return switch (variant) {
      case LOAD_ACQUIRE, STORE_RELEASE ->
          (packed & 0xffff_ffffL) | (long) sizeOf(RawInsn.opcode(insn)) << 32;
      case LEGACY_LOAD -> (packed & ~0xffff_0000L) | (long) RawInsn.opcode(insn) << 16;
      default -> packed;
    };
  }

  /// Bytes of a load or store with this opcode.
  static int sizeOf(int opcode) {
    return switch (opcode & 0x18) {
      case 0x00 -> 4;
      case 0x08 -> 2;
      case 0x10 -> 1;
      default -> 8;
    };
  }

  static boolean isTailCall(long insn) {
    return RawInsn.opcode(insn) == 0x85
        && RawInsn.src(insn) == 0
        && RawInsn.imm(insn) == TAIL_CALL_ID;
  }

  /// The bodies of the calls in slot order, as [#pack] numbers them.
  static HelperBody[] bodies(LinkedProgram program) {
    java.util.List<HelperBody> bodies = new java.util.ArrayList<>();
    long[] raw = program.insns();
    for (int slot = 0; slot < raw.length; slot++) {
      long insn = raw[slot];
      if (RawInsn.isLdImm64(insn)) {
        slot++;
      } else if (RawInsn.opcode(insn) == 0x85 && RawInsn.src(insn) != 1 && !isTailCall(insn)) {
        HelperBody body = program.calls()[slot];
        if (body == null) {
          throw new IllegalArgumentException(
              program.name() + ": the call at instruction " + slot + " has no body");
        }
        bodies.add(body);
      }
    }
    return bodies.toArray(new HelperBody[0]);
  }

  private static int variant(long insn) {
    int opcode = RawInsn.opcode(insn);
    int off = RawInsn.off(insn);
    int imm = RawInsn.imm(insn);
    return switch (opcode) {
      case 0x37 -> off == 0 ? opcode : SDIV64_K;
      case 0x3f -> off == 0 ? opcode : SDIV64_X;
      case 0x97 -> off == 0 ? opcode : SMOD64_K;
      case 0x9f -> off == 0 ? opcode : SMOD64_X;
      case 0x34 -> off == 0 ? opcode : SDIV32_K;
      case 0x3c -> off == 0 ? opcode : SDIV32_X;
      case 0x94 -> off == 0 ? opcode : SMOD32_K;
      case 0x9c -> off == 0 ? opcode : SMOD32_X;
      case 0xbf -> move64(off, imm);
      case 0xbc -> off == 0 ? opcode : off == 8 ? MOVSX32_8 : MOVSX32_16;
      case 0xc3, 0xcb, 0xd3, 0xdb -> atomic(opcode, imm);
      case 0x20, 0x28, 0x30, 0x40, 0x48, 0x50 -> LEGACY_LOAD;
      case 0x85 -> RawInsn.src(insn) == 1 ? CALL_SUBPROG : TAIL_CALL;
      default -> Opcodes.isKnown(opcode) ? opcode : ILLEGAL;
    };
  }

  private static int move64(int off, int imm) {
    return switch (off) {
      case 0 -> 0xbf;
      case 1 -> imm == 1 ? CAST_KERN : CAST_USER;
      case 8 -> MOVSX64_8;
      case 16 -> MOVSX64_16;
      default -> MOVSX64_32;
    };
  }

  private static int atomic(int opcode, int imm) {
    return switch (imm) {
      case 0x100 -> LOAD_ACQUIRE;
      case 0x110 -> STORE_RELEASE;
      default -> opcode == 0xdb ? ATOMIC64 : opcode == 0xc3 ? ATOMIC32 : ILLEGAL;
    };
  }
}
