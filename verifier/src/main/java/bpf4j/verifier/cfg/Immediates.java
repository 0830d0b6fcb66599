package bpf4j.verifier.cfg;

import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.MapHelpers;
import bpf4j.model.proto.ProgRules;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapSpec;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.VerifierMap;
import org.jspecify.annotations.Nullable;

/// Resolves wide immediates: which map or symbol each loads, whether the program may use it, and
/// whether every opcode is known.
public final class Immediates {
  private static final int MAX_MAPS = 64;
  private static final int STREAMS = 3;
  private static final long MAX_VALUE_OFF = 1L << 29;
  private static final long MAP_BASE = 0xffff888100000000L;

  private final Env env;
  private final @Nullable VerifierMap[] byIndex;

  private Immediates(Env env) {
    this.env = env;
    byIndex = new VerifierMap[env.spec.maps().size()];
  }

  public static void resolve(Env env) {
    Immediates r = new Immediates(env);
    for (int i = 0; i < env.insns.length; i++) {
      long insn = env.insns[i];
      if (RawInsn.insnClass(insn) == Opcodes.LDX
          && ((Insns.mode(insn) != Opcodes.MEM && Insns.mode(insn) != Opcodes.MEMSX)
              || RawInsn.imm(insn) != 0)) {
        throw env.reject(Errno.EINVAL, "BPF_LDX uses reserved fields");
      }
      if (RawInsn.isLdImm64(insn)) {
        r.wide(i, insn);
        i++;
      } else if (!Opcodes.isKnown(RawInsn.opcode(insn))) {
        throw env.reject(Errno.EINVAL, "unknown opcode %02x", RawInsn.opcode(insn));
      }
    }
  }

  private void wide(int i, long insn) {
    long high = i + 1 < env.insns.length ? env.insns[i + 1] : -1;
    if (i + 1 >= env.insns.length || (int) high != 0) {
      throw env.reject(Errno.EINVAL, "invalid bpf_ld_imm64 insn");
    }
    boolean isValue = false;
    switch (RawInsn.src(insn)) {
      case 0, Opcodes.PSEUDO_FUNC -> {
        return;
      }
      case Opcodes.PSEUDO_BTF_ID -> {
        env.ksyms.resolve(env, i);
        return;
      }
      case Opcodes.PSEUDO_MAP_VALUE, Opcodes.PSEUDO_MAP_IDX_VALUE -> isValue = true;
      case Opcodes.PSEUDO_MAP_FD, Opcodes.PSEUDO_MAP_IDX -> {
        if (RawInsn.imm(high) != 0) {
          throw unrecognized();
        }
      }
      default -> throw unrecognized();
    }
    int idx = RawInsn.imm(insn);
    if (idx < 0 || idx >= byIndex.length) {
      // The standard streams are open files, but no maps.
      Errno errno = idx >= 0 && idx < STREAMS ? Errno.EINVAL : Errno.EBADF;
      throw env.reject(errno, "fd %d is not pointing to valid bpf_map", idx);
    }
    VerifierMap map = use(idx);
    env.aux.loadedMap[i] = map;
    if (isValue) {
      checkValueLoad(map, RawInsn.imm(high));
    }
  }

  private RuntimeException unrecognized() {
    return env.reject(Errno.EINVAL, "unrecognized bpf_ld_imm64 insn");
  }

  private void checkValueLoad(VerifierMap map, int off) {
    if (Integer.toUnsignedLong(off) >= MAX_VALUE_OFF) {
      throw env.reject(
          Errno.EINVAL, "direct value offset of %s is not allowed", Integer.toUnsignedString(off));
    }
    if (!map.hasDirectValue()) {
      throw env.reject(Errno.EINVAL, "no direct value access support for this map type");
    }
    long size = Integer.toUnsignedLong(map.valueSize());
    if (map.type() == MapType.ARENA) {
      size = Integer.toUnsignedLong(map.maxEntries()) * 4096;
    }
    if (map.type() == MapType.ARRAY && map.maxEntries() != 1) {
      throw refuseValue(map, off, Errno.ENOTSUPP);
    }
    if (Integer.toUnsignedLong(off) >= size) {
      throw refuseValue(map, off, map.type() == MapType.ARENA ? Errno.ERANGE : Errno.EINVAL);
    }
  }

  private RuntimeException refuseValue(VerifierMap map, int off, Errno errno) {
    return env.reject(
        errno,
        "invalid access to map value pointer, value_size=%d off=%d",
        map.valueSize(),
        Integer.toUnsignedLong(off));
  }

  private VerifierMap use(int idx) {
    VerifierMap map = byIndex[idx];
    if (map != null) {
      return map;
    }
    if (env.maps.size() >= MAX_MAPS) {
      throw env.reject(
          Errno.E2BIG,
          "The total number of maps per program has reached the limit of %d",
          MAX_MAPS);
    }
    map = map(env.spec.maps().get(idx), idx);
    checkCompatible(map);
    byIndex[idx] = map;
    env.maps.add(map);
    return map;
  }

  private VerifierMap map(MapSpec spec, int idx) {
    MapSpec inner = spec.inner();
    VerifierMap template =
        inner == null
            ? null
            : new VerifierMap(inner, -1, null, env.types.mapFields(inner), MAP_BASE);
    return new VerifierMap(
        spec, idx, template, env.types.mapFields(spec), MAP_BASE + (idx + 1) * 0x1000L);
  }

  private void checkCompatible(VerifierMap map) {
    FieldRecord f = map.fields();
    ProgType type = env.progType();
    boolean tracing = ProgRules.isTracing(type);
    if (tracing && (f.has(FieldRecord.Kind.LIST_HEAD) || f.has(FieldRecord.Kind.RB_ROOT))) {
      throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_{list_head,rb_root} yet");
    }
    if (f.hasLock()) {
      if (type == ProgType.SOCKET_FILTER) {
        throw env.reject(Errno.EINVAL, "socket filter progs cannot use bpf_spin_lock yet");
      }
      if (tracing) {
        throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_spin_lock yet");
      }
    }
    if (tracing && f.has(FieldRecord.Kind.TIMER)) {
      throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_timer yet");
    }
    if (tracing && f.has(FieldRecord.Kind.WORKQUEUE)) {
      throw env.reject(Errno.EINVAL, "tracing progs cannot use bpf_wq yet");
    }
    if (map.type() == MapType.STRUCT_OPS) {
      throw env.reject(Errno.EINVAL, "bpf_struct_ops map cannot be used in prog");
    }
    if (env.sleepable() && !MapHelpers.sleepable(map.type())) {
      throw env.reject(
          Errno.EINVAL,
          "Sleepable programs can only use array, hash, ringbuf and local storage maps");
    }
    if (isCgroupStorage(map) && hasOther(map)) {
      throw env.reject(Errno.EBUSY, "only one cgroup storage of each type is allowed");
    }
    if (map.type() == MapType.ARENA) {
      checkArena();
    }
  }

  private static boolean isCgroupStorage(VerifierMap map) {
    return map.type() == MapType.CGROUP_STORAGE || map.type() == MapType.PERCPU_CGROUP_STORAGE;
  }

  private boolean hasOther(VerifierMap map) {
    for (VerifierMap m : env.maps) {
      if (m.type() == map.type()) {
        return true;
      }
    }
    return false;
  }

  private void checkArena() {
    if (env.hasArena) {
      throw env.reject(Errno.EBUSY, "Only one arena per program");
    }
    if (!env.priv.allowPtrLeaks() || !env.priv.bpfCapable()) {
      throw env.reject(Errno.EPERM, "CAP_BPF and CAP_PERFMON are required to use arena");
    }
    env.hasArena = true;
  }
}
