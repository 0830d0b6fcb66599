package bpf4j.vm.jit;

import static bpf4j.vm.jit.Descriptors.I;
import static bpf4j.vm.jit.Descriptors.J;

import bpf4j.maps.ArrayLayout;
import bpf4j.maps.BpfMap;
import bpf4j.maps.GuestMemory;
import bpf4j.maps.HashLayout;
import bpf4j.maps.MapLayout;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.vm.jit.MapSites.Site;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/// Bytecode for map helpers whose map is known: lookups in line with all that the map says as
/// constants, or for an inner map with what the template says as constants and the rest loaded from
/// the descriptor; updates and deletions as direct calls of the map.
final class MapEmitter {
  private static final long U32 = 0xffff_ffffL;

  private final CodeBuilder code;
  private final InsnEmitter insns;
  private final MemoryEmitter mem;
  private final JitUnit unit;
  private final GuestMemory memory;

  MapEmitter(CodeBuilder code, InsnEmitter insns, MemoryEmitter mem, JitUnit unit) {
    this.code = code;
    this.insns = insns;
    this.mem = mem;
    this.unit = unit;
    this.memory = unit.memory();
  }

  /// Emits the call and leaves its result in r0; false where the general way must do.
  boolean emit(Site site, Value key) {
    if (site.inlined()) {
      switch (site.spec().type()) {
        case ARRAY, PERCPU_ARRAY, ARRAY_OF_MAPS -> array(site, key);
        default -> hash(site, key);
      }
      return true;
    }
    if (site.inner()) {
      return false;
    }
    direct(site);
    return true;
  }

  /// A call of the map itself, which C2 knows by identity.
  private void direct(Site site) {
    BpfMap map = site.map();
    code.loadConstant(unit.data().constant(map, Descriptors.BPF_MAP));
    insns.get(2);
    switch (site.helper()) {
      case 1 -> {
        cpu();
        code.invokevirtual(Descriptors.BPF_MAP, "lookupElem", MethodTypeDesc.of(J, J, I));
      }
      case 2 -> {
        insns.get(3);
        insns.get(4);
        cpu();
        code.invokevirtual(Descriptors.BPF_MAP, "updateElem", MethodTypeDesc.of(I, J, J, J, I));
        code.i2l();
      }
      default -> {
        cpu();
        code.invokevirtual(Descriptors.BPF_MAP, "deleteElem", MethodTypeDesc.of(I, J, I));
        code.i2l();
      }
    }
    insns.set(0);
  }

  private void cpu() {
    code.aload(Registers.RC).invokevirtual(Descriptors.RUN_CTX, "cpu", MethodTypeDesc.of(I));
  }

  private void array(Site site, Value key) {
    MapSpec spec = site.spec();
    Label none = code.newLabel();
    Label done = code.newLabel();
    mem.key32(key);
    code.istore(Registers.TEMP_INT).iload(Registers.TEMP_INT);
    if (site.inner()) {
      descriptorWord(MapLayout.MAX_ENTRIES);
    } else {
      code.loadConstant(spec.maxEntries());
    }
    code.invokestatic(Descriptors.INTEGER, "compareUnsigned", Descriptors.same(I, 2)).ifge(none);
    if (site.inner()) {
      insns.get(1);
      code.loadConstant((long) ArrayLayout.DATA).ladd();
    } else {
      code.loadConstant(site.map().descriptorAddr() + ArrayLayout.DATA);
    }
    if (spec.type() == MapType.PERCPU_ARRAY) {
      perCpu(site);
    }
    boolean outer = spec.type() == MapType.ARRAY_OF_MAPS;
    long elemSize = outer ? 8 : ArrayLayout.elemSize(spec.valueSize());
    code.iload(Registers.TEMP_INT).i2l().loadConstant(U32).land();
    code.loadConstant(elemSize).lmul().ladd();
    if (outer) {
      inner();
    }
    insns.set(0);
    code.goto_(done).labelBinding(none).lconst_0();
    insns.set(0);
    code.labelBinding(done);
  }

  /// Adds the offset of this CPU's values.
  private void perCpu(Site site) {
    cpu();
    code.i2l();
    if (site.inner()) {
      descriptorWord(MapLayout.STRIDE);
      code.i2l().loadConstant(U32).land();
    } else {
      code.loadConstant(memory.getU32(site.map().descriptorAddr() + MapLayout.STRIDE));
    }
    code.lmul().ladd();
  }

  /// A word of the inner map's descriptor, which r1 points at.
  private void descriptorWord(int off) {
    mem.segment();
    code.getstatic(Descriptors.LAYOUTS, "JAVA_INT_UNALIGNED", Descriptors.LAYOUTS.nested("OfInt"));
    mem.address(1, off);
    code.invokeinterface(
        Descriptors.SEGMENT, "get", MethodTypeDesc.of(I, Descriptors.LAYOUTS.nested("OfInt"), J));
  }

  /// Turns the address of a slot into the inner map in it.
  private void inner() {
    code.lstore(Registers.TEMP_LONG);
    mem.segment();
    code.loadConstant(memory.mask()).lload(Registers.TEMP_LONG);
    code.invokestatic(
        Descriptors.HASH_FIND, "inner", MethodTypeDesc.of(J, Descriptors.SEGMENT, J, J));
  }

  private void hash(Site site, Value key) {
    MapSpec spec = site.spec();
    int keyOff = site.isLru() ? HashLayout.LRU_KEY : HashLayout.KEY;
    mem.segment();
    code.loadConstant(memory.mask());
    if (site.inner()) {
      descriptorWord(MapLayout.DATA);
      code.i2l().loadConstant(U32).land();
      descriptorWord(MapLayout.MASK);
      descriptorWord(MapLayout.SEED);
    } else {
      long d = site.map().descriptorAddr();
      code.loadConstant(memory.getU32(d + MapLayout.DATA))
          .loadConstant((int) memory.getU32(d + MapLayout.MASK))
          .loadConstant((int) memory.getU32(d + MapLayout.SEED));
    }
    code.loadConstant(keyOff);
    switch (spec.keySize()) {
      case 4 -> {
        mem.key32(key);
        find("find4", I);
      }
      case 8 -> {
        mem.key64(key, 0);
        find("find8", J);
      }
      default -> {
        mem.key64(key, 0);
        mem.key64(key, 8);
        find("find16", J, J);
      }
    }
    insns.set(0);
    found(site, HashLayout.valueOff(keyOff, spec.keySize()));
  }

  private void find(String name, ClassDesc... key) {
    MethodTypeDesc type =
        MethodTypeDesc.of(J, Descriptors.SEGMENT, J, J, I, I, I).insertParameterTypes(6, key);
    code.invokestatic(Descriptors.HASH_FIND, name, type);
  }

  /// r0 is an element or 0: makes it the element's value.
  private void found(Site site, int valueOff) {
    Label done = code.newLabel();
    insns.get(0);
    code.lconst_0().lcmp().ifeq(done);
    if (site.isLru()) {
      mem.segment();
      code.loadConstant(memory.mask());
      insns.get(0);
      code.invokestatic(
          Descriptors.HASH_FIND,
          "touch",
          MethodTypeDesc.of(Descriptors.V, Descriptors.SEGMENT, J, J));
    }
    insns.get(0);
    code.loadConstant((long) valueOff).ladd();
    if (site.isPercpu()) {
      perCpu(site);
    }
    if (site.spec().type() == MapType.HASH_OF_MAPS) {
      inner();
    }
    insns.set(0);
    code.labelBinding(done);
  }
}
