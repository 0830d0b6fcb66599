package bpf4j.vm.jit;

import bpf4j.model.isa.Instruction;
import bpf4j.model.isa.Size;
import bpf4j.model.proto.ArgType;
import bpf4j.model.proto.HelperProto;
import bpf4j.model.proto.HelperTable;
import bpf4j.vm.jit.FlowGraph.Block;
import bpf4j.vm.jit.FlowGraph.Function;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Which bytes of a function's stack frame become local variables: those that only its own loads
/// and stores touch, always in the same pieces, and keys of sites that take them by value.
final class StackPlan {
  /// A piece of the frame, from `off` bytes behind r10 (negative).
  record Piece(int off, Size size) {
    int end() {
      return off + size.bytes();
    }
  }

  /// The bytes of a key that a lookup reads.
  record KeyRead(int off, int bytes) {}

  /// The JVM has 65,535 local variables, but each is a root at every safepoint.
  private static final int MAX_PIECES = 64;

  private final TreeMap<Integer, Piece> pieces = new TreeMap<>();
  private final Map<Piece, Integer> localOf = new HashMap<>();
  private final List<Piece> accesses = new ArrayList<>();
  private final List<KeyRead> keys = new ArrayList<>();

  /// Bytes from here up may be touched by others.
  private int escapedFrom = 1;

  private final List<int[]> escapedRanges = new ArrayList<>();

  /// Promotes nothing.
  static StackPlan none() {
    return new StackPlan();
  }

  private StackPlan() {}

  /// @param sites says which calls take their key by value
  StackPlan(Function function, ValueAnalysis values, MapSites sites) {
    for (Block block : function.blocks) {
      values.forEach(block, (slotIdx, insn, r) -> visit(insn, slotIdx, r, sites));
    }
    choose();
    int local = Registers.STACK_PIECES;
    for (Piece piece : pieces.values()) {
      localOf.put(piece, local);
      local += 2;
    }
  }

  /// Whether the piece at `off` is a local variable; if so [#local] has it.
  boolean isPromoted(int off, Size size) {
    return localOf.containsKey(new Piece(off, size));
  }

  /// The first of the two local variables that hold a promoted piece.
  int local(int off, Size size) {
    Integer local = localOf.get(new Piece(off, size));
    if (local == null) {
      throw new IllegalArgumentException("stack piece at " + off + " is in memory");
    }
    return local;
  }

  /// Whether a key of `bytes` at `off` lies in local variables as a whole.
  boolean isPromotedKey(int off, int bytes) {
    int at = off;
    while (at < off + bytes) {
      Piece piece = pieces.get(at);
      if (piece == null) {
        return false;
      }
      at = piece.end();
    }
    return at == off + bytes;
  }

  /// The promoted pieces that make up a key.
  List<Piece> piecesOf(int off, int bytes) {
    return List.copyOf(pieces.subMap(off, off + bytes).values());
  }

  Iterable<Integer> locals() {
    return localOf.values();
  }

  private void visit(Instruction insn, int slotIdx, Value[] r, MapSites sites) {
    switch (insn) {
      case Instruction.Load i -> access(r[i.base()], i.off(), i.size());
      case Instruction.StoreImm i -> access(r[i.base()], i.off(), i.size());
      case Instruction.StoreReg i -> {
        access(r[i.base()], i.off(), i.size());
        escapesIfFrame(r[i.src()]);
      }
      case Instruction.Atomic i -> {
        escapesIfFrame(r[i.base()]);
        escapesIfFrame(r[i.src()]);
      }
      case Instruction.LoadAcquire i -> escapesIfFrame(r[i.base()]);
      case Instruction.StoreRelease i -> {
        escapesIfFrame(r[i.base()]);
        escapesIfFrame(r[i.src()]);
      }
      case Instruction.CallSubprog _, Instruction.CallKfunc _ -> {
        for (int reg = 1; reg <= 5; reg++) {
          escapesIfFrame(r[reg]);
        }
      }
      case Instruction.CallHelper i -> helper(i, slotIdx, r, sites);
      default -> {}
    }
  }

  private void access(Value base, int off, Size size) {
    if (base instanceof Value.Frame(int frameOff)) {
      accesses.add(new Piece(frameOff + off, size));
    } else {
      escapesIfFrame(base);
    }
  }

  private void escapesIfFrame(Value value) {
    if (value.mayBeFrame()) {
      escapedFrom = Integer.MIN_VALUE;
    }
  }

  /// A helper touches what a pointer to the stack points at and what lies behind; one that calls
  /// back gives the pointer to code that may go anywhere from it.
  private void helper(Instruction.CallHelper insn, int slotIdx, Value[] r, MapSites sites) {
    int keyBytes = sites.keyByValue(slotIdx);
    if (keyBytes > 0 && r[2] instanceof Value.Frame(int off)) {
      keys.add(new KeyRead(off, keyBytes));
      return;
    }
    boolean anywhere = callsBack(insn.id());
    for (int reg = 1; reg <= 5; reg++) {
      if (r[reg] instanceof Value.Frame(int off) && !anywhere) {
        int size = sites.argBytes(slotIdx, reg);
        if (size > 0) {
          escapedRanges.add(new int[] {off, off + size});
        } else {
          escapedFrom = Math.min(escapedFrom, off);
        }
      } else {
        escapesIfFrame(r[reg]);
      }
    }
  }

  private static boolean callsBack(int id) {
    if (!HelperTable.exists(id)) {
      return true;
    }
    for (HelperProto proto : HelperTable.variants(id)) {
      for (int i = 1; i <= proto.argCount(); i++) {
        ArgType type = proto.arg(i).type();
        if (type == ArgType.PTR_TO_FUNC || type == ArgType.PTR_TO_DYNPTR) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean escaped(Piece piece) {
    if (piece.end() > escapedFrom) {
      return true;
    }
    for (int[] range : escapedRanges) {
      if (piece.off < range[1] && piece.end() > range[0]) {
        return true;
      }
    }
    return false;
  }

  private void choose() {
    if (escapedFrom == Integer.MIN_VALUE) {
      return;
    }
    boolean[] mixed = new boolean[4097];
    for (Piece piece : accesses) {
      if (piece.off < -4096 || piece.end() > 0) {
        return;
      }
    }
    // Pieces that overlap without being the same, or that others may touch, stay in memory, and
    // with them whatever overlaps them.
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Piece a : accesses) {
        if (covered(mixed, a)) {
          changed |= cover(mixed, a.off, a.end());
        } else if (escaped(a) || overlapsAnother(a)) {
          changed |= cover(mixed, a.off, a.end());
        }
      }
      for (KeyRead key : keys) {
        changed |= keepKeyTogether(mixed, key);
      }
    }
    for (Piece piece : accesses) {
      if (!covered(mixed, piece)) {
        pieces.put(piece.off, piece);
      }
    }
    if (pieces.size() > MAX_PIECES) {
      pieces.clear();
    }
  }

  private boolean overlapsAnother(Piece a) {
    for (Piece b : accesses) {
      if (!a.equals(b) && a.off < b.end() && b.off < a.end()) {
        return true;
      }
    }
    return false;
  }

  /// A key is in local variables as a whole or not at all.
  private boolean keepKeyTogether(boolean[] mixed, KeyRead key) {
    int end = key.off + key.bytes;
    if (key.off < -4096 || end > 0) {
      return false;
    }
    boolean[] written = new boolean[key.bytes];
    boolean inMemory = false;
    for (Piece piece : accesses) {
      if (piece.off < end && piece.end() > key.off) {
        boolean straddles = (piece.off - key.off) >> 3 != (piece.end() - 1 - key.off) >> 3;
        inMemory |= straddles || covered(mixed, piece) || piece.off < key.off || piece.end() > end;
        for (int at = Math.max(piece.off, key.off); at < Math.min(piece.end(), end); at++) {
          written[at - key.off] = true;
        }
      }
    }
    for (boolean w : written) {
      inMemory |= !w;
    }
    return inMemory && cover(mixed, key.off, end);
  }

  private static boolean covered(boolean[] mixed, Piece piece) {
    for (int at = piece.off; at < piece.end(); at++) {
      if (mixed[at + 4096]) {
        return true;
      }
    }
    return false;
  }

  private static boolean cover(boolean[] mixed, int from, int to) {
    boolean changed = false;
    for (int at = from; at < to; at++) {
      changed |= !mixed[at + 4096];
      mixed[at + 4096] = true;
    }
    return changed;
  }
}
