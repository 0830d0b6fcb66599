package bpf4j.vm.jit;

import static bpf4j.vm.jit.Descriptors.I;
import static bpf4j.vm.jit.Descriptors.J;

import bpf4j.maps.GuestMemory;
import bpf4j.model.isa.AtomicOp;
import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.Size;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/// Bytecode for guest memory: the segment and the mask are constants, so that C2 sees that an
/// access cannot lie outside and leaves the check out.
///
/// A small positive offset is added behind the mask, where it can only reach the tail that
/// [GuestMemory] keeps behind the address space: C2 then masks a base register once for all its
/// fields and puts the offset into the machine's address mode.
final class MemoryEmitter {
  /// Largest offset behind the mask; an 8-byte access there still lies in the tail.
  private static final int MAX_TAIL_OFF = 4088;

  private final CodeBuilder code;
  private final InsnEmitter insns;
  private final GuestMemory memory;
  private final ClassData data;
  private final Constants constants;

  private final StackPlan stack;

  MemoryEmitter(CodeBuilder code, InsnEmitter insns, JitUnit unit, StackPlan stack) {
    this.stack = stack;
    this.code = code;
    this.insns = insns;
    this.memory = unit.memory();
    this.data = unit.data();
    this.constants = unit.constants();
  }

  void segment() {
    code.loadConstant(data.constant(memory.segment(), Descriptors.SEGMENT));
  }

  /// The place of an access in the segment.
  void address(int base, int off) {
    insns.get(base);
    if (off < 0 || off > MAX_TAIL_OFF) {
      constants.load(code, (long) off);
      code.ladd();
      off = 0;
    }
    code.loadConstant(memory.mask()).land();
    if (off != 0) {
      constants.load(code, (long) off);
      code.ladd();
    }
  }

  /// @param base what is known about the base register
  void load(Instruction.Load insn, Value base) {
    if (base instanceof Value.Frame(int at) && stack.isPromoted(at + insn.off(), insn.size())) {
      code.lload(stack.local(at + insn.off(), insn.size()));
      if (insn.signExtend()) {
        signExtend(insn.size());
      }
      insns.set(insn.dst());
      return;
    }
    segment();
    layout(insn.size(), !insn.signExtend());
    address(insn.base(), insn.off());
    get(insn.size(), !insn.signExtend());
    if (insn.size() == Size.B && !insn.signExtend()) {
      code.loadConstant(0xff).iand();
    }
    insns.widen(insn.size(), insn.signExtend());
    insns.set(insn.dst());
  }

  private void signExtend(Size size) {
    code.l2i();
    switch (size) {
      case B -> code.i2b();
      case H -> code.i2s();
      case W, DW -> {}
    }
    code.i2l();
  }

  /// The key at r2 as an `int`.
  void key32(Value key) {
    key(key, 0, 4);
    code.l2i();
  }

  /// Eight bytes of the key at r2, from `off` on.
  void key64(Value key, int off) {
    key(key, off, 8);
  }

  private void key(Value key, int off, int bytes) {
    if (key instanceof Value.Frame(int at) && stack.isPromotedKey(at + off, bytes)) {
      boolean first = true;
      for (StackPlan.Piece piece : stack.piecesOf(at + off, bytes)) {
        code.lload(stack.local(piece.off(), piece.size()));
        if (piece.off() != at + off) {
          code.loadConstant((piece.off() - at - off) * 8).lshl();
        }
        if (!first) {
          code.lor();
        }
        first = false;
      }
      return;
    }
    Size size = bytes == 4 ? Size.W : Size.DW;
    segment();
    layout(size, true);
    address(2, off);
    get(size, true);
    if (size == Size.W) {
      code.i2l();
    }
  }

  /// Puts the `long` on the stack into a promoted piece.
  private void promote(int off, Size size) {
    switch (size) {
      case B -> code.loadConstant(0xffL).land();
      case H -> code.loadConstant(0xffffL).land();
      case W -> code.loadConstant(0xffff_ffffL).land();
      case DW -> {}
    }
    code.lstore(stack.local(off, size));
  }

  /// @param base what is known about the base register
  void store(Instruction.StoreReg insn, Value base) {
    if (base instanceof Value.Frame(int at) && stack.isPromoted(at + insn.off(), insn.size())) {
      insns.get(insn.src());
      promote(at + insn.off(), insn.size());
      return;
    }
    segment();
    layout(insn.size(), false);
    address(insn.base(), insn.off());
    insns.get(insn.src());
    if (insn.size() != Size.DW) {
      code.l2i();
    }
    put(insn.size());
  }

  /// @param base what is known about the base register
  void store(Instruction.StoreImm insn, Value base) {
    if (base instanceof Value.Frame(int at) && stack.isPromoted(at + insn.off(), insn.size())) {
      constants.load(code, (long) insn.imm());
      promote(at + insn.off(), insn.size());
      return;
    }
    segment();
    layout(insn.size(), false);
    address(insn.base(), insn.off());
    if (insn.size() == Size.DW) {
      constants.load(code, (long) insn.imm());
    } else {
      constants.load(code, insn.imm());
    }
    put(insn.size());
  }

  private void layout(Size size, boolean unsigned) {
    String name =
        switch (size) {
          case B -> "JAVA_BYTE";
          case H -> unsigned ? "JAVA_CHAR_UNALIGNED" : "JAVA_SHORT_UNALIGNED";
          case W -> "JAVA_INT_UNALIGNED";
          case DW -> "JAVA_LONG_UNALIGNED";
        };
    code.getstatic(Descriptors.LAYOUTS, name, layoutClass(size, unsigned));
  }

  private static ClassDesc layoutClass(Size size, boolean unsigned) {
    String name =
        switch (size) {
          case B -> "OfByte";
          case H -> unsigned ? "OfChar" : "OfShort";
          case W -> "OfInt";
          case DW -> "OfLong";
        };
    return Descriptors.LAYOUTS.nested(name);
  }

  private static ClassDesc carrier(Size size, boolean unsigned) {
    return switch (size) {
      case B -> ConstantDescs.CD_byte;
      case H -> unsigned ? ConstantDescs.CD_char : ConstantDescs.CD_short;
      case W -> I;
      case DW -> J;
    };
  }

  private void get(Size size, boolean unsigned) {
    code.invokeinterface(
        Descriptors.SEGMENT,
        "get",
        MethodTypeDesc.of(carrier(size, unsigned), layoutClass(size, unsigned), J));
  }

  private void put(Size size) {
    switch (size) {
      case B -> code.i2b();
      case H -> code.i2s();
      case W, DW -> {}
    }
    code.invokeinterface(
        Descriptors.SEGMENT,
        "set",
        MethodTypeDesc.of(Descriptors.V, layoutClass(size, false), J, carrier(size, false)));
  }

  private void memoryAndAddress(int base, int off) {
    insns.get(base);
    if (off != 0) {
      constants.load(code, (long) off);
      code.ladd();
    }
  }

  private void guestMemory() {
    code.loadConstant(data.constant(memory, Descriptors.MEMORY));
  }

  void atomic(Instruction.Atomic insn) {
    guestMemory();
    segment();
    code.loadConstant(memory.mask());
    code.loadConstant(insn.op().code() | (insn.fetch() ? Opcodes.FETCH : 0));
    memoryAndAddress(insn.base(), insn.off());
    insns.get(insn.src());
    insns.get(0);
    code.invokestatic(
        Descriptors.RUNTIME,
        insn.size() == Size.DW ? "rmw64" : "rmw32",
        MethodTypeDesc.of(J, Descriptors.MEMORY, Descriptors.SEGMENT, J, I, J, J, J));
    if (insn.op() == AtomicOp.CMPXCHG) {
      insns.set(0);
    } else if (insn.fetch()) {
      insns.set(insn.src());
    } else {
      code.pop2();
    }
  }

  void loadAcquire(Instruction.LoadAcquire insn) {
    guestMemory();
    code.loadConstant(insn.size().bytes());
    memoryAndAddress(insn.base(), insn.off());
    code.invokestatic(
        Descriptors.ATOMICS, "loadAcquire", MethodTypeDesc.of(J, Descriptors.MEMORY, I, J));
    insns.set(insn.dst());
  }

  void storeRelease(Instruction.StoreRelease insn) {
    guestMemory();
    code.loadConstant(insn.size().bytes());
    memoryAndAddress(insn.base(), insn.off());
    insns.get(insn.src());
    code.invokestatic(
        Descriptors.ATOMICS,
        "storeRelease",
        MethodTypeDesc.of(Descriptors.V, Descriptors.MEMORY, I, J, J));
  }
}
