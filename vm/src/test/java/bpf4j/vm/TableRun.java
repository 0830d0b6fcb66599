package bpf4j.vm;

import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.vm.kernel.VirtualKernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Runs raw programs that the kernel accepted and test-ran, in every tier, and compares. A
/// developer's tool, as [CorpusRun].
///
/// Usage: `TableRun FILE`, with tab-separated lines: name, program type, maps as
/// `name:type:key:value:max` (comma-separated), instructions (hex), runs as `retval:errno:data`
/// (comma-separated).
public final class TableRun {
  private TableRun() {}

  public static void main(String[] args) throws Exception {
    Map<String, Integer> tally = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of(args[0]), StandardCharsets.UTF_8)) {
      String[] f = line.split("\t", -1);
      for (Tier tier : new Tier[] {Tier.INTERP, Tier.CHECKED, Tier.JIT}) {
        for (String run : f[4].split(",", -1)) {
          String[] expected = run.split(":", -1);
          String want = expected[1].equals("0") ? expected[0] : "errno " + expected[1];
          String got = once(f, tier, expected[2]);
          boolean agree = want.equals(got);
          tally.merge(tier + (agree ? " agree" : " differ"), 1, Integer::sum);
          if (!agree) {
            System.out.printf("%s: %s want %s got %s%n", f[0], tier, want, got);
          }
        }
      }
    }
    System.out.println(tally);
  }

  private static String once(String[] f, Tier tier, String data) {
    try (Collection c = Collection.create(new VirtualKernel(), null)) {
      List<MapSpec> maps = new ArrayList<>();
      for (String m : f[2].isEmpty() ? new String[0] : f[2].split(",", -1)) {
        String[] p = m.split(":", -1);
        MapSpec spec =
            MapSpec.of(
                p[0],
                MapType.valueOf(p[1]),
                Integer.parseInt(p[2]),
                Integer.parseInt(p[3]),
                Integer.parseInt(p[4]),
                0);
        maps.add(spec);
        c.createMap(spec);
        if (p[0].equals("map_array_48b")) {
          byte[] value = new byte[48];
          GuestWords.putU32(value, 0, 28);
          GuestWords.putU32(value, 28, 0xabcdef12);
          c.map(p[0]).update(new byte[4], value);
        }
      }
      byte[] code = HexFormat.of().parseHex(f[3]);
      long[] insns = new long[code.length / 8];
      ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(insns);
      ProgType type = ProgType.ofId(Integer.parseInt(f[1]));
      Program program = c.addTrusted(ProgramSpec.of("table", type, insns, maps));
      byte[] in = HexFormat.of().parseHex(data);
      TestRun run = TestRun.of(java.util.Arrays.copyOf(in, 64)).withDataOutSize(256).withTier(tier);
      if (type == ProgType.SYSCALL) {
        run = TestRun.EMPTY.withTier(tier);
      }
      c.setBudget(1L << 28);
      return Integer.toString(program.testRun(run).retval());
    } catch (TestRunException e) {
      return "errno " + e.errno().code();
    } catch (Exception | Error e) {
      return e.getClass().getSimpleName() + ": " + e.getMessage();
    }
  }
}
