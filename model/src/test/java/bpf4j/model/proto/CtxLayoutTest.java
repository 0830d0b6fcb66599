package bpf4j.model.proto;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CtxLayoutTest {
  private static final Set<Capability> ALL = EnumSet.allOf(Capability.class);

  @Test
  void agreesWithTheLiveKernelAboutEveryAccess() {
    List<String> wrong = new ArrayList<>();
    for (String[] row : ProtoText.rows("ctx-accesses.tsv")) {
      boolean pointer = row[0].startsWith("=");
      CtxLayout layout =
          pointer
              ? CtxLayout.ofPointer(row[0].substring(1))
              : CtxLayout.of(ProgType.valueOf(row[0]), AttachType.valueOf(row[1]), ALL);
      Map<String, String> allowed = new HashMap<>();
      for (String a : row[2].split(" ", -1)) {
        String[] kv = a.split("=", -1);
        allowed.put(kv[0], kv.length > 1 ? kv[1] : "");
      }
      boolean sparse = row[0].equals("TRACEPOINT");
      // 6.18 compares a tracepoint's offset unsigned on one side only and so lets negative offsets
      // through, before the record; we do not follow it there.
      for (int off = sparse ? 0 : -8; off < (sparse ? 40 : layout.size() + 16); off++) {
        for (int size = 1; size <= 8; size *= 2) {
          check(layout, row[0] + "/" + row[1], off, size, allowed, wrong);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static void check(
      CtxLayout layout,
      String who,
      int off,
      int size,
      Map<String, String> allowed,
      List<String> wrong) {
    CtxField read = layout.access(off, size, false, false);
    String kernel = allowed.get(off + ":" + size + ":r");
    String ours = read == null ? null : read.kind().logName() + read.struct();
    if (ours == null ? kernel != null : !ours.equals(kernel)) {
      wrong.add(String.format(Locale.ROOT, "%s r%d@%d: %s, not %s", who, size, off, ours, kernel));
    }
    boolean write = layout.access(off, size, true, false) != null;
    if (write != allowed.containsKey(off + ":" + size + ":w")) {
      wrong.add(String.format(Locale.ROOT, "%s w%d@%d: %s", who, size, off, write));
    }
  }

  @Test
  void attachTypeAndCapabilitiesDecide() {
    assertThat(CtxLayout.of(ProgType.XDP, AttachType.XDP, ALL).access(20, 4, false, false))
        .isNull();
    assertThat(CtxLayout.of(ProgType.XDP, AttachType.XDP_DEVMAP, ALL).access(20, 4, false, false))
        .isNotNull();
    var filter = CtxLayout.of(ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS, Set.of());
    assertThat(filter.access(76, 4, false, false)).isNull();
    assertThat(filter.access(152, 8, false, false)).isNotNull();
    assertThat(filter.access(152, 8, true, false)).isNull();
  }

  @Test
  void packetPointersDoNotSignExtend() {
    var xdp = CtxLayout.of(ProgType.XDP, AttachType.XDP, ALL);
    assertThat(xdp.access(0, 4, false, true)).isNull();
    assertThat(xdp.access(12, 4, false, true)).isNotNull();
    assertThat(xdp.size()).isEqualTo(24);
  }

  @Test
  void namesAllFieldsForThoseWhoFillThem() {
    assertThat(CtxLayout.allFields("xdp_md"))
        .extracting(CtxField::name)
        .containsExactly(
            "data", "data_end", "data_meta", "ingress_ifindex", "rx_queue_index", "egress_ifindex");
  }
}
