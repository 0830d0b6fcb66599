package bpf4j.cli;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a loader that knows nothing of an object's own user space sets before it asks the verifier:
/// sizes of maps that the object leaves open, load flags that annotations ask for, another type.
final class LoadFixes {
  private static final int RING_BYTES = 4096;
  private static final int TESTING_FLAGS =
      ProgramSpec.F_TEST_RND_HI32 | ProgramSpec.F_TEST_REG_INVARIANTS;
  private static final String COMMENT = "comment:";
  private static final String FLAGS = "test_prog_flags=";
  private static final Map<String, Integer> FLAG_NAMES =
      Map.of(
          "BPF_F_STRICT_ALIGNMENT", ProgramSpec.F_STRICT_ALIGNMENT,
          "BPF_F_ANY_ALIGNMENT", ProgramSpec.F_ANY_ALIGNMENT,
          "BPF_F_TEST_RND_HI32", ProgramSpec.F_TEST_RND_HI32,
          "BPF_F_TEST_STATE_FREQ", ProgramSpec.F_TEST_STATE_FREQ,
          "BPF_F_SLEEPABLE", ProgramSpec.F_SLEEPABLE,
          "BPF_F_XDP_HAS_FRAGS", ProgramSpec.F_XDP_HAS_FRAGS,
          "BPF_F_TEST_REG_INVARIANTS", ProgramSpec.F_TEST_REG_INVARIANTS);

  private final Map<MapSpec, MapSpec> maps = new IdentityHashMap<>();
  private final Map<String, Integer> flags;
  private final @Nullable ProgType type;

  /// @param sizes whether open map sizes are set
  /// @param annotations whether annotations are followed
  /// @param type the type of all programs, or null for their own
  LoadFixes(CollectionSpec spec, boolean sizes, boolean annotations, @Nullable ProgType type) {
    if (sizes) {
      for (MapSpec map : spec.maps()) {
        maps.put(map, sized(map));
      }
    }
    Btf btf = spec.btf();
    flags = annotations && btf != null ? annotatedFlags(btf) : Map.of();
    this.type = type;
  }

  /// The program as it is loaded.
  ProgramSpec apply(ProgramSpec p) {
    List<MapSpec> used = p.maps().stream().map(m -> maps.getOrDefault(m, m)).toList();
    return new ProgramSpec(
        p.name(),
        p.section(),
        type == null ? p.type() : type,
        type == null ? p.attachType() : null,
        p.attachTo(),
        p.attachBtfId(),
        p.progFlags() | flags.getOrDefault(p.name(), 0),
        p.license(),
        p.kernVersion(),
        p.autoload(),
        p.insns(),
        used,
        p.btf(),
        p.funcInfo(),
        p.lineInfo(),
        type == null ? p.expectedAttachType() : 0,
        p.loadError());
  }

  private static MapSpec sized(MapSpec map) {
    if (map.maxEntries() != 0) {
      return map;
    }
    return switch (map.type()) {
      case RINGBUF, USER_RINGBUF -> map.withMaxEntries(RING_BYTES);
      case HASH,
          ARRAY,
          PROG_ARRAY,
          PERCPU_ARRAY,
          PERCPU_HASH,
          LRU_HASH,
          LRU_PERCPU_HASH,
          SOCKMAP,
          SOCKHASH,
          DEVMAP,
          CPUMAP,
          STACK_TRACE,
          ARENA,
          QUEUE,
          STACK,
          BLOOM_FILTER,
          XSKMAP ->
          map.withMaxEntries(1);
      case UNSPEC,
          PERF_EVENT_ARRAY,
          CGROUP_ARRAY,
          LPM_TRIE,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS,
          CGROUP_STORAGE,
          REUSEPORT_SOCKARRAY,
          PERCPU_CGROUP_STORAGE,
          SK_STORAGE,
          DEVMAP_HASH,
          STRUCT_OPS,
          INODE_STORAGE,
          TASK_STORAGE,
          CGRP_STORAGE ->
          map;
    };
  }

  /// Load flags by function name, from declaration tags `comment:test_prog_flags=NAME`, also with a
  /// number before the word.
  private static Map<String, Integer> annotatedFlags(Btf btf) {
    Map<String, Integer> found = new HashMap<>();
    for (int id = btf.startId(); id < btf.typeCount(); id++) {
      if (btf.kind(id) != BtfKind.DECL_TAG || btf.declTagComponent(id) != -1) {
        continue;
      }
      String text = btf.name(id);
      int target = btf.target(id);
      if (text.startsWith(COMMENT) && btf.kind(target) == BtfKind.FUNC) {
        int bits = flagsOf(text.substring(COMMENT.length()).replaceFirst("^\\d+:", ""));
        if (bits != 0) {
          found.merge(btf.name(target), bits, (a, b) -> a | b);
        }
      }
    }
    return found;
  }

  private static int flagsOf(String annotation) {
    if (!annotation.startsWith(FLAGS)) {
      return 0;
    }
    String value = annotation.substring(FLAGS.length());
    Integer known = FLAG_NAMES.get(value);
    if (known != null) {
      return known & ~TESTING_FLAGS;
    }
    return value.matches("\\d{1,9}") ? Integer.parseInt(value) & ~TESTING_FLAGS : 0;
  }
}
