package bpf4j.vm.jit;

import static org.assertj.core.api.Assertions.assertThat;

import bpf4j.maps.BpfMap;
import bpf4j.maps.GuestMemory;
import bpf4j.maps.MapFd;
import bpf4j.maps.MapTable;
import bpf4j.model.asm.AsmNames;
import bpf4j.model.asm.Assembler;
import bpf4j.model.isa.Decoder;
import bpf4j.model.isa.Instruction;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.vm.engine.CodeSpace;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.HelperBody;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.engine.RunCtx;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Lookups in line give what the maps themselves give, for hits, misses and every key.
class JitMapsTest {
  private static final AsmNames NAMES =
      new AsmNames() {
        @Override
        public OptionalInt helperId(String name) {
          return switch (name) {
            case "lookup" -> OptionalInt.of(1);
            case "update" -> OptionalInt.of(2);
            case "delete" -> OptionalInt.of(3);
            default -> OptionalInt.empty();
          };
        }

        @Override
        public OptionalInt kfuncBtfId(String name) {
          return OptionalInt.empty();
        }
      };

  private final GuestMemory memory = GuestMemory.reserve(1L << 26);
  private final MapTable table = new MapTable(memory);
  private final Map<String, MapFd> maps = new LinkedHashMap<>();
  private final long stack = memory.allocate(RunCtx.STACK_BYTES, "stack");
  private final long ctx = memory.allocate(64, "ctx");

  @BeforeEach
  void createMaps() {
    map("array", MapType.ARRAY, 4, 24, 10);
    map("percpu_array", MapType.PERCPU_ARRAY, 4, 12, 10);
    map("hash4", MapType.HASH, 4, 8, 64);
    map("hash8", MapType.HASH, 8, 16, 64);
    map("hash16", MapType.HASH, 16, 8, 64);
    map("hash7", MapType.HASH, 7, 8, 64);
    map("percpu_hash", MapType.PERCPU_HASH, 4, 8, 64);
    map("lru", MapType.LRU_HASH, 4, 8, 64);
    MapSpec inner = MapSpec.of(MapType.ARRAY, 4, 16, 7);
    MapSpec innerHash = MapSpec.of(MapType.HASH, 8, 8, 16);
    outer("outer_array", MapType.ARRAY_OF_MAPS, inner);
    outer("outer_hash", MapType.HASH_OF_MAPS, inner);
    outer("outer_array_hash", MapType.ARRAY_OF_MAPS, innerHash);
    Random random = new Random(1);
    maps.forEach((name, fd) -> {
      if (!name.startsWith("outer")) {
        for (int i = 0; i < 8; i++) {
          byte[] value = new byte[fd.map().spec().valueSize()];
          random.nextBytes(value);
          update(fd, key(fd.map().spec().keySize(), i), value);
        }
      }
    });
  }

  private void map(String name, MapType type, int key, int value, int max) {
    maps.put(name, table.create(MapSpec.of(name, type, key, value, max, 0)));
  }

  private void outer(String name, MapType type, MapSpec template) {
    MapFd outer = table.create(MapSpec.of(name, type, 4, 4, 8, 0).withInner(template));
    maps.put(name, outer);
    for (int i = 0; i < 5; i++) {
      MapFd inner = table.create(template);
      for (int k = 0; k < 4; k++) {
        byte[] value = new byte[template.valueSize()];
        value[0] = (byte) (16 * i + k);
        update(inner, key(template.keySize(), k), value);
      }
      byte[] fd = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(inner.fd()).array();
      update(outer, key(4, i), fd);
    }
  }

  private void update(MapFd fd, byte[] key, byte[] value) {
    if (fd.map().type() == MapType.PERCPU_ARRAY || fd.map().type() == MapType.PERCPU_HASH) {
      byte[] all = new byte[fd.valueSize()];
      for (int i = 0; i < all.length; i++) {
        all[i] = (byte) (i * 7 + key[0]);
      }
      fd.update(key, all);
    } else {
      fd.update(key, value);
    }
  }

  private static byte[] key(int size, int i) {
    byte[] key = new byte[size];
    key[0] = (byte) i;
    if (size == 16) {
      key[9] = 3;
    }
    return key;
  }

  @AfterEach
  void close() {
    maps.values().forEach(MapFd::close);
    table.close();
    memory.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"array", "percpu_array", "hash4", "hash7", "percpu_hash", "lru", "hash8"})
  void lookupsOnTheStackAndByPointer(String map) {
    int size = Objects.requireNonNull(maps.get(map)).map().spec().keySize();
    String second = size > 4 ? "*(u32 *)(r10 -12) = 0" : "r4 = 0";
    agree(
        """
          r6 = r1
          r7 = *(u32 *)(r6 +0)
          *(u32 *)(r10 -16) = r7
          %2$s
          r2 = r10
          r2 += -16
          r1 = map[%1$s]
          call lookup
          r8 = 1
          if r0 == 0 goto next
          r8 = *(u64 *)(r0 +0)
          r9 = *(u32 *)(r0 +4)
          r8 += r9
          *(u16 *)(r0 +2) = 77
        next:
          r2 = r6
          r1 = map[%1$s]
          call lookup
          if r0 == 0 goto out
          r0 = *(u64 *)(r0 +0)
          r8 ^= r0
        out:
          r0 = r8
          exit
        """
            .formatted(map, second));
  }

  @ParameterizedTest
  @ValueSource(strings = {"outer_array", "outer_hash"})
  void innerArrays(String outer) {
    agree(
        """
          r6 = *(u32 *)(r1 +0)
          *(u32 *)(r10 -4) = r6
          r2 = r10
          r2 += -4
          r1 = map[%s]
          call lookup
          r8 = 0
          if r0 == 0 goto out
          r1 = r0
          r6 = *(u32 *)(r10 -4)
          r6 += 1
          *(u32 *)(r10 -8) = r6
          r2 = r10
          r2 += -8
          call lookup
          if r0 == 0 goto out
          r8 = *(u64 *)(r0 +0)
        out:
          r0 = r8
          exit
        """
            .formatted(outer));
  }

  @ParameterizedTest
  @ValueSource(strings = {"outer_array_hash"})
  void innerHashes(String outer) {
    agree(
        """
          r6 = r1
          r2 = r1
          r1 = map[%s]
          call lookup
          r8 = 0
          if r0 == 0 goto out
          r7 = r0
          r1 = r7
          r2 = r6
          call lookup
          if r0 == 0 goto out
          r8 = *(u64 *)(r0 +0)
          r8 += 5
        out:
          r0 = r8
          exit
        """
            .formatted(outer));
  }

  @ParameterizedTest
  @ValueSource(strings = {"r6", "w6"})
  void keysFromPieces(String unused) {
    agree(
        """
          r6 = *(u8 *)(r1 +0)
          *(u8 *)(r10 -16) = r6
          *(u8 *)(r10 -15) = 0
          *(u16 *)(r10 -14) = 0
          *(u32 *)(r10 -12) = 0
          *(u8 *)(r10 -8) = 0
          *(u8 *)(r10 -7) = 3
          *(u16 *)(r10 -6) = 0
          *(u32 *)(r10 -4) = 0
          r2 = r10
          r2 += -16
          r1 = map[hash16]
          call lookup
          r7 = *(u32 *)(r10 -8)
          if r0 == 0 goto out
          r0 = *(u64 *)(r0 +0)
          r7 += r0
        out:
          r0 = r7
          exit
        """);
    agree(
        """
          r6 = *(u8 *)(r1 +0)
          *(u64 *)(r10 -16) = r6
          *(u64 *)(r10 -8) = 768
          r2 = r10
          r2 += -16
          r1 = map[hash16]
          call lookup
          if r0 == 0 goto out
          r0 = *(u64 *)(r0 +0)
        out:
          r7 = *(s32 *)(r10 -20)
          exit
        """);
  }

  @ParameterizedTest
  @ValueSource(strings = {"hash4", "lru", "percpu_hash"})
  void updatesAndDeletions(String map) {
    agree(
        """
          r6 = *(u32 *)(r1 +0)
          *(u32 *)(r10 -4) = r6
          *(u64 *)(r10 -16) = r6
          *(u64 *)(r10 -24) = 9
          r2 = r10
          r2 += -4
          r3 = r10
          r3 += -16
          r4 = 0
          r1 = map[%1$s]
          call update
          r7 = r0
          r2 = r10
          r2 += -4
          r1 = map[%1$s]
          call lookup
          if r0 == 0 goto out
          r0 = *(u64 *)(r0 +0)
          r7 += r0
          r2 = r10
          r2 += -4
          r1 = map[%1$s]
          call delete
          r7 += r0
          r8 = *(u64 *)(r10 -24)
          r7 += r8
        out:
          r0 = r7
          exit
        """
            .formatted(map));
  }

  private void agree(String source) {
    LinkedProgram program =
        link(new Assembler(NAMES, List.copyOf(maps.keySet())).assemble(source).insns());
    Executable interpreted = new FastInterpreter(program);
    Executable compiled = JitCompiler.compile(program, memory, _ -> false);
    Executable cut = JitCompiler.compile(program, memory, _ -> false, 100);
    RunCtx rc = new RunCtx(memory, CodeSpace.EMPTY, stack, 1);
    for (int i = -1; i < 12; i++) {
      List<String> outcomes = new ArrayList<>();
      memory.putU32(ctx, i);
      // From the second run on, the programs leave the maps as they found them.
      rc.run(interpreted, ctx);
      for (Executable engine : List.of(interpreted, compiled, cut)) {
        memory.fill(stack, RunCtx.STACK_BYTES, 0);
        memory.fill(ctx, 64, 0);
        memory.putU32(ctx, i);
        outcomes.add(rc.run(engine, ctx) + " " + digest());
      }
      assertThat(outcomes).as("key %d", i).containsOnly(outcomes.getFirst());
    }
  }

  private String digest() {
    StringBuilder all = new StringBuilder();
    maps.forEach((name, fd) -> {
      byte[] key = null;
      if (!name.startsWith("outer")) {
        while ((key = fd.nextKey(key)) != null) {
          all.append(HexFormat.of().formatHex(Objects.requireNonNull(fd.lookup(key))));
        }
      }
    });
    return all.toString();
  }

  private LinkedProgram link(long[] words) {
    List<BpfMap> live = maps.values().stream().map(MapFd::map).toList();
    long[] imm64 = new long[words.length];
    HelperBody[] bodies = new HelperBody[words.length];
    for (int i = 0; i < words.length; ) {
      Instruction insn = Decoder.decode(words, i);
      switch (insn) {
        case Instruction.LoadMapFd load -> imm64[i] = live.get(load.fd()).descriptorAddr();
        case Instruction.CallHelper(int id) -> bodies[i] = body(id);
        default -> {}
      }
      i += insn.slots();
    }
    return new LinkedProgram(0, "maps", ProgType.XDP, words, imm64, bodies, live, -1, 0);
  }

  private HelperBody body(int id) {
    return switch (id) {
      case 1 -> (rc, map, key, _, _, _) -> at(map).lookupElem(key, rc.cpu());
      case 2 -> (rc, map, key, value, flags, _) -> at(map).updateElem(key, value, flags, rc.cpu());
      default -> (rc, map, key, _, _, _) -> at(map).deleteElem(key, rc.cpu());
    };
  }

  private BpfMap at(long descriptor) {
    return Objects.requireNonNull(table.mapAt(descriptor));
  }
}
