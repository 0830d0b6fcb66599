package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import bpf4j.model.btf.BtfKind;
import java.util.Arrays;

/// Decides in which order definitions must stand in a C header so that each is complete where C
/// needs it complete.
///
/// A type that lies in another by value must be defined before it (a *strong* need); one that is
/// only pointed to may be declared forward (*weak*), unless it has no name and must be written out
/// inside. The order that comes out is the one of libbpf's `btf_dump`.
final class DefinitionOrder {
  private static final byte OPEN = 1;
  private static final byte DONE = 2;

  private final Btf btf;
  private final DumpLimits limits;
  private final byte[] state;
  private final boolean[] referenced;
  private int[] queue = new int[16];
  private int queued;

  DefinitionOrder(Btf btf, DumpLimits limits) {
    this.btf = btf;
    this.limits = limits;
    state = new byte[btf.typeCount()];
    state[0] = DONE;
    referenced = new boolean[btf.typeCount()];
    markReferenced();
  }

  /// The definitions still to be written before `id` may be used, and its own, in order.
  int[] orderFor(int id) {
    queued = 0;
    visit(id, false);
    return Arrays.copyOf(queue, queued);
  }

  /// Anonymous enums that nothing refers to are definitions of their own: constants.
  private void markReferenced() {
    for (int id = 1; id < btf.typeCount(); id++) {
      BtfKind kind = btf.kind(id);
      switch (kind) {
        case INT, ENUM, ENUM64, FWD, FLOAT, UNKN -> {}
        case VOLATILE, CONST, RESTRICT, PTR, TYPEDEF, FUNC, VAR, DECL_TAG, TYPE_TAG ->
            referenced[btf.target(id)] = true;
        case ARRAY -> {
          referenced[btf.arrayElement(id)] = true;
          referenced[btf.arrayIndex(id)] = true;
        }
        case STRUCT, UNION -> {
          for (int i = 0, n = btf.vlen(id); i < n; i++) {
            referenced[btf.memberType(id, i)] = true;
          }
        }
        case FUNC_PROTO -> {
          for (int i = 0, n = btf.vlen(id); i < n; i++) {
            referenced[btf.paramType(id, i)] = true;
          }
        }
        case DATASEC -> {
          for (int i = 0, n = btf.vlen(id); i < n; i++) {
            referenced[btf.varSecType(id, i)] = true;
          }
        }
      }
    }
  }

  /// Queues what `id` needs; returns whether it must be complete where it is used.
  private boolean visit(int id, boolean throughPtr) {
    if (state[id] == DONE) {
      return true;
    }
    BtfKind kind = btf.kind(id);
    if (state[id] == OPEN) {
      if (kind.isComposite() && throughPtr && btf.nameOff(id) != 0) {
        return false;
      }
      throw new BtfException("unsatisfiable type cycle, id:[" + id + "]");
    }
    limits.enter(id);
    boolean strong =
        switch (kind) {
          case INT, FLOAT, FUNC, VAR, DATASEC, DECL_TAG, UNKN -> {
            state[id] = DONE;
            yield false;
          }
          case PTR -> {
            boolean result = visit(btf.target(id), true);
            state[id] = DONE;
            yield result;
          }
          case ARRAY -> visit(btf.arrayElement(id), false);
          case VOLATILE, CONST, RESTRICT, TYPE_TAG -> visit(btf.target(id), throughPtr);
          case STRUCT, UNION -> composite(id, throughPtr);
          case ENUM, ENUM64, FWD -> {
            if (btf.nameOff(id) != 0 || !referenced[id]) {
              enqueue(id);
            }
            state[id] = DONE;
            yield true;
          }
          case TYPEDEF -> {
            boolean needed = visit(btf.target(id), throughPtr);
            if (throughPtr && !needed) {
              yield false;
            }
            enqueue(id);
            state[id] = DONE;
            yield true;
          }
          case FUNC_PROTO -> prototype(id, throughPtr);
        };
    limits.leave();
    return strong;
  }

  private boolean composite(int id, boolean throughPtr) {
    boolean named = btf.nameOff(id) != 0;
    if (throughPtr && named) {
      return false;
    }
    state[id] = OPEN;
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      visit(btf.memberType(id, i), false);
    }
    if (named) {
      enqueue(id);
    }
    state[id] = DONE;
    return true;
  }

  private boolean prototype(int id, boolean throughPtr) {
    boolean strong = visit(btf.target(id), throughPtr);
    for (int i = 0, n = btf.vlen(id); i < n; i++) {
      strong |= visit(btf.paramType(id, i), throughPtr);
    }
    return strong;
  }

  private void enqueue(int id) {
    if (queued == queue.length) {
      queue = Arrays.copyOf(queue, queued * 2);
    }
    queue[queued++] = id;
  }
}
