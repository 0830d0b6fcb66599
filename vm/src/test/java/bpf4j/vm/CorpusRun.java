package bpf4j.vm;

import bpf4j.loader.LoadOptions;
import bpf4j.loader.ObjectLoader;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapSpec.InitialSlot;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.vm.kernel.VirtualKernel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Runs every program of a corpus that the kernel accepted and test-ran, in every tier, and
/// compares the return values. A developer's tool: not a test, because the corpus is not in the
/// repository.
///
/// Usage: `CorpusRun RUNS OBJECTS [NAME]`, where RUNS has one line a run, tab-separated: object,
/// program, errno, return value, linear size (0: all); OBJECTS is the folder of the objects.
public final class CorpusRun {
  private record Row(String object, String program, int errno, int retval, int linear) {}

  private final Path objects;
  private final Map<String, CollectionSpec> specs = new HashMap<>();
  private final Map<String, Integer> tally = new TreeMap<>();

  private CorpusRun(Path objects) {
    this.objects = objects;
  }

  public static void main(String[] args) throws Exception {
    CorpusRun runs = new CorpusRun(Path.of(args[1]));
    int total = 0;
    for (String line : Files.readAllLines(Path.of(args[0]), StandardCharsets.UTF_8)) {
      String[] f = line.split("\t", -1);
      if (args.length > 2 && !(f[0] + "/" + f[1]).contains(args[2])) {
        continue;
      }
      total++;
      runs.run(
          new Row(
              f[0],
              f[1],
              Integer.parseInt(f[2]),
              (int) Long.parseLong(f[3]),
              Integer.parseInt(f[4])),
          args.length > 3);
    }
    System.out.println(total + " runs: " + runs.tally);
  }

  private void run(Row row, boolean trace) {
    List<String> results = new ArrayList<>();
    for (Tier tier : new Tier[] {Tier.INTERP, Tier.CHECKED, Tier.JIT}) {
      String result;
      try {
        result = once(row, tier);
      } catch (Exception | Error e) {
        if (trace) {
          e.printStackTrace();
        }
        String message = String.valueOf(e.getMessage());
        result =
            e.getClass().getSimpleName()
                + ": "
                + message.lines().findFirst().orElse("").replaceAll("0x[0-9a-f]+", "0x");
      }
      results.add(result);
    }
    String want = row.errno != 0 ? "errno " + row.errno : "retval " + row.retval;
    boolean agree = results.stream().allMatch(want::equals);
    tally.merge(agree ? "agree" : "differ", 1, Integer::sum);
    if (!agree) {
      System.out.printf("%s/%s want %s got %s%n", row.object, row.program, want, results);
    }
  }

  private CollectionSpec spec(String object) {
    return specs.computeIfAbsent(
        object,
        o -> {
          try {
            return ObjectLoader.open(
                objects.resolve(o + ".o"),
                LoadOptions.defaults()
                    .withRelaxedMaps(true)
                    .withKernel(bpf4j.loader.TargetKernel.running()));
          } catch (java.io.IOException | bpf4j.loader.ElfException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private String once(Row row, Tier tier) {
    CollectionSpec spec = spec(row.object);
    ProgramSpec program = spec.program(row.program).orElseThrow();
    try (Collection c = Collection.create(new VirtualKernel(), KernelTypes.BTF)) {
      List<MapSpec> all = new ArrayList<>(program.maps());
      for (MapSpec m : spec.maps()) {
        if (all.stream().noneMatch(x -> x.name().equals(m.name()))) {
          all.add(m);
        }
      }
      for (MapSpec m : all) {
        try {
          c.createMap(withMaxEntries(m));
        } catch (CollectionException e) {
          if (program.maps().contains(m)) {
            throw e;
          }
        }
      }
      for (ProgramSpec p : spec.programs()) {
        boolean target =
            all.stream()
                .flatMap(m -> m.initialSlots().stream())
                .map(InitialSlot::target)
                .anyMatch(p.name()::equals);
        if (target && !p.equals(program)) {
          c.addTrusted(p);
        }
      }
      c.addTrusted(program);
      c.fillSlots(all);
      fillAsTheOracle(row, c);
      TestRun run = TestRun.EMPTY.withTier(tier);
      if (program.type() != ProgType.SYSCALL) {
        run = run.withData(new byte[64]).withDataOutSize(256);
      }
      if (row.linear != 0) {
        byte[] ctx = new byte[192];
        GuestWords.putU32(ctx, 80, row.linear);
        run = run.withCtx(ctx);
      }
      c.setBudget(1L << 28);
      return "retval " + c.program(row.program).testRun(run).retval();
    } catch (TestRunException e) {
      return "errno " + e.errno().code();
    }
  }

  /// The oracle puts the selftests' `struct test_val` into two maps.
  private static void fillAsTheOracle(Row row, Collection c) {
    String name =
        switch (row.object) {
          case "verifier_array_access" -> "map_array_ro";
          case "verifier_value_ptr_arith" -> "map_array_48b";
          default -> "";
        };
    for (var map : c.maps()) {
      if (map.name().equals(name)) {
        byte[] value = new byte[48];
        GuestWords.putU32(value, 0, 28);
        GuestWords.putU32(value, 4 + 6 * 4, 0xabcdef12);
        map.update(new byte[4], value);
      }
    }
  }

  private static MapSpec withMaxEntries(MapSpec m) {
    if (m.maxEntries() != 0) {
      return m;
    }
    return switch (m.type()) {
      case RINGBUF, USER_RINGBUF -> m.withMaxEntries(4096);
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
          m.withMaxEntries(1);
      default -> m;
    };
  }

  /// Types of the running kernel, for kfunc numbers.
  private static final class KernelTypes {
    static final bpf4j.model.btf.@org.jspecify.annotations.Nullable Btf BTF = read();

    private static bpf4j.model.btf.@org.jspecify.annotations.Nullable Btf read() {
      try {
        return bpf4j.model.btf.Btf.parse(Files.readAllBytes(Path.of("/sys/kernel/btf/vmlinux")));
      } catch (java.io.IOException e) {
        return null;
      }
    }
  }
}
