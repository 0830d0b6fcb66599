package bpf4j.model.proto;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// All helpers of Linux 6.18: their prototypes, and which program may call which.
///
/// The facts are in `helpers.tsv` and `helper-sets.tsv`; the second was checked against a live 6.18
/// for every program type, attach type and helper.
public final class HelperTable {
  /// LSM hooks whose socket is locked or not, where `bpf_setsockopt` and `bpf_getsockopt` are
  /// allowed.
  private static final Set<String> LSM_SOCKOPT_HOOKS =
      Set.of(
          "bpf_lsm_sock_graft",
          "bpf_lsm_inet_csk_clone",
          "bpf_lsm_inet_conn_established",
          "bpf_lsm_socket_post_create",
          "bpf_lsm_socket_socketpair");

  private record Row(String variant, List<String> conditions) {}

  private static final Map<Integer, Map<String, HelperProto>> PROTOS = new HashMap<>();
  private static final Map<String, Integer> IDS = new HashMap<>();
  private static final Map<String, List<String>> CHAINS = new HashMap<>();
  private static final Map<String, Map<Integer, List<Row>>> SETS = new HashMap<>();
  private static final int MAX_ID;

  static {
    int max = 0;
    for (String[] row : ProtoText.rows("helpers.tsv")) {
      HelperProto proto = HelperProto.parse(row);
      PROTOS.computeIfAbsent(proto.id(), id -> new HashMap<>()).put(proto.variant(), proto);
      IDS.put(proto.name(), proto.id());
      max = Math.max(max, proto.id());
    }
    MAX_ID = max;
    for (String[] row : ProtoText.rows("helper-sets.tsv")) {
      List<String> fields = Arrays.asList(row);
      if (row[0].startsWith("= ")) {
        CHAINS.put(row[0].substring(2), List.copyOf(fields.subList(1, row.length)));
        continue;
      }
      Integer id = IDS.get(row[1]);
      if (id == null) {
        throw new IllegalStateException("helper-sets.tsv names an unknown helper " + row[1]);
      }
      SETS.computeIfAbsent(row[0], s -> new HashMap<>())
          .computeIfAbsent(id, i -> new ArrayList<>())
          .add(new Row(row[2], List.copyOf(fields.subList(3, row.length))));
    }
  }

  private HelperTable() {}

  /// The greatest helper number of 6.18.
  public static int maxId() {
    return MAX_ID;
  }

  /// Whether 6.18 has a helper with this number.
  public static boolean exists(int id) {
    return PROTOS.containsKey(id);
  }

  /// The name as the log prints it: `bpf_map_lookup_elem`, or `unknown` for a number that 6.18
  /// lacks.
  public static String kernelName(int id) {
    Map<String, HelperProto> variants = PROTOS.get(id);
    return variants == null ? "unknown" : variants.values().iterator().next().kernelName();
  }

  /// The number of the helper named without `bpf_`; throws [IllegalArgumentException] where there
  /// is none.
  public static int id(String name) {
    Integer id = IDS.get(name);
    if (id == null) {
      throw new IllegalArgumentException("no helper bpf_" + name);
    }
    return id;
  }

  /// All prototypes with the number `id`, empty where 6.18 has none.
  public static List<HelperProto> variants(int id) {
    Map<String, HelperProto> variants = PROTOS.get(id);
    return variants == null ? List.of() : List.copyOf(variants.values());
  }

  /// The prototype that a program of this scope sees, or null where it may not call the helper.
  public static @Nullable HelperProto lookup(int id, HelperScope scope) {
    for (String set : chain(scope)) {
      Map<Integer, List<Row>> rows = SETS.get(set);
      if (rows == null) {
        continue;
      }
      for (Row row : rows.getOrDefault(id, List.of())) {
        if (row.conditions().stream().allMatch(c -> holds(c, scope))) {
          Map<String, HelperProto> variants = PROTOS.get(id);
          return variants == null ? null : variants.get(row.variant());
        }
      }
    }
    return null;
  }

  private static List<String> chain(HelperScope scope) {
    String type = scope.type().name();
    String key = type;
    if (scope.type() == ProgType.STRUCT_OPS || scope.attach() == AttachType.TRACE_ITER) {
      key = type + "." + scope.target();
    } else if (scope.type() == ProgType.LSM && scope.attach() == AttachType.LSM_CGROUP) {
      key = "LSM.cgroup";
    }
    List<String> chain = CHAINS.get(key);
    return chain != null ? chain : CHAINS.getOrDefault(type, List.of());
  }

  private static boolean holds(String condition, HelperScope scope) {
    int eq = condition.indexOf('=');
    String value = condition.substring(eq + 1);
    return switch (eq < 0 ? condition : condition.substring(0, eq)) {
      case "cap" -> scope.caps().contains(Capability.valueOf(value.toUpperCase(Locale.ROOT)));
      case "attach" -> List.of(value.split(",", -1)).contains(scope.attach().name());
      case "sleepable" -> scope.sleepable();
      case "trampoline" -> scope.hasTrampoline();
      case "member!" -> !scope.member().equals(value);
      case "lsm_sockopt_hook" -> LSM_SOCKOPT_HOOKS.contains(scope.target());
      case "kernel" -> false;
      default -> throw new IllegalStateException("helper-sets.tsv: condition " + condition);
    };
  }
}
