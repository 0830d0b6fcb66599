package bpf4j.model.btf.dump;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfBuilder;
import bpf4j.model.btf.BtfType.Enumerator;
import bpf4j.model.btf.BtfType.Linkage;
import bpf4j.model.btf.BtfType.Member;
import bpf4j.model.btf.BtfType.Param;
import bpf4j.model.btf.BtfType.VarSecInfo;
import bpf4j.model.btf.ElfSections;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// The expected texts were printed by bpftool 7.5 from the same bytes.
class DumpTest {
  /// Everything a C dump has to be careful with.
  static Btf sample() {
    var b = new BtfBuilder();
    int i = b.addInt("int", 4, Btf.INT_SIGNED);
    int c = b.addInt("char", 1, Btf.INT_SIGNED | Btf.INT_CHAR);
    int u64 = b.addInt("long unsigned int", 8, 0);
    b.addTypedef("u64", u64);
    int node = b.nextId();
    int nodePtr = node + 1;
    b.addStruct("node", 16, List.of(new Member("next", nodePtr, 0, 0), new Member("v", i, 64, 0)));
    b.addPtr(node);
    int fwd = b.addFwd("elsewhere", false);
    int fwdPtr = b.addPtr(fwd);
    int proto =
        b.addFuncProto(i, List.of(new Param("", b.addPtr(b.addConst(c))), new Param("", 0)));
    int handler = b.addPtr(proto);
    int anon =
        b.addUnion("", 8, List.of(new Member("whole", u64, 0, 0), new Member("half", i, 0, 0)));
    int table = b.addArray(i, b.addArray(i, handler, 2), 3);
    b.addStruct(
        "big",
        88,
        List.of(
            new Member("bits", i, 0, 3),
            new Member("more", i, 5, 7),
            new Member("", anon, 64, 0),
            new Member("table", table, 128, 0),
            new Member("last", c, 640, 0)));
    b.addStruct("packed", 5, List.of(new Member("c", c, 0, 0), new Member("i", i, 8, 0)));
    b.addStruct("node", 8, List.of(new Member("other", fwdPtr, 0, 0)));
    b.addStruct("empty", 0, List.of());
    b.addEnum("color", 4, false, List.of(new Enumerator("RED", 0), new Enumerator("BLUE", -1)));
    b.addEnum("", 4, true, List.of(new Enumerator("RED", -5)));
    b.addEnum64("huge", 8, false, List.of(new Enumerator("H", 1L << 40)));
    b.addEnum("byte", 1, false, List.of(new Enumerator("B", 1)));
    b.addTypedef("cb", b.addPtr(b.addFuncProto(handler, List.of())));
    b.addTypedef("tagged", b.addPtr(b.addTypeTag("user", b.addVolatile(i))));
    b.addFloat("double", 8);
    int main = b.addFunc("main", Linkage.GLOBAL, proto);
    b.addDeclTag("bpf_kfunc", main, -1);
    int v = b.addVar("counter", Linkage.GLOBAL, u64);
    b.addDatasec(".bss", 8, List.of(new VarSecInfo(v, 0, 8)));
    return b.build();
  }

  @Test
  void rawAsBpftool() throws Exception {
    var out = new StringBuilder();
    RawDump.write(sample(), out);
    assertThat(out.toString()).isEqualTo(golden("sample.raw"));
  }

  @Test
  void headerAsBpftool() throws Exception {
    var out = new StringBuilder();
    CDump.writeHeader(sample(), out, true);
    assertThat(out.toString()).isEqualTo(golden("sample.sorted"));
  }

  @Test
  void unsortedHeaderAsBpftool() throws Exception {
    var out = new StringBuilder();
    CDump.writeHeader(sample(), out, false);
    assertThat(out.toString()).isEqualTo(golden("sample.unsorted"));
  }

  @Test
  void aDeclarationStandsAlone() throws Exception {
    Btf btf = sample();
    var out = new StringBuilder();
    new CDump(btf, out).declaration(btf.memberType(btf.find("big"), 3), "t");
    assertThat(out.toString()).isEqualTo("int (*t[3][2])(const char *, ...)");
  }

  private static String golden(String name) throws IOException {
    try (var in = Objects.requireNonNull(DumpTest.class.getResourceAsStream(name))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /// Every object of the parity kit, where it is there: what bpftool prints, byte for byte.
  @Test
  void corpusAsBpftool() throws Exception {
    Path kit = Path.of(System.getProperty("user.home"), ".cache", "bpf4j-parity");
    Path bpftool = kit.resolve("bin/bpftool");
    Assumptions.assumeTrue(Files.isExecutable(bpftool), "no parity kit on this machine");
    try (var objects = Files.newDirectoryStream(kit.resolve("obj"), "l*.o")) {
      for (Path object : objects) {
        Btf btf = Btf.parse(Objects.requireNonNull(ElfSections.find(object, ".BTF")));
        var raw = new StringBuilder();
        RawDump.write(btf, raw);
        assertThat(raw.toString()).isEqualTo(run(bpftool, object, "raw"));
        var header = new StringBuilder();
        CDump.writeHeader(btf, header, true);
        assertThat(header.toString()).isEqualTo(run(bpftool, object, "c"));
      }
    }
  }

  private static String run(Path bpftool, Path object, String format) throws Exception {
    Process process =
        new ProcessBuilder(
                bpftool.toString(), "btf", "dump", "file", object.toString(), "format", format)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (var in = process.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
