package bpf4j.vm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.maps.GuestMemory;
import bpf4j.model.isa.RawInsn;
import bpf4j.vm.GuestTrap;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class FastInterpreterTest {
  /// HotSpot never compiles a longer method (`HugeMethodLimit`).
  private static final int HUGE_METHOD = 8000;

  @Test
  void theLoopIsShortEnoughToBeCompiled() throws IOException {
    try (InputStream in = FastInterpreter.class.getResourceAsStream("FastInterpreter.class")) {
      byte[] bytes = Objects.requireNonNull(in).readAllBytes();
      for (var method : ClassFile.of().parse(bytes).methods()) {
        int length = ((CodeAttribute) method.code().orElseThrow()).codeLength();
        assertThat(length).as(method.methodName().stringValue()).isLessThan(HUGE_METHOD);
      }
    }
  }

  @Test
  void aRunWithoutEndIsStoppedByItsBudget() {
    try (GuestMemory memory = GuestMemory.reserve(1L << 24)) {
      RunCtx rc =
          new RunCtx(memory, CodeSpace.EMPTY, memory.allocate(RunCtx.STACK_BYTES, "stack"), 0);
      rc.setBudget(1 << 20);
      var spin = new FastInterpreter(RawPrograms.link(RawInsn.of(0x05, 0, 0, -1, 0)));
      assertThatThrownBy(() -> rc.run(spin, 0))
          .isInstanceOf(GuestTrap.class)
          .hasMessageContaining("instruction budget");
    }
  }
}
