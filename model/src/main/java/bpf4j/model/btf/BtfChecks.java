package bpf4j.model.btf;

import java.util.Arrays;

/// Checks of parsed types: string offsets, references and cycles.
///
/// The first two are what libbpf's `btf_sanity_check` wants. The third goes further, so that no
/// walk over types needs a guard of its own: no type may contain itself by value, or through
/// modifiers, typedefs and tags only. The kernel refuses such types as well.
final class BtfChecks {
  private static final byte UNSEEN = 0;
  private static final byte OPEN = 1;
  private static final byte DONE = 2;

  private final Btf btf;

  /// Ids on the current path and, beside each, the edge to follow next.
  private int[] path = new int[64];

  private int[] edge = new int[64];
  private int depth;

  BtfChecks(Btf btf) {
    this.btf = btf;
  }

  void run() {
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      checkStrings(id);
      checkReferences(id);
    }
    checkCycles();
  }

  private void checkStrings(int id) {
    checkString(id, btf.nameOff(id), "type name");
    BtfKind kind = btf.kind(id);
    String what = kind.isComposite() ? "field name" : kind.isAnyEnum() ? "enum name" : "param name";
    if (!kind.isComposite() && !kind.isAnyEnum() && kind != BtfKind.FUNC_PROTO) {
      return;
    }
    int step = kind.recordWords();
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      checkString(id, btf.word(id, Btf.HEADER_WORDS + i * step), what);
    }
  }

  private void checkString(int id, int off, String what) {
    if (!btf.isValidString(off)) {
      throw BtfException.at(
          id, "invalid " + what + " (string offset " + Integer.toUnsignedString(off) + ")");
    }
  }

  private void checkReferences(int id) {
    switch (btf.kind(id)) {
      case PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, VAR, DECL_TAG, TYPE_TAG ->
          checkId(id, btf.target(id));
      case ARRAY -> {
        checkId(id, btf.arrayElement(id));
        checkId(id, btf.arrayIndex(id));
      }
      case STRUCT, UNION -> checkRecordIds(id, 3, 1);
      case DATASEC -> checkRecordIds(id, 3, 0);
      case FUNC -> {
        checkId(id, btf.target(id));
        if (!btf.isKind(btf.target(id), BtfKind.FUNC_PROTO)) {
          throw BtfException.at(id, "referenced type [" + btf.target(id) + "] is not FUNC_PROTO");
        }
      }
      case FUNC_PROTO -> {
        checkId(id, btf.target(id));
        checkRecordIds(id, 2, 1);
      }
      case UNKN, INT, FLOAT, FWD, ENUM, ENUM64 -> {}
    }
  }

  private void checkRecordIds(int id, int recordWords, int n) {
    for (int i = 0, vlen = btf.vlen(id); i < vlen; i++) {
      checkId(id, btf.word(id, Btf.HEADER_WORDS + i * recordWords + n));
    }
  }

  private void checkId(int id, int referenced) {
    if (!btf.isValidId(referenced)) {
      throw BtfException.at(
          id, "invalid referenced type ID " + Integer.toUnsignedString(referenced));
    }
  }

  /// Depth-first over by-value edges. A base was checked by itself and cannot refer to us.
  private void checkCycles() {
    int start = btf.startId();
    byte[] state = new byte[btf.typeCount() - start];
    for (int root = start; root < btf.typeCount(); root++) {
      if (state[root - start] != UNSEEN) {
        continue;
      }
      state[root - start] = OPEN;
      push(root);
      while (depth > 0) {
        int id = path[depth - 1];
        int next = byValue(id, edge[depth - 1]++);
        if (next < 0) {
          state[id - start] = DONE;
          depth--;
        } else if (next >= start && state[next - start] == UNSEEN) {
          state[next - start] = OPEN;
          push(next);
        } else if (next >= start && state[next - start] == OPEN) {
          throw BtfException.at(next, "Loop detected");
        }
      }
    }
  }

  /// The `n`-th type that `id` contains by value, or -1 when there are no more.
  private int byValue(int id, int n) {
    return switch (btf.kind(id)) {
      case TYPEDEF, VOLATILE, CONST, RESTRICT, VAR, DECL_TAG, TYPE_TAG ->
          n == 0 ? btf.target(id) : -1;
      case ARRAY -> n == 0 ? btf.arrayElement(id) : -1;
      case STRUCT, UNION -> n < btf.vlen(id) ? btf.memberType(id, n) : -1;
      case UNKN, INT, PTR, ENUM, FWD, FUNC, FUNC_PROTO, DATASEC, FLOAT, ENUM64 -> -1;
    };
  }

  private void push(int id) {
    if (depth == path.length) {
      path = Arrays.copyOf(path, depth * 2);
      edge = Arrays.copyOf(edge, depth * 2);
    }
    path[depth] = id;
    edge[depth] = 0;
    depth++;
  }
}
