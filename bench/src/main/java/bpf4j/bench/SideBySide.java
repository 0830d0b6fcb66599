package bpf4j.bench;

import bpf4j.loader.ElfException;
import bpf4j.loader.LoadOptions;
import bpf4j.loader.ObjectLoader;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.vm.Collection;
import bpf4j.vm.RunResult;
import bpf4j.vm.TestRun;
import bpf4j.vm.Tier;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/// Runs every program of an object here and in the kernel, in turns, and prints the least time of
/// each and their ratio; the program `empty` is subtracted on both sides.
///
/// Usage: `SideBySide OBJECT KERNEL_BENCH [ROUNDS [TIER]]`, where KERNEL_BENCH is the program made
/// of `kernel-bench.c`, or `-` to measure only here. `bench/run.sh` builds and calls everything.
public final class SideBySide {
  private static final int WARM_UP_RUNS = 100_000;

  /// Short samples: on a busy machine a long one is sure to be interrupted.
  private static final int REPEAT = 300;

  private static final int SAMPLES = 40;
  private static final int KERNEL_SAMPLES = 10;

  private final Collection programs;
  private final Tier tier;
  private final byte[] packet = packet();
  private final Map<String, Double> ours = new LinkedHashMap<>();
  private final Map<String, Double> kernel = new LinkedHashMap<>();
  private final Map<String, Long> ourRetval = new LinkedHashMap<>();
  private final Map<String, Long> kernelRetval = new LinkedHashMap<>();

  private SideBySide(Collection programs, Tier tier) {
    this.programs = programs;
    this.tier = tier;
  }

  public static void main(String[] args) throws IOException, ElfException {
    if (args.length < 2) {
      System.err.println("usage: SideBySide OBJECT KERNEL_BENCH|- [ROUNDS [TIER]]");
      System.exit(2);
    }
    int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 5;
    Tier tier = args.length > 3 ? Tier.valueOf(args[3].toUpperCase(Locale.ROOT)) : Tier.JIT;
    CollectionSpec spec = ObjectLoader.open(Path.of(args[0]), LoadOptions.defaults());
    try (Collection programs = Collection.load(spec)) {
      SideBySide bench = new SideBySide(programs, tier);
      bench.warmUp(spec);
      if (args[1].equals("-")) {
        bench.round(spec, rounds);
      } else {
        bench.roundsWithKernel(spec, args[0], args[1], rounds);
      }
      bench.print();
    }
  }

  /// UDP over IPv4, 1500 bytes; `kernel-bench.c` makes the same.
  private static byte[] packet() {
    byte[] packet = new byte[1500];
    for (int i = 0; i < packet.length; i++) {
      packet[i] = (byte) (i * 37 + (i >> 8));
    }
    packet[12] = 8;
    packet[13] = 0;
    packet[14] = 0x45;
    packet[23] = 17;
    return packet;
  }

  private RunResult run(String name, int repeat) {
    return programs.program(name).testRun(TestRun.of(packet).withTier(tier).withRepeat(repeat));
  }

  private void warmUp(CollectionSpec spec) {
    if (spec.program("setup").isPresent()) {
      run("setup", 1);
    }
    for (ProgramSpec program : spec.programs()) {
      if (!program.name().equals("setup")) {
        run(program.name(), WARM_UP_RUNS);
      }
    }
  }

  private void round(CollectionSpec spec, int rounds) {
    for (ProgramSpec program : spec.programs()) {
      String name = program.name();
      if (name.equals("setup")) {
        continue;
      }
      for (int i = 0; i < SAMPLES * rounds; i++) {
        RunResult result = run(name, REPEAT);
        ours.merge(name, (double) result.durationNanos(), Math::min);
        ourRetval.put(name, Integer.toUnsignedLong(result.retval()));
      }
    }
  }

  private void roundsWithKernel(CollectionSpec spec, String object, String command, int rounds)
      throws IOException {
    Process process =
        new ProcessBuilder(command, object, Integer.toString(REPEAT))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedWriter out = process.outputWriter();
        BufferedReader in = process.inputReader()) {
      for (int i = 0; i < rounds; i++) {
        for (int k = 0; k < KERNEL_SAMPLES; k++) {
          kernelRound(out, in);
        }
        round(spec, 1);
      }
    }
  }

  private void kernelRound(BufferedWriter out, BufferedReader in) throws IOException {
    out.write("\n");
    out.flush();
    while (true) {
      String line = in.readLine();
      if (line == null) {
        throw new IOException("kernel-bench ended early");
      }
      if (line.isEmpty()) {
        return;
      }
      String[] fields = line.split(" ");
      kernel.merge(fields[0], Double.valueOf(fields[2]), Math::min);
      kernelRetval.put(fields[0], Long.valueOf(fields[1]));
    }
  }

  private void print() {
    double base = ours.getOrDefault("empty", 0.0);
    double kernelBase = kernel.getOrDefault("empty", 0.0);
    System.out.printf("| program | ours, ns | kernel, ns | ratio |%n|---|---|---|---|%n");
    ours.forEach((name, nanos) -> {
      Double theirs = kernel.get(name);
      if (name.equals("empty")) {
        return;
      }
      if (theirs == null) {
        System.out.printf(Locale.ROOT, "| %s | %.0f | | |%n", name, nanos - base);
        return;
      }
      System.out.printf(
          Locale.ROOT,
          "| %s | %.0f | %.0f | %.2f |%s%n",
          name,
          nanos - base,
          theirs - kernelBase,
          (nanos - base) / (theirs - kernelBase),
          Objects.equals(ourRetval.get(name), kernelRetval.get(name)) ? "" : " other result");
    });
  }
}
