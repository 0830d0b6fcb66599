package bpf4j.model.btf.dump;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import java.io.IOException;

/// BTF types as C definitions that a compiler accepts, as libbpf's `btf_dump` writes them.
///
/// [#writeHeader] writes everything `bpftool btf dump file X format c` prints. To write a few
/// types, make a dump and call [#definition] for each: what one needs and is not yet written comes
/// first.
///
/// ```java
/// CDump.writeHeader(btf, System.out, true);
/// new CDump(btf, out).definition(btf.find("task_struct", BtfKind.STRUCT));
/// ```
///
/// The methods throw [bpf4j.model.btf.BtfException] on types that C cannot express (a struct that
/// contains itself) and on nesting beyond 512 levels. Not thread-safe.
public final class CDump {
  private static final byte EMITTING = 1;
  private static final byte EMITTED = 2;

  private static final String[][] MISSING_BASE_TYPES = {
    {"__Poly8_t", "unsigned char"},
    {"__Poly16_t", "unsigned short"},
    {"__Poly64_t", "unsigned long long"},
    {"__Poly128_t", "unsigned __int128"},
  };

  private final Btf btf;
  private final Appendable out;
  private final DumpLimits limits;
  private final DefinitionOrder order;
  private final CNames names;
  private final CDeclarations declarations;
  private final byte[] state;
  private final boolean[] declared;

  public CDump(Btf btf, Appendable out) {
    this.btf = btf;
    this.out = out;
    limits = new DumpLimits(btf);
    order = new DefinitionOrder(btf, limits);
    names = new CNames(btf);
    declarations = new CDeclarations(btf, out, names, limits);
    state = new byte[btf.typeCount()];
    state[0] = EMITTED;
    declared = new boolean[btf.typeCount()];
  }

  /// Writes a whole header: prologue, all types, the prototypes of kfuncs, epilogue.
  ///
  /// @param sorted whether definitions are sorted by kind and name, bpftool's default, or follow
  ///   the type ids, its `unsorted`
  public static void writeHeader(Btf btf, Appendable out, boolean sorted) throws IOException {
    VmlinuxHeader.write(btf, out, sorted);
  }

  /// Writes the definition of type `id` and, before it, of all it needs, save what this dump has
  /// written already. Types that are no definitions (pointers, functions, …) only write their
  /// needs.
  public void definition(int id) throws IOException {
    limits.reset();
    for (int next : order.orderFor(id)) {
      emit(next, 0);
    }
  }

  /// Writes a declaration of a variable, member, parameter or function called `name`, without a
  /// semicolon: `const char *name[4]`. Unnamed structs are written out within it.
  public void declaration(int typeId, String name) throws IOException {
    limits.reset();
    declarations.declare(typeId, name, 0);
  }

  /// Writes `id` if it is a definition of its own (`container` 0), or declares forward what the
  /// struct, union or typedef `container` needs of it.
  private void emit(int id, int container) throws IOException {
    if (state[id] == EMITTED) {
      return;
    }
    BtfKind kind = btf.kind(id);
    if (state[id] == EMITTING) {
      declareWhileOpen(id, kind, container);
      return;
    }
    limits.enter(id);
    switch (kind) {
      case INT -> {
        alias(id);
        state[id] = EMITTED;
      }
      case ENUM, ENUM64 -> {
        if (container == 0) {
          declarations.enumDefinition(id, 0);
          end();
        }
        state[id] = EMITTED;
      }
      case PTR, VOLATILE, CONST, RESTRICT, TYPE_TAG -> emit(btf.target(id), container);
      case ARRAY -> emit(btf.arrayElement(id), container);
      case FWD -> {
        declarations.forward(id);
        end();
        state[id] = EMITTED;
      }
      case TYPEDEF -> {
        state[id] = EMITTING;
        emit(btf.target(id), id);
        if (!declared[id]) {
          typedef(id);
        }
        state[id] = EMITTED;
      }
      case STRUCT, UNION -> composite(id, container);
      case FUNC_PROTO -> {
        emit(btf.target(id), container);
        for (int i = 0, n = btf.vlen(id); i < n; i++) {
          emit(btf.paramType(id, i), container);
        }
      }
      case UNKN, FUNC, VAR, DATASEC, FLOAT, DECL_TAG -> {}
    }
    limits.leave();
  }

  /// A reference back to something that is just being written: it must be declared, once.
  private void declareWhileOpen(int id, BtfKind kind, int container) throws IOException {
    if (declared[id]) {
      return;
    }
    if (kind.isComposite()) {
      if (id == container || btf.nameOff(id) == 0) {
        return;
      }
      declarations.composite(id);
      end();
      declared[id] = true;
    } else if (kind == BtfKind.TYPEDEF) {
      typedef(id);
      declared[id] = true;
    }
  }

  private void composite(int id, int container) throws IOException {
    boolean named = btf.nameOff(id) != 0;
    state[id] = EMITTING;
    if (container == 0 || !named) {
      int inside = named ? id : container;
      for (int i = 0, n = btf.vlen(id); i < n; i++) {
        emit(btf.memberType(id, i), inside);
      }
    } else if (!declared[id] && id != container) {
      declarations.composite(id);
      end();
      declared[id] = true;
    }
    if (container == 0) {
      declarations.structDefinition(id, 0);
      end();
      state[id] = EMITTED;
    } else {
      state[id] = 0;
    }
  }

  private void typedef(int id) throws IOException {
    // A compiler knows this one by itself and would refuse it.
    if (btf.nameEquals(id, "__builtin_va_list")) {
      return;
    }
    String name = names.identifier(id);
    if (btf.target(id) == 0 && name.equals("__gnuc_va_list")) {
      out.append("typedef __builtin_va_list __gnuc_va_list");
    } else {
      out.append("typedef ");
      declarations.declare(btf.target(id), name, 0);
    }
    end();
  }

  /// GCC's internal vector types have no definition anywhere, so they get one.
  private void alias(int id) throws IOException {
    String name = names.tag(id);
    for (String[] missing : MISSING_BASE_TYPES) {
      if (missing[0].equals(name)) {
        out.append("typedef ").append(missing[1]).append(' ').append(name);
        end();
      }
    }
  }

  private void end() throws IOException {
    out.append(";\n\n");
  }
}
