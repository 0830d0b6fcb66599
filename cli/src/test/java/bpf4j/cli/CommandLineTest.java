package bpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import bpf4j.testdata.TestData;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Runs the command lines in `testdata/cli/*.txt`, whose form `asm-exec.txt` explains.
class CommandLineTest {
  @TempDir Path tmp;

  /// One command line and what it must do.
  private static final class Case {
    final int line;
    final String command;
    final List<String> in = new ArrayList<>();
    final List<String> out = new ArrayList<>();
    final List<String> err = new ArrayList<>();
    int code;

    Case(int line, String command) {
      this.line = line;
      this.command = command;
    }
  }

  @TestFactory
  Stream<DynamicTest> commandLines() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (Stream<Path> files = Files.list(TestData.folder().resolve("cli"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".txt")).sorted().toList()) {
        for (Case c : read(file)) {
          String name = file.getFileName() + ":" + c.line + ": " + c.command;
          tests.add(DynamicTest.dynamicTest(name, () -> run(c)));
        }
      }
    }
    return tests.stream();
  }

  private static List<Case> read(Path file) throws IOException {
    List<Case> cases = new ArrayList<>();
    Case now = null;
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      if (line.startsWith("#") || line.isBlank()) {
        continue;
      }
      String rest = line.substring(1).strip();
      if (line.startsWith("$")) {
        now = new Case(number, rest);
        cases.add(now);
      } else if (now == null) {
        throw new IllegalStateException(file + ":" + number + ": no command line before");
      } else if (line.startsWith("<")) {
        now.in.add(line.substring(Math.min(2, line.length())));
      } else if (line.startsWith(">")) {
        now.out.add(rest);
      } else if (line.startsWith("!")) {
        now.err.add(rest);
      } else if (line.startsWith("=")) {
        now.code = Integer.parseInt(rest);
        now = null;
      } else {
        throw new IllegalStateException(file + ":" + number + ": unknown mark");
      }
    }
    return cases;
  }

  private void run(Case c) throws IOException {
    Path folder = Files.createTempDirectory(tmp, "case");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String in = c.in.isEmpty() ? "" : String.join("\n", c.in) + "\n";
    int code =
        Main.execute(
            words(c.command, folder),
            new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    String outText = out.toString(StandardCharsets.UTF_8);
    String errText = err.toString(StandardCharsets.UTF_8);
    holds("standard output", outText, c.out, errText);
    holds("standard error", errText, c.err, outText);
    assertThat(code).as("exit code; standard error: %s", errText).isEqualTo(c.code);
    assertThat(errText).doesNotContain("\tat ");
  }

  private static void holds(String what, String text, List<String> parts, String other) {
    if (parts.equals(List.of("none"))) {
      assertThat(text).as(what).isEmpty();
      return;
    }
    int from = 0;
    for (String part : parts) {
      int at = text.indexOf(part, from);
      if (at < 0) {
        fail(
            "%s lacks (in this order) '%s':%n%.3000s%nthe other: %.1000s", what, part, text, other);
      }
      from = at + part.length();
    }
  }

  /// Words split at blanks; quotes keep blanks.
  private static String[] words(String command, Path folder) {
    String text =
        command
            .replace("{obj}", TestData.folder().resolve("obj").toString())
            .replace("{data}", TestData.folder().toString())
            .replace("{tmp}", folder.toString());
    List<String> words = new ArrayList<>();
    StringBuilder word = null;
    boolean quoted = false;
    for (char c : text.toCharArray()) {
      if (c == ' ' && !quoted) {
        if (word != null) {
          words.add(word.toString());
          word = null;
        }
        continue;
      }
      word = word == null ? new StringBuilder() : word;
      if (c == '\'') {
        quoted = !quoted;
      } else {
        word.append(c);
      }
    }
    if (word != null) {
      words.add(word.toString());
    }
    return words.toArray(String[]::new);
  }
}
