package bpf4j.model.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.btf.BtfType.Enumerator;
import bpf4j.model.btf.BtfType.Member;
import bpf4j.model.btf.BtfType.Param;
import bpf4j.model.btf.dump.RawDump;
import bpf4j.testdata.TestData;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Checked by hand against libbpf's `btf__dedup` too: for random sets of the parity corpus, the
/// outcome is the same byte for byte.
class BtfDedupTest {
  private static String raw(Btf btf) throws Exception {
    var out = new StringBuilder();
    RawDump.write(btf, out);
    return out.toString();
  }

  /// One unit: `struct node { struct node *next; struct leaf *leaf; }`, where `leaf` is known or
  /// not.
  private static Btf unit(boolean leafKnown, String unused) {
    var b = new BtfBuilder();
    b.addString(unused);
    int i = b.addInt("int", 4, Btf.INT_SIGNED);
    int leaf =
        leafKnown
            ? b.addStruct("leaf", 4, List.of(new Member("v", i, 0, 0)))
            : b.addFwd("leaf", false);
    int node = b.nextId() + 2;
    int next = b.addPtr(node);
    int leafPtr = b.addPtr(leaf);
    b.addStruct(
        "node", 16, List.of(new Member("next", next, 0, 0), new Member("leaf", leafPtr, 64, 0)));
    int proto = b.addFuncProto(i, List.of(new Param("n", next)));
    b.addFunc("visit", BtfType.Linkage.GLOBAL, proto);
    return b.build();
  }

  @Test
  void twinsAndDeclarationsBecomeOne() throws Exception {
    for (boolean knownFirst : new boolean[] {true, false}) {
      var b = new BtfBuilder();
      b.addAll(unit(knownFirst, "gone"));
      int shift = b.addAll(unit(!knownFirst, "gone too"));
      var result = BtfDedup.run(b.build());
      assertThat(result.btf().typeCount()).isEqualTo(unit(true, "").typeCount());
      int leaf = result.btf().find("leaf", BtfKind.STRUCT);
      assertThat(leaf).isPositive();
      assertThat(result.btf().find("leaf", BtfKind.FWD)).isZero();
      assertThat(result.typeId(2)).isEqualTo(leaf);
      assertThat(result.typeId(2 + shift)).isEqualTo(leaf);
      assertThat(new String(result.btf().encode(), java.nio.charset.StandardCharsets.UTF_8))
          .doesNotContain("gone");
    }
  }

  @Test
  void structsThatDifferBehindAPointerStayApart() {
    var b = new BtfBuilder();
    for (int size : new int[] {4, 8}) {
      int i = b.addInt(size == 4 ? "int" : "long", size, Btf.INT_SIGNED);
      int inner = b.addStruct("inner", size, List.of(new Member("v", i, 0, 0)));
      b.addStruct("outer", 8, List.of(new Member("p", b.addPtr(inner), 0, 0)));
    }
    Btf btf = BtfDedup.run(b.build()).btf();
    assertThat(btf.typeCount()).isEqualTo(9);
  }

  @Test
  void enumDeclarationsFindTheirDefinition() {
    var b = new BtfBuilder();
    b.addEnum("e", 4, false, List.of());
    b.addEnum64("e", 8, false, List.of(new Enumerator("A", 1)));
    b.addEnum("e", 4, false, List.of());
    var result = BtfDedup.run(b.build());
    assertThat(result.btf().typeCount()).isEqualTo(2);
    assertThat(result.btf().kind(result.typeId(1))).isEqualTo(BtfKind.ENUM64);
  }

  @Test
  void splitTypesAreReplacedByThoseOfTheBase() {
    Btf base = unit(true, "");
    var b = new BtfBuilder(base);
    int i = b.addInt("int", 4, Btf.INT_SIGNED);
    int ptr = b.addPtr(i);
    b.addTypedef("own", ptr);
    Btf split = BtfDedup.run(b.build()).btf();
    assertThat(split.base()).isSameAs(base);
    assertThat(split.typeCount() - split.startId()).isEqualTo(2);
    int own = split.find("own", BtfKind.TYPEDEF);
    assertThat(split.target(split.target(own))).isEqualTo(1);
  }

  @Test
  void namedStringsAreKept() {
    var b = new BtfBuilder();
    int off = b.addString("a line of source");
    b.addInt("int", 4, 0);
    var result = BtfDedup.run(b.build(), off);
    assertThat(result.btf().string(result.stringOff().applyAsInt(off)))
        .isEqualTo("a line of source");
  }

  @Test
  void pointersWithoutAnEndAreRefused() {
    var b = new BtfBuilder();
    b.addPtr(2);
    b.addPtr(1);
    Btf btf = b.build();
    assertThatThrownBy(() -> BtfDedup.run(btf)).isInstanceOf(BtfException.class);
  }

  /// Compilers emit no duplicates, so an object twice is the object.
  @Test
  void anObjectTwiceIsTheObject() throws Exception {
    for (Path object : TestData.objects("v3")) {
      byte[] section = ElfSections.find(object, ".BTF");
      if (section == null) {
        continue;
      }
      Btf once = BtfDedup.run(Btf.parse(Objects.requireNonNull(section))).btf();
      assertThat(raw(BtfDedup.run(once).btf())).isEqualTo(raw(once));
      var b = new BtfBuilder();
      b.addAll(once);
      int shift = b.addAll(once);
      var twice = BtfDedup.run(b.build());
      for (int id = 1; id < once.typeCount(); id++) {
        boolean never = once.isKind(id, BtfKind.VAR) || once.isKind(id, BtfKind.DATASEC);
        boolean tagged = once.isKind(id, BtfKind.DECL_TAG);
        if (!never && !tagged) {
          assertThat(twice.typeId(id + shift)).isEqualTo(twice.typeId(id));
        }
      }
    }
  }
}
