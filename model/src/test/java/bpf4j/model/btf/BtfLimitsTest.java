package bpf4j.model.btf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.btf.dump.CDump;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Files made to cost much: long chains, deep nesting, one name for everything.
@Timeout(20)
class BtfLimitsTest {
  private static final int MANY = 200_000;

  @Test
  void aLongChainIsFollowedWithoutRecursion() {
    var b = new BtfBuilder();
    b.addInt("int", 4, 0);
    for (int i = 0; i < MANY; i++) {
      b.addTypedef("t", b.nextId() - 1);
    }
    Btf btf = Btf.parse(b.build().encode());
    assertThat(btf.skipModsAndTypedefs(MANY)).isEqualTo(1);
    assertThat(btf.resolveSize(MANY)).as("libbpf follows 32 steps").isEqualTo(-1);
    assertThat(btf.resolveSize(30)).isEqualTo(4);
    assertThat(btf.find("t", BtfKind.TYPEDEF)).isEqualTo(2);
    assertThatThrownBy(() -> new CDump(btf, new StringBuilder()).definition(MANY))
        .isInstanceOf(BtfException.class)
        .hasMessageContaining("nested over 512 levels");
  }

  @Test
  void deepStructsAlign() {
    var b = new BtfBuilder();
    b.addInt("int", 4, 0);
    for (int i = 0; i < MANY; i++) {
      int inner = b.nextId() - 1;
      b.addStruct("", 4, List.of(new BtfType.Member("m", inner, 0, 0)));
    }
    assertThat(b.build().alignOf(MANY)).isEqualTo(4);
  }

  @Test
  void sharedPrototypesAreNotWalkedForEver() {
    var b = new BtfBuilder();
    b.addInt("int", 4, 0);
    for (int i = 0; i < 100; i++) {
      int inner = b.nextId() - 1;
      b.addFuncProto(inner, List.of(new BtfType.Param("a", inner), new BtfType.Param("b", inner)));
    }
    Btf btf = b.build();
    assertThatThrownBy(() -> new CDump(btf, new StringBuilder()).definition(101))
        .isInstanceOf(BtfException.class)
        .hasMessageContaining("too many types");
  }

  @Test
  void aTypeMustNotContainItself() {
    var b = new BtfBuilder();
    b.addStruct("s", 4, List.of(new BtfType.Member("m", 2, 0, 0)));
    b.addArray(0, 1, 1);
    assertThatThrownBy(b::build)
        .isInstanceOf(BtfException.class)
        .hasMessage("btf: type [1]: Loop detected");
  }

  @Test
  void pointersThatOnlyPointAtEachOtherAreNoDeclaration() {
    var b = new BtfBuilder();
    b.addPtr(2);
    b.addConst(1);
    Btf btf = b.build();
    assertThatThrownBy(() -> new CDump(btf, new StringBuilder()).declaration(1, "p"))
        .isInstanceOf(BtfException.class);
    assertThatThrownBy(() -> CDump.writeHeader(btf, new StringBuilder(), true))
        .isInstanceOf(BtfException.class);
  }

  @Test
  void theKernelsTypesParseFast() throws Exception {
    Path vmlinux = Path.of("/sys/kernel/btf/vmlinux");
    Assumptions.assumeTrue(Files.isReadable(vmlinux), "this kernel shows no BTF");
    byte[] bytes = Files.readAllBytes(vmlinux);
    long best = Long.MAX_VALUE;
    Btf btf = Btf.parse(bytes);
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      btf = Btf.parse(bytes);
      best = Math.min(best, System.nanoTime() - start);
    }
    assertThat(best / 1_000_000).as("ms").isLessThan(150);
    int task = btf.find("task_struct", BtfKind.STRUCT);
    assertThat(btf.memberIndex(task, "pid")).isPositive();
    assertThat(btf.encode()).isEqualTo(bytes);
  }
}
