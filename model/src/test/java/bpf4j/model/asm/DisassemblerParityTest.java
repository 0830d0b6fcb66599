package bpf4j.model.asm;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.btf.Btf;
import bpf4j.model.isa.Instruction.LoadFunc;
import bpf4j.model.isa.Instruction.LoadImm64;
import bpf4j.model.isa.Instruction.LoadWide;
import bpf4j.model.isa.RawInsn;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// Compares every instruction in the logs of a live kernel, which the parity kit records outside
/// the repository, with our text. Skipped where there is no kit.
class DisassemblerParityTest {
  private static final Pattern INSN =
      Pattern.compile(
          "(?:^|before )\\s*(?:\\d+ +)?(\\d+): (?:[0-9.]{10} )?(\\([0-9a-f]{2}\\) .*?)\\s*(?:;.*)?$");
  private static final Pattern ADDRESS = Pattern.compile("0xffff[0-9a-f]{12}");
  private static final Pattern FIELD = Pattern.compile("\"(insns|log_file)\": ?\"([^\"]*)\"");

  /// Enough to see each instruction once; some logs unroll a loop for millions of lines.
  private static final int MAX_LINES = 50_000;

  private final Map<Integer, String> helpers = new HashMap<>();
  private final List<String> wrong = new ArrayList<>();
  private @Nullable Btf vmlinux;
  private long compared;

  @Test
  void everyLoggedInstructionReadsTheSame() throws IOException {
    Path out = kit().resolve("out");
    Path btf = Path.of("/sys/kernel/btf/vmlinux");
    Path header = kit().resolve("inc/bpf/bpf_helper_defs.h");
    Assumptions.assumeTrue(
        Files.exists(out.resolve("kernel.jsonl")) && Files.exists(btf) && Files.exists(header),
        "no parity kit or kernel BTF here");
    vmlinux = Btf.parse(Files.readAllBytes(btf));
    Pattern helper = Pattern.compile(".*\\(\\* const (bpf_\\w+)\\)\\(.*= \\(void \\*\\) (\\d+);");
    for (String line : Files.readAllLines(header)) {
      Matcher m = helper.matcher(line);
      if (m.matches()) {
        helpers.put(Integer.parseInt(m.group(2)), m.group(1));
      }
    }
    compareAll(out.resolve("kernel.jsonl"), out.resolve("logs"), false);
    compareAll(out.resolve("kernel-tv.jsonl"), out.resolve("logs/test_verifier"), true);
    System.out.println(compared + " logged instructions compared, " + wrong.size() + " differ");
    assertThat(wrong).isEmpty();
    assertThat(compared).isPositive();
  }

  private static Path kit() {
    String folder = System.getenv("BPF4J_PARITY");
    return folder != null
        ? Path.of(folder)
        : Path.of(System.getProperty("user.home"), ".cache", "bpf4j-parity");
  }

  private void compareAll(Path records, Path logs, boolean holes) throws IOException {
    try (Stream<String> lines = Files.lines(records)) {
      for (String line : (Iterable<String>) lines::iterator) {
        Map<String, String> fields = new HashMap<>();
        Matcher m = FIELD.matcher(line);
        while (m.find()) {
          fields.putIfAbsent(m.group(1), m.group(2));
        }
        String insns = fields.get("insns");
        String logFile = fields.get("log_file");
        if (insns != null && logFile != null && Files.exists(logs.resolve(logFile))) {
          compare(RawInsn.fromHex(insns), logs.resolve(logFile), holes);
        }
      }
    }
  }

  /// With `holes`, constants and kfunc numbers were filled in after the words had been recorded.
  private void compare(long[] words, Path log, boolean holes) throws IOException {
    String[] texts = new String[words.length];
    Disassembler disassembler = new Disassembler(new LogNaming());
    Map<String, Integer> seen = new HashMap<>();
    try (InputStream in = Files.newInputStream(log);
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(
                    log.toString().endsWith(".gz") ? new GZIPInputStream(in) : in,
                    StandardCharsets.ISO_8859_1))) {
      int lines = 0;
      for (String line; (line = reader.readLine()) != null && lines < MAX_LINES; lines++) {
        if (line.startsWith(";")) {
          continue;
        }
        Matcher m = INSN.matcher(line);
        if (!m.find() || seen.putIfAbsent(m.group(1) + m.group(2), 1) != null) {
          continue;
        }
        int slotIdx = Integer.parseInt(m.group(1));
        if (slotIdx >= words.length) {
          wrong.add(log.getFileName() + ": no slot for " + line);
          continue;
        }
        if (holes && (RawInsn.isLdImm64(words[slotIdx]) || (int) words[slotIdx] == 0x2085)) {
          continue;
        }
        if (texts[slotIdx] == null) {
          texts[slotIdx] = disassembler.text(words, slotIdx);
        }
        compared++;
        String theirs = ADDRESS.matcher(m.group(2)).replaceAll("ADDRESS");
        String ours = texts[slotIdx];
        if (ours.endsWith("= ADDRESS")) {
          // Per-CPU variables and arenas have addresses in the lower half.
          theirs = theirs.replaceFirst("= 0x[0-9a-f]+$", "= ADDRESS");
        }
        if (!ADDRESS.matcher(ours).replaceAll("ADDRESS").equals(theirs)) {
          wrong.add(log.getFileName() + ": kernel " + line + " | ours " + texts[slotIdx]);
        }
      }
    }
  }

  /// What the kernel prints, with a word for the addresses that only it knows.
  private final class LogNaming implements Naming {
    @Override
    public @Nullable String helperName(int id) {
      return helpers.get(id);
    }

    @Override
    public String kfuncName(int btfId, int fdIdx) {
      Btf btf = vmlinux;
      return btf != null && btf.isValidId(btfId) ? btf.name(btfId) : "kernel-function";
    }

    @Override
    public String wideOperand(LoadWide insn) {
      return switch (insn) {
        case LoadImm64 i -> "0x" + Long.toHexString(i.imm());
        case LoadFunc i ->
            "0x" + Long.toHexString((long) i.high() << 32 | Integer.toUnsignedLong(i.off()));
        default -> "ADDRESS";
      };
    }
  }
}
