package bpf4j.loader.linker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.loader.ElfException;
import bpf4j.loader.LoadOptions;
import bpf4j.loader.ObjectLoader;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.testdata.TestData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `main.o` and `lib.o` are compiled from the sources beside them (clang 19, `-O2 -g -mcpu=v3`);
/// `linked.o` and `swapped.o` are what bpftool 7.5 made of them in either order, and Linux 6.18
/// accepts the programs of both.
class ObjectLinkerTest {
  private static byte[] resource(String name) {
    try (var in = Objects.requireNonNull(ObjectLinkerTest.class.getResourceAsStream(name))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] link(String... names) throws ElfException {
    var linker = new ObjectLinker();
    for (String name : names) {
      linker.add(name, resource(name));
    }
    return linker.link();
  }

  @Test
  void linksAsBpftool() throws Exception {
    assertThat(link("main.o", "lib.o")).isEqualTo(resource("linked.o"));
    assertThat(link("lib.o", "main.o")).isEqualTo(resource("swapped.o"));
  }

  @Test
  void theLinkedObjectOpens() throws Exception {
    CollectionSpec spec =
        ObjectLoader.open(link("main.o", "lib.o"), "linked.o", LoadOptions.defaults());
    assertThat(spec.programs()).extracting(p -> p.name()).containsExactly("entry", "count");
    assertThat(spec.maps()).extracting(m -> m.name()).contains("flows");
    assertThat(spec.license()).isEqualTo("GPL");
  }

  @Test
  void bigEndianObjectsLinkToo() throws Exception {
    CollectionSpec spec =
        ObjectLoader.open(link("main.be.o", "lib.be.o"), "linked.o", LoadOptions.defaults());
    CollectionSpec little =
        ObjectLoader.open(link("main.o", "lib.o"), "linked.o", LoadOptions.defaults());
    for (var program : little.programs()) {
      assertThat(spec.program(program.name()).orElseThrow().insns())
          .hasSize(program.insns().length);
    }
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() {
    assertThatThrownBy(() -> link("main.o", "bad.o"))
        .isInstanceOf(ElfException.class)
        .hasMessage("bad.o: global 'flows': map max_entries mismatch");
    assertThatThrownBy(() -> link("lib.o", "lib.o"))
        .isInstanceOf(ElfException.class)
        .hasMessage("lib.o: conflicting non-weak symbol #4 (classify) definition in 'lib.o'");
    assertThatThrownBy(() -> link("main.o", "lib.be.o"))
        .isInstanceOf(ElfException.class)
        .hasMessage("lib.be.o: byte order mismatch with ELF file lib.be.o");
  }

  @Test
  void anObjectAloneKeepsItsPrograms() throws Exception {
    for (Path object : TestData.objects("v3")) {
      byte[] bytes = Files.readAllBytes(object);
      CollectionSpec before;
      try {
        before = ObjectLoader.open(bytes, "o", LoadOptions.defaults());
      } catch (ElfException e) {
        continue;
      }
      byte[] linked;
      try {
        linked = new ObjectLinker().add("o", bytes).link();
      } catch (ElfException e) {
        // Legacy map sections have symbols without types, which the linker does not take.
        assertThat(e.reason()).contains("BTF info");
        continue;
      }
      CollectionSpec after = ObjectLoader.open(linked, "o", LoadOptions.defaults());
      assertThat(after.programs()).hasSameSizeAs(before.programs());
      for (var program : before.programs()) {
        assertThat(after.program(program.name()).orElseThrow().insns())
            .as(object.getFileName() + " " + program.name())
            .hasSameSizeAs(program.insns());
      }
    }
  }

  @Test
  @Timeout(60)
  void damagedObjectsEndInAMessage() {
    byte[] main = resource("main.o");
    byte[] lib = resource("lib.o");
    for (int len = 0; len < lib.length; len += 7) {
      tryLink(main, Arrays.copyOf(lib, len));
    }
    var random = new Random(7);
    for (int i = 0; i < 800; i++) {
      byte[] bytes = lib.clone();
      for (int j = random.nextInt(3); j >= 0; j--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      tryLink(main, bytes);
      tryLink(bytes, main);
    }
  }

  private static void tryLink(byte[] first, byte[] second) {
    try {
      new ObjectLinker().add("a.o", first).add("b.o", second).link();
    } catch (ElfException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  @Test
  void corpusAsBpftool() throws Exception {
    Path kit = Path.of(System.getProperty("user.home"), ".cache", "bpf4j-parity");
    Path bpftool = kit.resolve("bin/bpftool");
    Assumptions.assumeTrue(Files.isExecutable(bpftool), "no parity kit on this machine");
    List<String> names = new ArrayList<>(List.of("linked_funcs", "linked_maps", "linked_vars"));
    Path out = Files.createTempFile("linked", ".o");
    try {
      for (String name : names) {
        Path one = kit.resolve("obj/" + name + "1.o");
        Path two = kit.resolve("obj/" + name + "2.o");
        Process process =
            new ProcessBuilder(
                    bpftool.toString(),
                    "gen",
                    "object",
                    out.toString(),
                    one.toString(),
                    two.toString())
                .redirectErrorStream(true)
                .start();
        process.getInputStream().readAllBytes();
        assertThat(process.waitFor()).isZero();
        byte[] ours =
            new ObjectLinker()
                .add(name + "1.o", Files.readAllBytes(one))
                .add(name + "2.o", Files.readAllBytes(two))
                .link();
        assertThat(ours).isEqualTo(Files.readAllBytes(out));
      }
    } finally {
      Files.delete(out);
    }
  }
}
