package bpf4j.testdata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoldenTest {
  static List<Path> objects() {
    return TestData.objects();
  }

  @ParameterizedTest
  @MethodSource("objects")
  void everyObjectHasTheKernelsAnswer(Path object) {
    Golden golden = Golden.of(object);
    assertThat(golden.programs()).isNotEmpty();
    for (Golden.Program p : golden.programs()) {
      assertThat(p.verdict()).isIn("accept", "reject", "loader_error");
      assertThat(p.insns()).hasSize((int) p.insnCnt() * 8);
      if (p.logFile() != null) {
        assertThat(p.log()).isEqualTo(Golden.mask(p.log())).contains("processed ");
      }
    }
    for (Golden.Run run : golden.runs()) {
      for (Golden.Step step : run.steps()) {
        assertThat(golden.program(step.program()).accepted()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("objects")
  void namesSayWhatTheKernelDoes(Path object) {
    boolean refused = object.getFileName().toString().startsWith("reject_");
    assertThat(Golden.of(object).programs())
        .allSatisfy(
            p -> assertThat(p.verdict()).as(p.name()).isEqualTo(refused ? "reject" : "accept"));
  }

  @ParameterizedTest
  @MethodSource("objects")
  void objectsHoldNoPathOfAMachine(Path object) throws IOException {
    String bytes = new String(Files.readAllBytes(object), StandardCharsets.ISO_8859_1);
    assertThat(bytes).doesNotContain("/usr/", "/home/", "/root/", "/work/", "/tmp/");
  }

  @Test
  void jsonIsReadStrictly() {
    JsonObject o = Json.object("{\"a\": [1, -2.5e1, \"x\\u0041\\n\"], \"b\": {\"c\": null}}");
    assertThat(o.toString()).isEqualTo("{a=[1, -25.0, xA\n], b={c=null}}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "01",
        "1 2",
        "\"\t\"",
        "\"\\x\"",
        "nul",
        "{\"a\":1,\"a\":2}",
        "\"\\u12g4\"",
        "[1",
        "99999999999999999999",
        "+1",
        "{a:1}"
      })
  void wrongJsonIsRefusedWithItsOffset(String text) {
    assertThatThrownBy(() -> Json.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("JSON, offset ");
  }
}
