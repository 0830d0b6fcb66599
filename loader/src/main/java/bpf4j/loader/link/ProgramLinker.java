package bpf4j.loader.link;

import bpf4j.loader.LibbpfErrno;
import bpf4j.loader.SectionDef;
import bpf4j.loader.TargetKernel;
import bpf4j.loader.kernel.AttachTargets;
import bpf4j.loader.kernel.LoadException;
import bpf4j.loader.object.Extern;
import bpf4j.loader.object.ObjectFile;
import bpf4j.loader.object.ObjectTypes;
import bpf4j.loader.object.ProgramCode;
import bpf4j.loader.object.Relocation;
import bpf4j.model.btf.Btf;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.LoadError;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes the programs of an object ready for the kernel, each as if it alone were loaded.
///
/// Mirrors libbpf 1.5 `bpf_object__relocate` and `libbpf_prepare_prog_load`.
public final class ProgramLinker {
  private static final int CALL = 0x85;
  private static final int PSEUDO_MAP_FD = 1;
  private static final int PSEUDO_MAP_VALUE = 2;
  private static final int PSEUDO_BTF_ID = 3;
  private static final int PSEUDO_KFUNC_CALL = 2;

  /// Added to the number of an unresolved weak kfunc: the helper that its call becomes, which the
  /// verifier refuses.
  private static final int POISON_KFUNC = 2_002_000_000;

  private final ObjectFile object;
  private final ObjectTypes types;
  private final List<MapSpec> maps;
  private final int kconfigMap;
  private final int kernVersion;
  private final @Nullable Btf loadedBtf;
  private final CoreRelocations core;
  private final CallLinker calls;
  private final ExceptionCallbacks callbacks;
  private final AttachTargets targets;

  /// @param maps the object's maps in the order of their numbers in relocations
  /// @param kconfigMap number of the `.kconfig` map, -1 without one
  /// @param loadedBtf the types that programs are loaded with, or null when the kernel refuses them
  public ProgramLinker(
      ObjectFile object,
      ObjectTypes types,
      List<MapSpec> maps,
      int kconfigMap,
      @Nullable Btf loadedBtf,
      TargetKernel kernel) {
    this.object = object;
    this.types = types;
    this.maps = maps;
    this.kconfigMap = kconfigMap;
    Integer version = object.version();
    this.kernVersion = version != null ? version : kernel.version();
    this.loadedBtf = loadedBtf;
    this.core = new CoreRelocations(object, types, types.needsCoreTarget() ? kernel.core() : null);
    this.calls = new CallLinker(object, new ExtRecords(types));
    this.callbacks = new ExceptionCallbacks(object, types.btf());
    this.targets = new AttachTargets(kernel);
  }

  /// The program for an entry function.
  ///
  /// @param objectError why nothing of the object can be loaded, or null
  /// @param typesError why the object cannot be loaded once it is linked, or null
  public ProgramSpec link(
      ProgramCode main, @Nullable LoadError objectError, @Nullable LoadError typesError) {
    LinkedProgram linked = null;
    int attachBtfId = main.attachBtfId;
    LoadError error = objectError;
    if (error == null) {
      try {
        Map<ProgramCode, long[]> code = core.apply(main);
        linked = new LinkedProgram(main, code.getOrDefault(main, main.insns));
        linkCalls(linked, code);
        patchData(linked);
        if (typesError != null) {
          throw new LoadException(typesError.errno(), typesError.messages());
        }
        checkType(main);
        attachBtfId = attachTarget(main);
      } catch (LoadException e) {
        error = e.error();
      }
    }
    return spec(main, linked, attachBtfId, error);
  }

  private void linkCalls(LinkedProgram linked, Map<ProgramCode, long[]> code) throws LoadException {
    ProgramCode main = linked.main;
    try {
      calls.link(linked, main, code);
    } catch (LoadException e) {
      List<String> messages = new ArrayList<>(e.error().messages());
      messages.add("prog '" + main.name + "': failed to relocate calls: -" + e.error().errno());
      throw new LoadException(e.error().errno(), messages);
    }
    ProgramCode callback = callbacks.of(main);
    if (callback != null && calls.append(linked, callback, code)) {
      calls.link(linked, callback, code);
    }
  }

  private void patchData(LinkedProgram linked) {
    for (Relocation r : linked.relocations) {
      long[] insns = linked.insns;
      int at = r.slotIdx();
      switch (r.kind()) {
        case MAP -> load(insns, at, PSEUDO_MAP_FD, r.target(), RawInsn.imm(insns[at + 1]));
        case DATA ->
            load(insns, at, PSEUDO_MAP_VALUE, r.target(), RawInsn.imm(insns[at]) + r.symOff());
        case EXTERN_LD64 -> loadExtern(insns, at, types.externs().get(r.target()));
        case EXTERN_CALL -> callExtern(insns, at, r.target());
        case CALL, SUBPROG_ADDR -> {}
      }
    }
  }

  private static void load(long[] insns, int at, int src, int imm, int nextImm) {
    insns[at] = CallLinker.withImm(CallLinker.withSrc(insns[at], src), imm);
    insns[at + 1] = CallLinker.withImm(insns[at + 1], nextImm);
  }

  private void loadExtern(long[] insns, int at, Extern e) {
    if (e.isConfig()) {
      load(insns, at, PSEUDO_MAP_VALUE, kconfigMap, e.dataOff);
    } else if (e.typeId != 0 && e.resolved) {
      load(insns, at, PSEUDO_BTF_ID, e.kernelBtfId, 0);
    } else {
      insns[at] = CallLinker.withImm(insns[at], (int) e.address);
      insns[at + 1] = CallLinker.withImm(insns[at + 1], (int) (e.address >>> 32));
    }
  }

  private void callExtern(long[] insns, int at, int number) {
    Extern e = types.externs().get(number);
    if (e.resolved) {
      insns[at] = RawInsn.of(CALL, RawInsn.dst(insns[at]), PSEUDO_KFUNC_CALL, 0, e.kernelBtfId);
    } else {
      insns[at] = RawInsn.of(CALL, 0, 0, 0, POISON_KFUNC + number);
    }
  }

  private static void checkType(ProgramCode p) throws LoadException {
    if (p.type == ProgType.UNSPEC) {
      throw notLoaded(
          p,
          LibbpfErrno.EINVAL,
          "prog '"
              + p.name
              + "': missing BPF prog type, check ELF section name '"
              + p.sectionName
              + "'");
    }
    if (p.type == ProgType.STRUCT_OPS && p.attachBtfId == 0) {
      throw notLoaded(
          p,
          LibbpfErrno.EINVAL,
          "prog '"
              + p.name
              + "': SEC(\"struct_ops\") program isn't referenced anywhere, did you forget to use"
              + " it?");
    }
  }

  private static LoadException notLoaded(ProgramCode p, int errno, String... causes) {
    List<String> messages = new ArrayList<>(List.of(causes));
    messages.add("prog '" + p.name + "': failed to load: -" + errno);
    return new LoadException(errno, messages);
  }

  private int attachTarget(ProgramCode p) throws LoadException {
    SectionDef def = p.def;
    if (def == null || !def.attachesByBtf() || p.attachBtfId != 0) {
      return p.attachBtfId;
    }
    try {
      return targets.find(p, def);
    } catch (LoadException e) {
      int errno = e.error().errno();
      throw notLoaded(
          p,
          errno,
          e.error().message(),
          "prog '" + p.name + "': failed to prepare load attributes: -" + errno);
    }
  }

  /// What stands after the section's first slash.
  static @Nullable String target(ProgramCode p) {
    int slash = p.sectionName.indexOf('/');
    boolean takes = p.def == null || p.def.takesTarget();
    return slash < 0 || !takes ? null : p.sectionName.substring(slash + 1);
  }

  private ProgramSpec spec(
      ProgramCode p, @Nullable LinkedProgram linked, int attachBtfId, @Nullable LoadError error) {
    long[] insns = linked == null ? p.insns.clone() : linked.finished();
    List<MapSpec> used = linked == null ? List.of() : numberMaps(insns, linked);
    SectionDef def = p.def;
    int attach = p.expectedAttachType;
    // USDT programs are attached as multi uprobes by a kernel that has those.
    if (def != null && (def.flags() & SectionDef.USDT) != 0) {
      attach = AttachType.TRACE_UPROBE_MULTI.id();
    }
    boolean none = attach == 0 && (def == null || def.attachType() == null);
    boolean known = p.type != ProgType.STRUCT_OPS && !none;
    LinkedProgram typed = loadedBtf == null ? null : linked;
    return new ProgramSpec(
        p.name,
        p.sectionName,
        p.type,
        known ? AttachType.ofId(attach) : null,
        target(p),
        attachBtfId,
        def == null ? 0 : def.progFlags(),
        object.license(),
        kernVersion,
        p.autoload,
        insns,
        used,
        loadedBtf,
        typed == null ? List.of() : typed.funcs,
        typed == null ? List.of() : typed.lines,
        attach,
        error);
  }

  /// Turns the object's map numbers in `insns` into indexes of the maps returned: those that occur,
  /// in the order of their first use.
  private List<MapSpec> numberMaps(long[] insns, LinkedProgram linked) {
    // One more than the number of the map that the slot refers to.
    int[] mapOfSlot = new int[insns.length];
    for (Relocation r : linked.relocations) {
      switch (r.kind()) {
        case MAP, DATA -> mapOfSlot[r.slotIdx()] = r.target() + 1;
        case EXTERN_LD64 -> {
          if (types.externs().get(r.target()).isConfig()) {
            mapOfSlot[r.slotIdx()] = kconfigMap + 1;
          }
        }
        case CALL, EXTERN_CALL, SUBPROG_ADDR -> {}
      }
    }
    List<MapSpec> used = new ArrayList<>();
    Map<Integer, Integer> indexOfMap = new HashMap<>();
    for (int i = 0; i < insns.length; i++) {
      if (RawInsn.isLdImm64(insns[i])) {
        int map = mapOfSlot[i] - 1;
        if (map >= 0) {
          Integer index = indexOfMap.get(map);
          if (index == null) {
            index = used.size();
            indexOfMap.put(map, index);
            used.add(maps.get(map));
          }
          insns[i] = CallLinker.withImm(insns[i], index);
        }
        i++;
      }
    }
    return used;
  }
}
