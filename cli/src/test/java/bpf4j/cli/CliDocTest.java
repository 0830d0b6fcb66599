package bpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.testdata.TestData;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Holds `docs/cli.md` to what `--help` prints. `mvn test -pl cli -am -Dtest=CliDocTest
/// -Dbpf4j.write=true` writes the page anew.
class CliDocTest {
  private static final List<String> VERBS =
      List.of("", "run", "verify", "inspect", "disasm", "asm", "btf dump", "exec", "completion");

  private static final String HEAD =
      """
      # The command line

      `bpf4j VERB FILE…`. With `--json`, results are JSON Lines on standard output; messages and
      progress go to standard error. Exit codes: 0 done and accepted, 1 rejected by the verifier or
      failed while running, 2 bad usage, unreadable input or output that cannot be written. A Java
      stack trace appears with `--debug` only. Result files are written beside their place and
      renamed, so a reader never sees half of one.

      This page is what `--help` prints; a test holds it to that.
      """;

  @Test
  void thePageIsTheHelp() throws IOException {
    StringBuilder page = new StringBuilder(HEAD);
    for (String verb : VERBS) {
      page.append("\n## ").append(("bpf4j " + verb).strip()).append("\n\n```\n");
      page.append(help(verb)).append("```\n");
    }
    Path file = TestData.folder().resolveSibling("docs").resolve("cli.md");
    if (Boolean.getBoolean("bpf4j.write")) {
      Files.writeString(file, page);
    }
    assertThat(Files.readString(file)).isEqualTo(page.toString());
  }

  private static String help(String verb) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    String[] args = (verb + " --help").strip().split(" ");
    int code =
        Main.execute(
            args,
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            System.err);
    assertThat(code).isZero();
    return out.toString(StandardCharsets.UTF_8).stripTrailing() + "\n";
  }
}
