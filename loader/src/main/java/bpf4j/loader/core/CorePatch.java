package bpf4j.loader.core;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import java.util.Locale;
import java.util.function.Consumer;

/// Writes the result of a relocation into an instruction.
final class CorePatch {
  /// Immediate of the call that stands for a relocation without a target: 0xbad2310, "bad relo".
  static final int POISON = 195_896_080;

  private static final long POISON_INSN = RawInsn.of(0x85, 0, 0, 0, POISON);

  private static final int LD = 0;
  private static final int LDX = 1;
  private static final int ST = 2;
  private static final int STX = 3;
  private static final int ALU = 4;
  private static final int ALU64 = 7;

  private final String place;
  private final long[] insns;
  private final int insnIdx;
  private final CoreResult result;
  private final Consumer<String> warnings;

  CorePatch(
      String progName,
      int reloIdx,
      long[] insns,
      int insnIdx,
      CoreResult result,
      Consumer<String> warnings) {
    this.place = "prog '" + progName + "': relo #" + reloIdx + ": ";
    this.insns = insns;
    this.insnIdx = insnIdx;
    this.result = result;
    this.warnings = warnings;
  }

  void apply() throws CoreException {
    if (result.poison()) {
      poison();
      return;
    }
    long insn = insns[insnIdx];
    switch (RawInsn.insnClass(insn)) {
      case ALU, ALU64 -> patchAlu(insn);
      case LDX, ST, STX -> patchMem(insn);
      case LD -> patchLdImm64(insn);
      default ->
          throw fail(
              Errno.EINVAL,
              "trying to relocate unrecognized insn #%d, code:0x%x, src:0x%x, dst:0x%x, off:0x%x,"
                  + " imm:0x%x",
              insnIdx,
              RawInsn.opcode(insn),
              RawInsn.src(insn),
              RawInsn.dst(insn),
              RawInsn.off(insn),
              RawInsn.imm(insn));
    }
  }

  private void poison() {
    if (RawInsn.isLdImm64(insns[insnIdx]) && insnIdx + 1 < insns.length) {
      insns[insnIdx + 1] = POISON_INSN;
    }
    insns[insnIdx] = POISON_INSN;
  }

  private void patchAlu(long insn) throws CoreException {
    boolean registerSource = (RawInsn.opcode(insn) & 8) != 0;
    if (registerSource) {
      throw new CoreException(
          Errno.EINVAL, place + "insn #" + insnIdx + " (ALU/ALU64) has no immediate");
    }
    int imm = RawInsn.imm(insn);
    if (result.validate() && imm != result.origValue()) {
      throw fail(
          Errno.EINVAL,
          "unexpected insn #%d (ALU/ALU64) value: got %s, exp %s -> %s",
          insnIdx,
          Integer.toUnsignedString(imm),
          Long.toUnsignedString(result.origValue()),
          Long.toUnsignedString(result.newValue()));
    }
    insns[insnIdx] = withImm(insn, (int) result.newValue());
  }

  private void patchMem(long insn) throws CoreException {
    int off = RawInsn.off(insn);
    if (result.validate() && off != result.origValue()) {
      throw fail(
          Errno.EINVAL,
          "unexpected insn #%d (LDX/ST/STX) value: got %s, exp %s -> %s",
          insnIdx,
          Integer.toUnsignedString(off),
          Long.toUnsignedString(result.origValue()),
          Long.toUnsignedString(result.newValue()));
    }
    if (Long.compareUnsigned(result.newValue(), Short.MAX_VALUE) > 0) {
      throw fail(
          Errno.ERANGE,
          "insn #%d (LDX/ST/STX) value too big: %s",
          insnIdx,
          Long.toUnsignedString(result.newValue()));
    }
    if (result.badMemSize()) {
      warnings.accept(
          place
              + "insn #"
              + insnIdx
              + " (LDX/ST/STX) accesses field incorrectly. Make sure you are accessing pointers,"
              + " unsigned integers, or fields of matching type and size.");
      poison();
      return;
    }
    int opcode = RawInsn.opcode(insn);
    if (result.newSize() != result.origSize()) {
      opcode = resize(opcode);
    }
    insns[insnIdx] =
        RawInsn.of(
            opcode,
            RawInsn.dst(insn),
            RawInsn.src(insn),
            (int) result.newValue(),
            RawInsn.imm(insn));
  }

  /// The same load or store with the width that the field has in the target.
  private int resize(int opcode) throws CoreException {
    int bytes =
        switch (opcode & 0x18) {
          case 0x00 -> 4;
          case 0x08 -> 2;
          case 0x10 -> 1;
          default -> 8;
        };
    if (bytes != result.origSize()) {
      throw fail(
          Errno.EINVAL,
          "insn #%d (LDX/ST/STX) unexpected mem size: got %d, exp %s",
          insnIdx,
          bytes,
          Integer.toUnsignedString(result.origSize()));
    }
    int size =
        switch (result.newSize()) {
          case 8 -> 0x18;
          case 4 -> 0x00;
          case 2 -> 0x08;
          case 1 -> 0x10;
          default ->
              throw fail(
                  Errno.EINVAL,
                  "insn #%d (LDX/ST/STX) invalid new mem size: %s",
                  insnIdx,
                  Integer.toUnsignedString(result.newSize()));
        };
    return (opcode & ~0x18) | size;
  }

  private void patchLdImm64(long insn) throws CoreException {
    long next = insnIdx + 1 < insns.length ? insns[insnIdx + 1] : -1;
    boolean plain =
        RawInsn.isLdImm64(insn)
            && RawInsn.src(insn) == 0
            && RawInsn.off(insn) == 0
            && (int) next == 0;
    if (!plain) {
      throw fail(Errno.EINVAL, "insn #%d (LDIMM64) has unexpected form", insnIdx);
    }
    long imm = Integer.toUnsignedLong(RawInsn.imm(insn)) | (long) RawInsn.imm(next) << 32;
    if (result.validate() && imm != result.origValue()) {
      throw fail(
          Errno.EINVAL,
          "unexpected insn #%d (LDIMM64) value: got %s, exp %s -> %s",
          insnIdx,
          Long.toUnsignedString(imm),
          Long.toUnsignedString(result.origValue()),
          Long.toUnsignedString(result.newValue()));
    }
    insns[insnIdx] = withImm(insn, (int) result.newValue());
    insns[insnIdx + 1] = withImm(next, (int) (result.newValue() >>> 32));
  }

  private static long withImm(long insn, int imm) {
    return (insn & 0xffff_ffffL) | (long) imm << 32;
  }

  private CoreException fail(Errno errno, String format, Object... args) {
    String message = place + String.format(Locale.ROOT, format, args);
    warnings.accept(message);
    return new CoreException(errno, message);
  }
}
