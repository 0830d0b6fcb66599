package bpf4j.model.proto;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KfuncTableTest {
  @Test
  void agreesWithTheLiveKernelAboutWhoMayCallWhat() {
    List<String> wrong = new ArrayList<>();
    for (String[] row : ProtoText.rows("kfunc-availability.tsv")) {
      Set<String> allowed = Set.of(row[2].split(" ", -1));
      for (String name : KfuncTable.names()) {
        if (name.startsWith("bpf_xdp_metadata")) {
          continue;
        }
        Kfunc kfunc = Objects.requireNonNull(KfuncTable.find(name));
        if (kfunc.allowed(ProgType.valueOf(row[0]), AttachType.valueOf(row[1]))
            != allowed.contains(name)) {
          wrong.add(row[0] + " " + name);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void readsFlags() {
    Kfunc acquire = Objects.requireNonNull(KfuncTable.find("bpf_task_acquire"));
    assertThat(acquire.has(Kfunc.ACQUIRE | Kfunc.RCU | Kfunc.RET_NULL)).isTrue();
    assertThat(acquire.has(Kfunc.RELEASE)).isFalse();
    assertThat(KfuncTable.find("schedule")).isNull();
  }
}
