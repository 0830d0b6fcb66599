package bpf4j.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.CollectionSpec;
import bpf4j.model.spec.MapFlags;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.testdata.TestData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class ObjectLoaderTest {
  private static final TargetKernel KERNEL =
      TargetKernel.unknown().withConfig("# test\nCONFIG_BPF_SYSCALL=y\nCONFIG_BPF=y\n");
  private static final LoadOptions OPTIONS = new LoadOptions(null, false, KERNEL);

  private static CollectionSpec open(String name) throws IOException, ElfException {
    return ObjectLoader.open(TestData.object(name), OPTIONS);
  }

  private static MapSpec map(CollectionSpec spec, String name) {
    return spec.map(name).orElseThrow();
  }

  private static ProgramSpec program(CollectionSpec spec, String name) {
    return spec.program(name).orElseThrow();
  }

  private static String message(ProgramSpec p) {
    return Objects.requireNonNull(p.loadError()).message();
  }

  @Test
  void everyObjectOpens() throws IOException, ElfException {
    for (Path file : TestData.objects()) {
      CollectionSpec spec = ObjectLoader.open(file, OPTIONS);
      assertThat(spec.objectName()).isEqualTo(file.getFileName().toString());
      assertThat(spec.programs()).as(file.toString()).isNotEmpty();
      assertThat(spec.bigEndian()).isFalse();
      for (ProgramSpec p : spec.programs()) {
        assertThat(p.type()).isNotEqualTo(ProgType.UNSPEC);
        assertThat(p.btf()).isSameAs(spec.btf());
        for (MapSpec m : p.maps()) {
          assertThat(map(spec, m.name())).isSameAs(m);
        }
      }
    }
  }

  @Test
  void innerTemplatesInAllForms() throws IOException, ElfException {
    CollectionSpec spec = open("inner_forms");
    MapSpec byName = map(spec, "by_name");
    assertThat(byName.type()).isEqualTo(MapType.ARRAY_OF_MAPS);
    assertThat(byName.initialSlots())
        .containsExactly(
            new MapSpec.InitialSlot(0, "named_a"), new MapSpec.InitialSlot(3, "named_b"));
    assertInner(byName, MapType.ARRAY, 4, 8, 3, 0);
    assertInner(map(spec, "by_typedef"), MapType.HASH, 8, 16, 5, MapFlags.NO_PREALLOC);
    assertInner(map(spec, "by_anonymous"), MapType.LRU_HASH, 2, 6, 7, 0);
    assertInner(map(spec, "of_ringbufs"), MapType.RINGBUF, 0, 0, 4096, 0);
    assertInner(map(spec, "by_size"), MapType.ARRAY, 4, 4, 1, MapFlags.INNER_MAP);
    assertThat(byName.btf()).isNull();
    assertThat(map(spec, "named_a").btf()).isNotNull();
  }

  private static void assertInner(
      MapSpec outer, MapType type, int key, int value, int entries, int flags) {
    MapSpec inner = Objects.requireNonNull(outer.inner());
    assertThat(inner.name()).isEqualTo(outer.name() + ".inner");
    assertThat(inner.type()).isEqualTo(type);
    assertThat(inner.keySize()).isEqualTo(key);
    assertThat(inner.valueSize()).isEqualTo(value);
    assertThat(inner.maxEntries()).isEqualTo(entries);
    assertThat(inner.flags()).isEqualTo(flags);
  }

  @Test
  void programArraysAreFilledByName() throws IOException, ElfException {
    MapSpec steps = map(open("tail_chain"), "steps");
    assertThat(steps.initialSlots())
        .extracting(MapSpec.InitialSlot::index)
        .containsExactly(0, 1, 3, 5);
    assertThat(steps.initialSlots().getLast().target()).isEqualTo("forever");
  }

  @Test
  void globalDataBecomesMaps() throws IOException, ElfException {
    CollectionSpec spec = open("globals");
    MapSpec rodata = map(spec, "globals.rodata");
    assertThat(rodata.frozen()).isTrue();
    assertThat(rodata.flags()).isEqualTo(MapFlags.RDONLY_PROG | MapFlags.MMAPABLE);
    assertThat(rodata.kind()).isEqualTo(MapSpec.Kind.RODATA);
    assertThat(new String(rodata.initialData(), StandardCharsets.ISO_8859_1))
        .contains("hello, bpf4j");
    MapSpec bss = map(spec, "globals.bss");
    assertThat(bss.kind()).isEqualTo(MapSpec.Kind.BSS);
    assertThat(bss.initialData()).isEmpty();
    assertThat(map(spec, ".data.own").initialData()).containsExactly(11, 0, 0, 0);
    assertThat(map(spec, ".rodata.fixed").frozen()).isTrue();
    // A reference to a variable: the map's index and the variable's offset.
    ProgramSpec add = program(spec, "add");
    List<Long> loads = new ArrayList<>();
    for (int i = 0; i + 1 < add.insns().length; i++) {
      if (RawInsn.isLdImm64(add.insns()[i])) {
        assertThat(RawInsn.src(add.insns()[i])).isEqualTo(2);
        assertThat(RawInsn.imm(add.insns()[i])).isBetween(0, add.maps().size() - 1);
        loads.add(add.insns()[i]);
        i++;
      }
    }
    assertThat(RawInsn.imm(loads.getFirst())).isZero();
    assertThat(loads).hasSizeGreaterThan(add.maps().size());
  }

  @Test
  void configurationValues() throws IOException, ElfException {
    CollectionSpec spec = open("kconfig");
    ProgramSpec p = program(spec, "config");
    assertThat(p.loadError()).isNull();
    MapSpec config = p.maps().getFirst();
    assertThat(config.kind()).isEqualTo(MapSpec.Kind.KCONFIG);
    // tristate, then the ints by name, then the bool: by alignment, size and name.
    assertThat(config.initialData()).containsExactly(1, 0, 0, 0, 0, 0, 0, 0, 0, 18, 6, 0, 1);
  }

  @Test
  void configurationThatDoesNotFit() throws IOException, ElfException {
    Path file = TestData.object("kconfig");
    LoadOptions module = OPTIONS.withKernel(KERNEL.withConfig("CONFIG_BPF_SYSCALL=m\n"));
    assertThat(message(ObjectLoader.open(file, module).programs().getFirst()))
        .isEqualTo("extern (kcfg) 'CONFIG_BPF_SYSCALL': value 'm' implies tristate or char type");
    LoadOptions none = OPTIONS.withKernel(KERNEL.withConfig("CONFIG_BPF=y\n"));
    assertThat(message(ObjectLoader.open(file, none).programs().getFirst()))
        .isEqualTo("extern 'CONFIG_BPF_SYSCALL' (strong): not resolved");
  }

  @Test
  void subprogramsAreAppendedInTheOrderOfTheirFirstCall() throws IOException, ElfException {
    ProgramSpec calls = program(open("subprogs"), "calls");
    assertThat(calls.funcInfo()).hasSizeGreaterThan(1);
    assertThat(calls.funcInfo().getFirst().slotIdx()).isZero();
    List<Integer> starts = calls.funcInfo().stream().map(ProgramSpec.FuncInfo::slotIdx).toList();
    assertThat(starts).isSorted();
    for (int i = 0; i < calls.insns().length; i++) {
      long insn = calls.insns()[i];
      if (RawInsn.opcode(insn) == 0x85 && RawInsn.src(insn) == 1) {
        assertThat(starts).contains(i + 1 + RawInsn.imm(insn));
      }
    }
    assertThat(calls.lineInfo()).isNotEmpty();
    assertThat(calls.lineInfo().stream().map(ProgramSpec.LineInfo::slotIdx)).isSorted();
  }

  @Test
  void callbacksAreFunctionPointers() throws IOException, ElfException {
    CollectionSpec spec = open("for_each");
    boolean found = false;
    for (ProgramSpec p : spec.programs()) {
      for (int i = 0; i < p.insns().length; i++) {
        long insn = p.insns()[i];
        if (RawInsn.isLdImm64(insn) && RawInsn.src(insn) == 4) {
          found = true;
          int target = i + 1 + RawInsn.imm(insn);
          assertThat(p.funcInfo()).anyMatch(f -> f.slotIdx() == target);
        }
      }
    }
    assertThat(found).isTrue();
  }

  @Test
  void withoutKernelTypesCoReIsALoadError() throws IOException, ElfException {
    CollectionSpec spec = open("core_task");
    assertThat(spec.programs())
        .allSatisfy(p -> assertThat(message(p)).isEqualTo("failed to find valid kernel BTF"));
  }

  @Test
  void sectionsSayTypeAndTarget() throws IOException, ElfException {
    ProgramSpec xdp = open("xdp_filter").programs().getFirst();
    assertThat(xdp.type()).isEqualTo(ProgType.XDP);
    assertThat(xdp.attachType()).isEqualTo(AttachType.XDP);
    ProgramSpec kprobe = open("kprobe_pid").programs().getFirst();
    assertThat(kprobe.type()).isEqualTo(ProgType.KPROBE);
    assertThat(kprobe.attachType()).isNull();
    assertThat(kprobe.section()).isEqualTo("kprobe/" + kprobe.attachTo());
    ProgramSpec syscall = open("syscall_prog").programs().getFirst();
    assertThat(syscall.progFlags()).isEqualTo(ProgramSpec.F_SLEEPABLE);
  }

  @Test
  void bigEndianObjectsAreTheSamePrograms() throws IOException, ElfException {
    for (String name : List.of("globals", "kconfig", "subprogs", "tail_chain")) {
      CollectionSpec little = open(name);
      CollectionSpec big = ObjectLoader.open(TestData.object("be", name), OPTIONS);
      assertThat(big.bigEndian()).isTrue();
      assertThat(SpecJson.lines(big)).as(name).isEqualTo(SpecJson.lines(little));
    }
    MapSpec config =
        program(ObjectLoader.open(TestData.object("be", "kconfig"), OPTIONS), "config")
            .maps()
            .getFirst();
    assertThat(config.initialData()).containsExactly(0, 0, 0, 1, 0, 0, 0, 0, 0, 6, 18, 0, 1);
  }

  @Test
  void whatIsNoObjectIsRefusedInOneLine() throws IOException {
    byte[] good = Files.readAllBytes(TestData.object("lb"));
    assertRefused(new byte[0], "is not a proper ELF object");
    assertRefused("#!/bin/sh\n".getBytes(StandardCharsets.UTF_8), "proper ELF");
    byte[] bad = good.clone();
    bad[4] = 1;
    assertRefused(bad, "elf: 'x.o' is not a 64-bit ELF object");
    bad = good.clone();
    bad[18] = 62;
    assertRefused(bad, "elf: x.o is not a valid eBPF object file");
    assertThatThrownBy(() -> ObjectLoader.open(Path.of("no/such.o"), OPTIONS))
        .isInstanceOf(ElfException.class)
        .hasMessageContaining("elf: failed to open no/such.o: No such file or directory");
  }

  private static void assertRefused(byte[] bytes, String text) {
    assertThatThrownBy(() -> ObjectLoader.open(bytes, "x.o", OPTIONS))
        .isInstanceOf(ElfException.class)
        .hasMessageStartingWith("x.o: ")
        .hasMessageContaining(text)
        .hasMessageNotContaining("\n");
  }
}
