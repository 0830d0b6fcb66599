package bpf4j.model.proto;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// What a program may read and write of its context (or of a socket that a helper returned), and
/// what a load yields. The facts are in `ctx-layouts.tsv`, recorded from a live 6.18.
public final class CtxLayout {
  /// The greatest `size` of a `syscall` program's context, exclusive of its last byte.
  public static final int SYSCALL_CTX_MAX = 0xffff;

  /// How accesses are judged.
  public enum Rule {
    /// By the rows of this layout.
    TABLE,
    /// By the kernel's BTF of the attached function: tracing, LSM, struct_ops.
    BTF,
    /// A plain memory region of [#SYSCALL_CTX_MAX] bytes.
    REGION,
    /// Never.
    NONE
  }

  private record Key(String who, boolean bpf) {}

  private static final List<String[]> ROWS = ProtoText.rows("ctx-layouts.tsv");
  private static final Map<Key, CtxLayout> CACHE = new ConcurrentHashMap<>();
  private static final Map<String, Integer> STRUCT_SIZES = structSizes();

  private final Rule rule;
  private final String struct;
  private final int size;
  private final CtxField[] fields;

  private CtxLayout(Rule rule, String struct, int size, List<CtxField> fields) {
    this.rule = rule;
    this.struct = struct;
    this.size = size;
    this.fields = fields.toArray(CtxField[]::new);
  }

  /// The context of programs of this type; `attach` decides where one type has several forms.
  public static CtxLayout of(ProgType type, AttachType attach, Set<Capability> caps) {
    return switch (type) {
      case TRACING, LSM, STRUCT_OPS -> new CtxLayout(Rule.BTF, "", 0, List.of());
      case SYSCALL -> new CtxLayout(Rule.REGION, "", SYSCALL_CTX_MAX, List.of());
      case EXT, UNSPEC, LIRC_MODE2 -> new CtxLayout(Rule.NONE, "", 0, List.of());
      default -> table(type.name(), attach.name(), caps.contains(Capability.BPF));
    };
  }

  /// What may be read of a `sock`, `sock_common`, `tcp_sock` or `xdp_sock` pointer.
  public static CtxLayout ofPointer(String kind) {
    return table(kind.toUpperCase(Locale.ROOT), "", true);
  }

  private static CtxLayout table(String type, String attach, boolean bpf) {
    String who = type + "@" + attach;
    return CACHE.computeIfAbsent(new Key(who, bpf), k -> build(type, who, bpf));
  }

  private static CtxLayout build(String type, String who, boolean bpf) {
    String struct = "";
    for (String[] row : ROWS) {
      for (String w : row[7].split(" ", -1)) {
        String base = w.replace("+bpf", "");
        if (base.equals(type) || base.startsWith(type + "@")) {
          struct = row[0];
        }
      }
    }
    Map<Integer, CtxField> byOff = new HashMap<>();
    for (String[] row : ROWS) {
      if (!row[0].equals(struct)) {
        continue;
      }
      for (String w : row[7].split(" ", -1)) {
        String base = w.replace("+bpf", "");
        if ((base.equals(type) || base.equals(who)) && (bpf || base.equals(w))) {
          byOff.putIfAbsent(Integer.parseInt(row[2]), CtxField.parse(row));
        }
      }
    }
    List<CtxField> fields = new ArrayList<>(byOff.values());
    fields.sort(Comparator.comparingInt(CtxField::off));
    return new CtxLayout(Rule.TABLE, struct, STRUCT_SIZES.getOrDefault(struct, 0), fields);
  }

  private static Map<String, Integer> structSizes() {
    Map<String, Integer> sizes = new HashMap<>();
    for (String[] row : ROWS) {
      sizes.merge(row[0], Integer.parseInt(row[2]) + Integer.parseInt(row[3]), Math::max);
    }
    return sizes;
  }

  /// How accesses are judged.
  public Rule rule() {
    return rule;
  }

  /// The uapi struct's name, such as `__sk_buff`; empty where there is none.
  public String struct() {
    return struct;
  }

  /// Bytes of the context.
  public int size() {
    return size;
  }

  /// The fields that this kind of program may access, by offset.
  public List<CtxField> fields() {
    return List.of(fields);
  }

  /// All fields of a uapi context struct, accessible or not, by offset: for those who fill it.
  public static List<CtxField> allFields(String struct) {
    Map<Integer, CtxField> byOff = new HashMap<>();
    for (String[] row : ROWS) {
      if (row[0].equals(struct)) {
        byOff.putIfAbsent(Integer.parseInt(row[2]), CtxField.parse(row));
      }
    }
    List<CtxField> fields = new ArrayList<>(byOff.values());
    fields.sort(Comparator.comparingInt(CtxField::off));
    return fields;
  }

  /// The field that an access touches, or null where the kernel refuses it with `invalid
  /// bpf_context access`.
  ///
  /// @param off bytes from the start of the context, may be out of bounds
  /// @param bytes 1, 2, 4 or 8
  /// @param signExtend whether the load sign-extends, which pointers in 4 bytes do not stand
  public @Nullable CtxField access(int off, int bytes, boolean write, boolean signExtend) {
    int lo = 0;
    int hi = fields.length - 1;
    while (lo <= hi) {
      int mid = (lo + hi) >>> 1;
      CtxField f = fields[mid];
      if (off < f.off()) {
        hi = mid - 1;
      } else if (off >= f.end()) {
        lo = mid + 1;
      } else {
        boolean pointer = f.kind() != CtxKind.SCALAR;
        return f.allows(off, bytes, write) && !(signExtend && pointer) ? f : null;
      }
    }
    return null;
  }
}
