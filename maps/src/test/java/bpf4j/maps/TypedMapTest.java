package bpf4j.maps;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.btf.Btf;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.testdata.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TypedMapTest {
  /// `struct plain8 { int a; int b; }` in the types of the recorded calls.
  record Plain8(int a, long b) {}

  private static Btf types() throws IOException {
    try (var lines = Files.lines(TestData.folder().resolve("maps/golden/create.calls"))) {
      String line = lines.findFirst().orElseThrow();
      return Btf.parse(HexFormat.of().parseHex(line.substring("types ".length())));
    }
  }

  private static MapSpec spec(MapType type) throws IOException {
    Btf btf = types();
    int plain8 = 1;
    int integer = 1;
    while (!btf.nameEquals(plain8, "plain8")) {
      plain8++;
    }
    while (!btf.nameEquals(integer, "int")) {
      integer++;
    }
    MapSpec plain = MapSpec.of("stats", type, 4, 8, 4, 0);
    return new MapSpec(
        plain.name(),
        type,
        4,
        8,
        4,
        0,
        0,
        0,
        null,
        false,
        btf,
        integer,
        plain8,
        MapSpec.Kind.DEFINED,
        List.of(),
        new byte[0],
        false);
  }

  @Test
  void structsAreMapsAndRecords() throws IOException {
    try (GuestMemory memory = GuestMemory.reserve(1 << 24)) {
      MapTable table = new MapTable(memory, 2, VirtualKernel.BARE);
      TypedMap map = new TypedMap(table.create(spec(MapType.HASH)));
      map.update(1, Map.of("a", 7));
      assertThat(map.lookup(1)).isEqualTo(Map.of("a", 7L, "b", 0L));
      map.update(2, new Plain8(-3, 4));
      assertThat(map.lookup(2, Plain8.class)).isEqualTo(new Plain8(-3, 4));
      assertThat(map.lookup(9)).isNull();
      assertThat(map.delete(2)).isTrue();
      map.forEach((k, v) -> assertThat(k).isEqualTo(1L));
      assertThatThrownBy(() -> map.update(1, Map.of("nope", 7))).hasMessageContaining("nope");
    }
  }

  @Test
  void perCpuValuesAreLists() throws IOException {
    try (GuestMemory memory = GuestMemory.reserve(1 << 24)) {
      MapTable table = new MapTable(memory, 2, VirtualKernel.BARE);
      TypedMap map = new TypedMap(table.create(spec(MapType.PERCPU_ARRAY)));
      map.update(3, List.of(Map.of("a", 1), Map.of("b", 2)));
      assertThat(map.lookup(3))
          .isEqualTo(List.of(Map.of("a", 1L, "b", 0L), Map.of("a", 0L, "b", 2L)));
    }
  }
}
