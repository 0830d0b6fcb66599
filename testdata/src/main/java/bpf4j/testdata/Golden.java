package bpf4j.testdata;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// What Linux 6.18 said about one of our objects: a verdict and a log for each program, each loaded
/// by itself with libbpf, and the outcome of each test-run case. `testdata/record.sh` writes these
/// files; nothing in them is of our own making.
///
/// @param object the object's name without folder and `.o`
/// @param cpu `v3` or `v4`
public record Golden(String object, String cpu, List<Program> programs, List<Run> runs) {

  /// The kernel's answer to one program.
  ///
  /// @param progType libbpf's name of the type, such as `sched_cls`
  /// @param attachType libbpf's name of the expected attach type, or null for none
  /// @param verdict `accept`, `reject`, or `loader_error` when libbpf did not ask the kernel
  /// @param errno the error's name, such as `EACCES`, or null when accepted
  /// @param message the log's last line that is neither a statistic nor a source line; null when
  ///   accepted
  /// @param insnCnt instruction slots handed to the kernel
  /// @param stackDepth bytes of stack of each subprogram, as the log prints them (`0+16`)
  /// @param coreRelos CO-RE relocations that libbpf applied
  /// @param maps the maps the instructions refer to, in order of first use
  /// @param insns the instructions as handed to the kernel; a map's fd is its index in `maps`
  /// @param logFile the level-2 log, masked as [#mask] does; null when too long to keep
  public record Program(
      String name,
      String section,
      String progType,
      @Nullable String attachType,
      String verdict,
      @Nullable String errno,
      @Nullable String message,
      long insnCnt,
      long processedInsns,
      long maxStatesPerInsn,
      long totalStates,
      long peakStates,
      long markRead,
      String stackDepth,
      long coreRelos,
      List<MapInfo> maps,
      byte[] insns,
      @Nullable Path logFile) {

    public boolean accepted() {
      return verdict.equals("accept");
    }

    /// The masked level-2 log; throws [IllegalStateException] when it was too long to keep.
    public String log() {
      if (logFile == null) {
        throw new IllegalStateException("the log of " + name + " was not kept");
      }
      return readText(logFile);
    }
  }

  /// A map as the kernel created it (names are cut to 15 characters).
  public record MapInfo(
      String name, String type, long keySize, long valueSize, long maxEntries, long flags) {}

  /// One test-run case: programs run in order on freshly loaded maps.
  ///
  /// @param maps what the maps held in the end; an array's all-zero elements are left out, and so
  ///   are maps whose contents depend on the machine
  public record Run(String name, List<Step> steps, List<MapDump> maps) {}

  /// One `BPF_PROG_TEST_RUN` on CPU 0.
  ///
  /// @param dataIn packet in, or null for none
  /// @param ctxIn context in, or null for none
  /// @param ctxSizeOut bytes of context asked for when `ctxIn` is null, 0 for none
  /// @param repeat 0 when not given
  /// @param errno the system call's error, or null when the program ran
  public record Step(
      String program,
      byte @Nullable [] dataIn,
      byte @Nullable [] ctxIn,
      int ctxSizeOut,
      int repeat,
      @Nullable String errno,
      int retval,
      byte @Nullable [] dataOut,
      byte @Nullable [] ctxOut) {}

  /// The contents of one map, in order of the key bytes (a queue or stack in order of popping).
  ///
  /// @param records the records of a ring buffer, in order; empty for other types
  public record MapDump(String name, String type, List<Entry> entries, List<byte[]> records) {}

  /// One element of a map: of `values` (one, or one for each CPU), `innerMap` and `program` the one
  /// that fits the map's type is there.
  public record Entry(
      byte @Nullable [] key,
      List<byte[]> values,
      @Nullable String innerMap,
      @Nullable String program) {}

  /// Every golden file of one instruction set version, in order of name.
  public static List<Golden> all(String cpu) {
    return TestData.objects(cpu).stream().map(Golden::of).toList();
  }

  /// The golden file of one of [TestData#objects()].
  public static Golden of(Path object) {
    String cpu = object.getName(object.getNameCount() - 2).toString();
    String name = object.getFileName().toString().replaceFirst("\\.o$", "");
    Path folder = TestData.folder().resolve("golden").resolve(cpu);
    JsonObject json = Json.object(readText(folder.resolve(name + ".json")));
    return new Golden(
        json.string("object"),
        json.string("cpu"),
        json.objects("programs").stream().map(p -> program(p, folder)).toList(),
        json.objects("runs").stream().map(Golden::run).toList());
  }

  /// The kernel's answer to the program `name`; throws [IllegalArgumentException] when there is
  /// none.
  public Program program(String name) {
    return programs.stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no program " + name + " in " + object));
  }

  /// Masks what differs from run to run in a log: the line with the verification time goes, kernel
  /// addresses become `0xADDR`.
  public static String mask(String log) {
    return log.replaceAll("verification time \\d+ usec\n?", "")
        .replaceAll("0xffff[0-9a-f]{12}", "0xADDR");
  }

  private static Program program(JsonObject p, Path folder) {
    String log = p.findString("log");
    return new Program(
        p.string("program"),
        p.string("section"),
        p.string("prog_type"),
        p.findString("attach_type"),
        p.string("verdict"),
        p.findString("errno"),
        p.findString("message"),
        p.number("insn_cnt", 0),
        p.number("processed_insns", 0),
        p.number("max_states_per_insn", 0),
        p.number("total_states", 0),
        p.number("peak_states", 0),
        p.number("mark_read", 0),
        p.has("stack_depth") && p.findString("stack_depth") != null ? p.string("stack_depth") : "",
        p.number("core_relos", 0),
        p.objects("maps").stream().map(Golden::mapInfo).toList(),
        p.has("insns") ? HexFormat.of().parseHex(p.string("insns")) : new byte[0],
        log == null ? null : folder.resolve(log));
  }

  private static MapInfo mapInfo(JsonObject m) {
    return new MapInfo(
        m.string("name"),
        m.string("type"),
        m.number("key"),
        m.number("value"),
        m.number("max"),
        m.number("flags"));
  }

  private static Run run(JsonObject r) {
    return new Run(
        r.string("name"),
        r.objects("steps").stream().map(Golden::step).toList(),
        r.objects("maps").stream().map(Golden::mapDump).toList());
  }

  private static Step step(JsonObject s) {
    return new Step(
        s.string("program"),
        bytes(s, "data_in"),
        bytes(s, "ctx_in"),
        (int) s.number("ctx_size_out", 0),
        (int) s.number("repeat", 0),
        s.findString("errno"),
        (int) s.number("retval", 0),
        bytes(s, "data_out"),
        bytes(s, "ctx_out"));
  }

  private static MapDump mapDump(JsonObject m) {
    List<JsonObject> entries = m.objects("entries");
    return new MapDump(
        m.string("name"),
        m.string("type"),
        entries.stream().filter(e -> !e.has("records")).map(Golden::entry).toList(),
        entries.stream()
            .flatMap(e -> e.strings("records").stream())
            .map(HexFormat.of()::parseHex)
            .toList());
  }

  private static Entry entry(JsonObject e) {
    byte[] value = bytes(e, "value");
    return new Entry(
        bytes(e, "key"),
        value != null
            ? List.of(value)
            : e.strings("values").stream().map(HexFormat.of()::parseHex).toList(),
        e.findString("inner_map"),
        e.findString("program"));
  }

  private static byte @Nullable [] bytes(JsonObject json, String name) {
    String hex = json.findString(name);
    return hex == null ? null : HexFormat.of().parseHex(hex);
  }

  private static String readText(Path file) {
    try (InputStream raw = Files.newInputStream(file);
        InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
