package bpf4j.model.proto;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.ProgType;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class HelperTableTest {
  @Test
  void holdsAllHelpersOfTheReferenceKernel() {
    assertThat(HelperTable.maxId()).isEqualTo(211);
    for (int id = 1; id <= HelperTable.maxId(); id++) {
      assertThat(HelperTable.exists(id)).as("helper %d", id).isTrue();
    }
    assertThat(HelperTable.exists(0)).isFalse();
    assertThat(HelperTable.exists(212)).isFalse();
    assertThat(HelperTable.kernelName(1)).isEqualTo("bpf_map_lookup_elem");
    assertThat(HelperTable.kernelName(211)).isEqualTo("bpf_cgrp_storage_delete");
  }

  @Test
  void agreesWithTheLiveKernelAboutWhoMayCallWhat() {
    List<String> wrong = new ArrayList<>();
    for (String[] row : ProtoText.rows("helper-availability.tsv")) {
      var scope =
          new HelperScope(
              ProgType.valueOf(row[0]),
              AttachType.valueOf(row[1]),
              row[2].equals("s"),
              row[3].equals("-") ? "" : row[3],
              row[4].equals("-") ? "" : row[4],
              EnumSet.allOf(Capability.class));
      BigInteger allowed = new BigInteger(row[5], 16);
      for (int id = 1; id <= HelperTable.maxId(); id++) {
        if ((HelperTable.lookup(id, scope) != null) != allowed.testBit(id)) {
          wrong.add(scope + " " + HelperTable.kernelName(id));
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void capabilitiesGateHelpers() {
    var none =
        new HelperScope(
            ProgType.SOCKET_FILTER,
            AttachType.CGROUP_INET_INGRESS,
            false,
            "",
            "",
            EnumSet.noneOf(Capability.class));
    assertThat(HelperTable.lookup(HelperTable.id("map_lookup_elem"), none)).isNotNull();
    assertThat(HelperTable.lookup(HelperTable.id("spin_lock"), none)).isNull();
    assertThat(HelperTable.lookup(HelperTable.id("trace_printk"), none)).isNull();
  }

  @Test
  void oneIdMayHaveSeveralPrototypes() {
    int id = HelperTable.id("get_socket_cookie");
    var filter = HelperScope.of(ProgType.SOCKET_FILTER, AttachType.CGROUP_INET_INGRESS);
    var tracing = HelperScope.of(ProgType.TRACING, AttachType.TRACE_RAW_TP);
    HelperProto byCtx = Objects.requireNonNull(HelperTable.lookup(id, filter));
    HelperProto bySock = Objects.requireNonNull(HelperTable.lookup(id, tracing));
    assertThat(byCtx.arg(1).type()).isEqualTo(ArgType.PTR_TO_CTX);
    assertThat(bySock.arg(1).type()).isEqualTo(ArgType.PTR_TO_BTF_ID_SOCK_COMMON);
  }

  @Test
  void readsSizesStructsAndFlags() {
    HelperProto strtol = HelperTable.variants(HelperTable.id("strtol")).getFirst();
    assertThat(strtol.arg(4).size()).isEqualTo(8);
    assertThat(strtol.arg(4).has(ArgFlags.FIXED_SIZE | ArgFlags.UNINIT | ArgFlags.WRITE)).isTrue();
    HelperProto path = HelperTable.variants(HelperTable.id("d_path")).getFirst();
    assertThat(path.arg(1).struct()).isEqualTo("path");
    assertThat(path.rule()).isEqualTo(HelperProto.CallRule.D_PATH);
    assertThat(path.argCount()).isEqualTo(3);
  }
}
