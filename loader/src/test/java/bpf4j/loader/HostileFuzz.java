package bpf4j.loader;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/// Opens damaged copies of objects: cut off, or with bytes changed. Every one has to end in a spec
/// or in an [ElfException], soon and without using much memory.
///
/// As a program: `HostileFuzz SEED MUTATIONS FILE…`.
final class HostileFuzz {
  private static final long MAX_NANOS = 5_000_000_000L;
  private static final long BASE_BYTES = 64L << 20;
  private static final int BYTES_PER_BYTE = 20;

  private final LoadOptions options;
  private long worstNanos;
  private long worstBytes;
  private int specs;
  private int refusals;

  HostileFuzz(TargetKernel kernel) {
    this.options = new LoadOptions(null, true, kernel);
  }

  public static void main(String[] args) throws IOException {
    HostileFuzz fuzz = new HostileFuzz(TargetKernel.running());
    Random random = new Random(Long.parseLong(args[0]));
    int mutations = Integer.parseInt(args[1]);
    for (int i = 2; i < args.length; i++) {
      Path file = Path.of(args[i]);
      byte[] good = Files.readAllBytes(file);
      if (mutations == 0) {
        for (int length = 0; length < good.length; length++) {
          fuzz.cut(good, length, file.toString());
        }
      }
      for (int m = 0; m < mutations; m++) {
        fuzz.mutate(good, random, file.toString());
      }
    }
    System.out.println(fuzz);
  }

  /// Opens the first `length` bytes.
  void cut(byte[] good, int length, String name) {
    open(Arrays.copyOf(good, length), name + " cut at " + length);
  }

  /// Opens a copy with one byte changed, and sometimes a few more.
  void mutate(byte[] good, Random random, String name) {
    byte[] bad = good.clone();
    StringBuilder what = new StringBuilder(name);
    int n = random.nextInt(4) == 0 ? 1 + random.nextInt(4) : 1;
    for (int i = 0; i < n; i++) {
      int at = random.nextInt(bad.length);
      byte value =
          switch (random.nextInt(4)) {
            case 0 -> (byte) 0xff;
            case 1 -> (byte) (bad[at] + 1);
            case 2 -> (byte) (bad[at] ^ (1 << random.nextInt(8)));
            default -> (byte) random.nextInt(256);
          };
      bad[at] = value;
      what.append(" [").append(at).append("]=").append(value & 0xff);
    }
    open(bad, what.toString());
  }

  /// Opens `bytes`. Throws [AssertionError] naming `what` when anything but a spec or a refusal
  /// comes of it.
  void open(byte[] bytes, String what) {
    long nanos = System.nanoTime();
    long allocated = allocatedBytes();
    try {
      SpecJson.lines(ObjectLoader.open(bytes, "hostile.o", options));
      specs++;
    } catch (ElfException e) {
      refusals++;
      if (e.reason().isBlank() || e.reason().contains("\n")) {
        throw new AssertionError(what + ": message is not one line: " + e.reason());
      }
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(what + ": " + e, e);
    }
    nanos = System.nanoTime() - nanos;
    allocated = allocatedBytes() - allocated;
    worstNanos = Math.max(worstNanos, nanos);
    worstBytes = Math.max(worstBytes, allocated);
    if (nanos > MAX_NANOS) {
      throw new AssertionError(what + ": " + nanos / 1_000_000 + " ms");
    }
    if (allocated > BASE_BYTES + (long) BYTES_PER_BYTE * bytes.length) {
      throw new AssertionError(what + ": " + allocated + " bytes allocated for " + bytes.length);
    }
  }

  /// Bytes this thread has allocated so far, 0 where the JVM does not tell. By reflection, because
  /// the module under test does not read the management modules.
  private static long allocatedBytes() {
    try {
      Object bean =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      Method allocated =
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes");
      return (long) allocated.invoke(bean);
    } catch (ReflectiveOperationException e) {
      return 0;
    }
  }

  @Override
  public String toString() {
    return specs
        + " specs, "
        + refusals
        + " refusals, at most "
        + worstNanos / 1_000_000
        + " ms and "
        + (worstBytes >> 10)
        + " KiB";
  }
}
