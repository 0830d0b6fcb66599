package bpf4j.model.proto;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import org.junit.jupiter.api.Test;

class ProgRulesTest {
  @Test
  void outerMapsTakeLookupOnly() {
    for (int id = 1; id <= HelperTable.maxId(); id++) {
      var fit =
          MapHelpers.fit(MapType.ARRAY_OF_MAPS, id, ProgType.XDP, AttachType.CGROUP_INET_INGRESS);
      assertThat(fit == MapHelpers.Fit.OK)
          .as(HelperTable.kernelName(id))
          .isEqualTo(id == HelperTable.id("map_lookup_elem"));
    }
  }

  @Test
  void sockmapUpdatesDependOnTheProgramType() {
    int update = HelperTable.id("map_update_elem");
    assertThat(MapHelpers.fit(MapType.SOCKMAP, update, ProgType.XDP, AttachType.XDP))
        .isEqualTo(MapHelpers.Fit.OK);
    assertThat(MapHelpers.fit(MapType.SOCKMAP, update, ProgType.SOCK_OPS, AttachType.XDP))
        .isEqualTo(MapHelpers.Fit.REFUSED_SOCKMAP_UPDATE);
    assertThat(MapHelpers.fit(MapType.HASH, update, ProgType.XDP, AttachType.XDP))
        .isEqualTo(MapHelpers.Fit.OK);
    assertThat(
            MapHelpers.fit(MapType.HASH, HelperTable.id("tail_call"), ProgType.XDP, AttachType.XDP))
        .isEqualTo(MapHelpers.Fit.REFUSED);
  }

  @Test
  void attachTypesAreCheckedForSomeTypesOnly() {
    assertThat(ProgRules.loads(ProgType.XDP, AttachType.TCX_EGRESS)).isTrue();
    assertThat(ProgRules.loads(ProgType.CGROUP_SKB, AttachType.TCX_EGRESS)).isFalse();
    assertThat(ProgRules.fixupAttach(ProgType.CGROUP_SOCK, AttachType.CGROUP_INET_INGRESS))
        .isEqualTo(AttachType.CGROUP_INET_SOCK_CREATE);
  }

  @Test
  void returnRangesFollowTypeAndAttachType() {
    assertThat(ProgRules.returnRange(ProgType.XDP, AttachType.XDP, "", false)).isNull();
    assertThat(ProgRules.returnRange(ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS, "", false))
        .isEqualTo(new ProgRules.ReturnRange(0, 3, false));
    assertThat(ProgRules.returnRange(ProgType.LSM, AttachType.LSM_MAC, "bpf_lsm_x", false))
        .isEqualTo(new ProgRules.ReturnRange(-4095, 0, true));
  }
}
