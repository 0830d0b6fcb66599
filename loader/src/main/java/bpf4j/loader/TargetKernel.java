package bpf4j.loader;

import bpf4j.loader.core.CoreTarget;
import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// The kernel that objects are loaded for: its types, configuration, symbols, version and CPUs.
///
/// What is read from a machine is read when first asked for, once. Share one instance between
/// loads: the index of its types is built once as well.
public final class TargetKernel {
  private static final int DEFAULT_VERSION = 6 << 16 | 18 << 8;
  private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?.*");
  private static final Path BTF = Path.of("/sys/kernel/btf/vmlinux");
  private static final long MAX_TEXT = 64L << 20;

  private final Lazy<CoreTarget> core;
  private final Lazy<String> config;
  private final Lazy<Map<String, Long>> symbols;
  private final int version;
  private final int cpus;

  private TargetKernel(
      Lazy<CoreTarget> core,
      Lazy<String> config,
      Lazy<Map<String, Long>> symbols,
      int version,
      int cpus) {
    this.core = core;
    this.config = config;
    this.symbols = symbols;
    this.version = version;
    this.cpus = cpus;
  }

  /// The kernel this JVM runs on. On a machine without one of its files (no Linux, no BTF) what
  /// that file would say is unknown, and the version is 6.18.
  public static TargetKernel running() {
    String release = text(Path.of("/proc/sys/kernel/osrelease"));
    String name = release == null ? "" : release.strip();
    return new TargetKernel(
        new Lazy<>(() -> readBtf(BTF)),
        new Lazy<>(() -> readConfig(name)),
        new Lazy<>(TargetKernel::readSymbols),
        versionOf(name),
        possibleCpus());
  }

  /// A kernel of which nothing is known but that it is a 6.18 with one CPU.
  public static TargetKernel unknown() {
    return new TargetKernel(
        new Lazy<>(() -> null), new Lazy<>(() -> null), new Lazy<>(() -> null), DEFAULT_VERSION, 1);
  }

  /// The same kernel with these types.
  public TargetKernel withBtf(Btf btf) {
    return new TargetKernel(new Lazy<>(() -> new CoreTarget(btf)), config, symbols, version, cpus);
  }

  /// The same kernel with the types in a file of raw BTF, read when first needed.
  public TargetKernel withBtf(Path file) {
    return new TargetKernel(new Lazy<>(() -> readBtf(file)), config, symbols, version, cpus);
  }

  /// The same kernel with this configuration, lines such as `CONFIG_HZ=1000`.
  public TargetKernel withConfig(String text) {
    return new TargetKernel(core, new Lazy<>(() -> text), symbols, version, cpus);
  }

  /// The same kernel with these symbols and their addresses.
  public TargetKernel withSymbols(Map<String, Long> addresses) {
    Map<String, Long> copy = Map.copyOf(addresses);
    return new TargetKernel(core, config, new Lazy<>(() -> copy), version, cpus);
  }

  /// The same kernel with this version, `major << 16 | minor << 8 | patch`.
  public TargetKernel withVersion(int number) {
    return new TargetKernel(core, config, symbols, number, cpus);
  }

  /// The same kernel with this number of possible CPUs.
  public TargetKernel withCpus(int count) {
    return new TargetKernel(core, config, symbols, version, count);
  }

  /// The kernel's types, or null where they are not known.
  public @Nullable Btf btf() {
    CoreTarget target = core.get();
    return target == null ? null : target.btf();
  }

  /// The kernel's types with their index for CO-RE, or null where they are not known.
  public @Nullable CoreTarget core() {
    return core.get();
  }

  /// The kernel's configuration, or null where it is not known.
  public @Nullable String config() {
    return config.get();
  }

  /// Addresses by symbol, or null where they are not known.
  public @Nullable Map<String, Long> symbols() {
    return symbols.get();
  }

  /// `major << 16 | minor << 8 | patch`, the patch level at most 255.
  public int version() {
    return version;
  }

  /// Number of possible CPUs.
  public int cpus() {
    return cpus;
  }

  private static int versionOf(String release) {
    Matcher m = RELEASE.matcher(release);
    if (!m.matches()) {
      return DEFAULT_VERSION;
    }
    int patch = m.group(3) == null ? 0 : Math.min(255, Integer.parseInt(m.group(3)));
    return Integer.parseInt(m.group(1)) << 16 | Integer.parseInt(m.group(2)) << 8 | patch;
  }

  private static @Nullable CoreTarget readBtf(Path file) {
    try {
      return new CoreTarget(Btf.parse(Files.readAllBytes(file)));
    } catch (IOException | BtfException _) {
      return null;
    }
  }

  private static @Nullable String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException _) {
      return null;
    }
  }

  private static @Nullable String readConfig(String release) {
    String boot = text(Path.of("/boot/config-" + release));
    if (boot != null) {
      return boot;
    }
    try (var in =
        new GZIPInputStream(
            new ByteArrayInputStream(Files.readAllBytes(Path.of("/proc/config.gz"))))) {
      return new String(in.readNBytes((int) MAX_TEXT), StandardCharsets.UTF_8);
    } catch (IOException _) {
      return null;
    }
  }

  private static @Nullable Map<String, Long> readSymbols() {
    Map<String, Long> found = new HashMap<>();
    try (var lines = Files.lines(Path.of("/proc/kallsyms"), StandardCharsets.UTF_8)) {
      lines.forEach(line -> {
        String[] words = line.split("[ \t]+", 4);
        if (words.length >= 3) {
          found.putIfAbsent(symbol(words[1], words[2]), Long.parseUnsignedLong(words[0], 16));
        }
      });
    } catch (IOException | RuntimeException _) {
      return null;
    }
    return found;
  }

  /// A static variable that the compiler gave a suffix keeps the name of the source.
  private static String symbol(String type, String name) {
    int suffix = name.indexOf(".llvm.");
    return type.equals("d") && suffix >= 0 ? name.substring(0, suffix) : name;
  }

  private static int possibleCpus() {
    String mask = text(Path.of("/sys/devices/system/cpu/possible"));
    if (mask == null) {
      return Runtime.getRuntime().availableProcessors();
    }
    Matcher last = Pattern.compile("(\\d+)\\s*$").matcher(mask.strip());
    return last.find() ? Integer.parseInt(last.group(1)) + 1 : 1;
  }

  /// A value made when first asked for.
  private static final class Lazy<T> {
    private final Supplier<@Nullable T> source;
    private boolean made;
    private @Nullable T value;

    Lazy(Supplier<@Nullable T> source) {
      this.source = source;
    }

    synchronized @Nullable T get() {
      if (!made) {
        value = source.get();
        made = true;
      }
      return value;
    }
  }
}
