package bpf4j.vm.engine;

import bpf4j.model.isa.RawInsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Random programs of type `sched_cls` that mix ALU, branches, loops, stack memory, atomics, calls
/// and byte swaps over unknown inputs, and return a digest of every register and the used stack.
///
/// Inputs are `mark`, `priority` and `cb[0..4]` of `__sk_buff`, which a test run can set.
final class RandomPrograms {
  static final int[] INPUT_OFFSETS = {8, 32, 48, 52, 56, 60, 64};
  private static final int STACK = 64;
  private static final int[] ALU = {
    0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0
  };
  private static final int[] COND = {
    0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0
  };

  private final Random random;
  private final List<Long> out = new ArrayList<>();

  private RandomPrograms(long seed) {
    random = new Random(seed);
  }

  static long[] generate(long seed) {
    return new RandomPrograms(seed).program();
  }

  private long[] program() {
    // r1 = ctx; r2..r8 = inputs; r6.. as 64-bit mixtures
    for (int i = 0; i < INPUT_OFFSETS.length; i++) {
      emit(0x61, 2 + i, 1, INPUT_OFFSETS[i], 0);
    }
    for (int reg : new int[] {3, 5, 7}) {
      emit(0x67, reg, 0, 0, 32);
      emit(0x4f, reg, reg - 1, 0, 0);
    }
    emit(0xbf, 0, 2, 0, 0);
    emit(0xbf, 1, 3, 0, 0);
    emit(0xb7, 9, 0, 0, random.nextInt());
    for (int off = -STACK; off < 0; off += 8) {
      emit(0x7b, 10, random.nextInt(10), off, 0);
    }
    int calls = random.nextInt(4) == 0 ? 1 : 0;
    int length = 8 + random.nextInt(40);
    List<Integer> callSites = new ArrayList<>();
    body(length, calls == 1 ? callSites : null);
    digest();
    if (!callSites.isEmpty()) {
      int subprog = out.size();
      for (int site : callSites) {
        out.set(site, RawInsn.of(0x85, 0, 1, 0, subprog - site - 1));
      }
      emit(0xbf, 0, 1, 0, 0);
      for (int i = 0; i < 6; i++) {
        alu(new int[] {0, 1, 2, 3, 4, 5});
      }
      emit(0x95, 0, 0, 0, 0);
    }
    return out.stream().mapToLong(Long::longValue).toArray();
  }

  private void body(int length, @org.jspecify.annotations.Nullable List<Integer> callSites) {
    int start = out.size();
    List<Integer> jumps = new ArrayList<>();
    int branches = 0;
    for (int i = 0; i < length; i++) {
      int what = random.nextInt(20);
      if (what < 11) {
        alu(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
      } else if (what < 13 && branches < 8) {
        branches++;
        jumps.add(out.size());
        branch();
      } else if (what < 15) {
        load();
      } else if (what < 17) {
        store();
      } else if (what < 18) {
        atomic();
      } else if (what < 19) {
        swapOrExtend();
      } else if (callSites != null && callSites.size() < 3) {
        callSites.add(out.size());
        emit(0x85, 0, 1, 0, 0);
        for (int reg = 1; reg <= 5; reg++) {
          emit(0xbf, reg, reg == 5 ? 0 : 6 + random.nextInt(4), 0, 0);
        }
      }
    }
    int end = out.size();
    for (int at : jumps) {
      long insn = out.get(at);
      int target = at + 1 + random.nextInt(Math.min(end - at, 12));
      out.set(at, (insn & ~0xffff_0000L) | (target - at - 1 & 0xffffL) << 16);
    }
    if (start < 0) {
      throw new AssertionError();
    }
  }

  private void alu(int[] regs) {
    boolean wide = random.nextBoolean();
    int dst = regs[random.nextInt(regs.length)];
    int src = regs[random.nextInt(regs.length)];
    int op = ALU[random.nextInt(ALU.length)];
    int cls = wide ? 7 : 4;
    boolean shift = op == 0x60 || op == 0x70 || op == 0xc0;
    boolean division = op == 0x30 || op == 0x90;
    int off = division && random.nextBoolean() ? 1 : 0;
    if (random.nextInt(24) == 0) {
      emit(0x80 | cls, dst, 0, 0, 0);
    } else if (random.nextBoolean()) {
      int imm = number();
      if (shift) {
        imm = random.nextInt(wide ? 64 : 32);
      } else if (division && imm == 0) {
        imm = 1;
      }
      emit(op | cls, dst, 0, off, imm);
    } else {
      emit(op | cls | 8, dst, src, off, 0);
    }
  }

  private int number() {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(16) - 8;
      case 1 -> 1 << random.nextInt(32);
      case 2 -> (1 << random.nextInt(32)) - 1;
      case 3 -> Integer.MIN_VALUE;
      case 4 -> -1;
      default -> random.nextInt();
    };
  }

  private void branch() {
    int cls = random.nextBoolean() ? 5 : 6;
    int op = COND[random.nextInt(COND.length)];
    if (random.nextBoolean()) {
      emit(op | cls, random.nextInt(10), 0, 0, number());
    } else {
      emit(op | cls | 8, random.nextInt(10), random.nextInt(10), 0, 0);
    }
  }

  private void load() {
    int size = random.nextInt(4);
    int bytes = 1 << size;
    int[] modeOf = {0x10, 0x08, 0x00, 0x18};
    int off = -STACK + random.nextInt(STACK / bytes) * bytes;
    boolean signed = size != 3 && random.nextInt(3) == 0;
    emit((signed ? 0x81 : 0x61) | modeOf[size], random.nextInt(10), 10, off, 0);
  }

  private void store() {
    int size = random.nextInt(4);
    int bytes = 1 << size;
    int[] modeOf = {0x10, 0x08, 0x00, 0x18};
    int off = -STACK + random.nextInt(STACK / bytes) * bytes;
    if (random.nextInt(3) == 0) {
      emit(0x62 | modeOf[size], 10, 0, off, number());
    } else {
      emit(0x63 | modeOf[size], 10, random.nextInt(10), off, 0);
    }
  }

  private void atomic() {
    boolean wide = random.nextBoolean();
    int bytes = wide ? 8 : 4;
    int off = -STACK + random.nextInt(STACK / bytes) * bytes;
    int opcode = wide ? 0xdb : 0xc3;
    int[] ops = {0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1};
    int which = random.nextInt(ops.length + 2);
    if (which < ops.length) {
      emit(opcode, 10, random.nextInt(10), off, ops[which]);
    } else if (which == ops.length) {
      emit(opcode, random.nextInt(10), 10, off, 0x100);
    } else {
      emit(opcode, 10, random.nextInt(10), off, 0x110);
    }
  }

  private void swapOrExtend() {
    int dst = random.nextInt(10);
    int src = random.nextInt(10);
    int width = 16 << random.nextInt(3);
    switch (random.nextInt(5)) {
      case 0 -> emit(0xd4, dst, 0, 0, width);
      case 1 -> emit(0xdc, dst, 0, 0, width);
      case 2 -> emit(0xd7, dst, 0, 0, width);
      case 3 -> emit(0xbf, dst, src, 8 << random.nextInt(3), 0);
      default -> emit(0xbc, dst, src, 8 << random.nextInt(2), 0);
    }
  }

  /// r0 = a number that depends on every bit of every register and of the stack.
  private void digest() {
    for (int reg = 1; reg < 10; reg++) {
      emit(0x27, 0, 0, 0, 0x1000_01b3);
      emit(0xaf, 0, reg, 0, 0);
      if (reg % 3 == 0) {
        emit(0xbf, 1, 0, 0, 0);
        emit(0x77, 1, 0, 0, 29);
        emit(0xaf, 0, 1, 0, 0);
      }
    }
    for (int off = -STACK; off < 0; off += 8) {
      emit(0x79, 1, 10, off, 0);
      emit(0x27, 0, 0, 0, 0x1000_01b3);
      emit(0xaf, 0, 1, 0, 0);
    }
    emit(0xbf, 1, 0, 0, 0);
    emit(0x77, 1, 0, 0, 32);
    emit(0xaf, 0, 1, 0, 0);
    emit(0x95, 0, 0, 0, 0);
  }

  private void emit(int opcode, int dst, int src, int off, int imm) {
    out.add(RawInsn.of(opcode, dst, src, off, imm));
  }
}
