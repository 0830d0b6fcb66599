package bpf4j.verifier.btf;

import bpf4j.model.btf.Btf;
import bpf4j.model.btf.BtfKind;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.MapType;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.log.StatePrinter;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/// Loads and stores through pointers with BTF types. Source of the rules: `check_ptr_to_btf_access`
/// of Linux 6.18.
final class KernelAccess {
  private final TypesOfProgram types;

  KernelAccess(TypesOfProgram types) {
    this.types = types;
  }

  /// As [BtfPointers#access].
  void access(Machine m, int regno, int off, int size, boolean write, int valueRegno) {
    Env env = m.env;
    RegState reg = env.reg(regno);
    Btf btf = reg.btf().btf();
    int typeId = reg.btf().typeId();
    String name = btf.name(typeId);
    checkPointer(env, reg, regno, name, off, write);
    boolean alloc = RegType.isAlloc(reg.type());
    if (write && !alloc && hasWriteRules(env)) {
      if (!mayWrite(env, btf, typeId, off, size)) {
        throw new Rejection(Errno.EACCES);
      }
      return;
    }
    if (write && !RegType.isPtrToAllocObj(reg.type())) {
      throw env.reject(Errno.EACCES, "only read is supported");
    }
    if (alloc) {
      checkFields(env, typeId, off, size);
    }
    StructWalk walk = new StructWalk(env, btf);
    StructWalk.Found found = walk.find(typeId, off, size, !alloc);
    if (found == StructWalk.Found.STRUCT_POINTER && alloc) {
      found = StructWalk.Found.SCALAR;
    }
    if (write || valueRegno < 0) {
      return;
    }
    env.setReg(valueRegno, loaded(env, reg, walk, found));
  }

  private static void checkPointer(
      Env env, RegState reg, int regno, String name, int off, boolean write) {
    if (!env.priv.allowPtrLeaks()) {
      throw env.reject(
          Errno.EPERM, "'struct %s' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN", name);
    }
    if (!env.gplCompatible() && reg.btf().btf() == env.kernelBtf) {
      throw env.reject(
          Errno.EINVAL, "Cannot access kernel 'struct %s' from non-GPL compatible program", name);
    }
    if (off < 0) {
      throw env.reject(
          Errno.EACCES, "R%d is ptr_%s invalid negative access: off=%d", regno, name, off);
    }
    if (!reg.range().isConst(0)) {
      throw env.reject(
          Errno.EACCES,
          "R%d is ptr_%s invalid variable offset: off=%d, var_off=%s",
          regno,
          name,
          off,
          StatePrinter.tnum(reg.varOff()));
    }
    if ((reg.type() & RegType.USER) != 0) {
      throw env.reject(Errno.EACCES, "R%d is ptr_%s access user memory: off=%d", regno, name, off);
    }
    if ((reg.type() & RegType.PERCPU) != 0) {
      throw env.reject(
          Errno.EACCES, "R%d is ptr_%s access percpu memory: off=%d", regno, name, off);
    }
    if (write && (reg.type() & RegType.UNTRUSTED) != 0) {
      throw env.reject(Errno.EACCES, "only read is supported");
    }
  }

  /// Special fields of allocated objects are for their kfuncs only.
  private void checkFields(Env env, int typeId, int off, int size) {
    FieldRecord rec = types.structs().find(typeId);
    if (rec == null) {
      return;
    }
    for (FieldRecord.Field f : rec.fields()) {
      if (off < f.off() + f.size() && f.off() < off + size) {
        throw env.reject(Errno.EACCES, "direct access to %s is disallowed", f.kind().text());
      }
    }
  }

  private RegState loaded(Env env, RegState reg, StructWalk walk, StructWalk.Found found) {
    if (found == StructWalk.Found.SCALAR) {
      return RegState.unknown(!env.priv.bpfCapable());
    }
    if (found == StructWalk.Found.OTHER_POINTER) {
      return RegState.pointer(
          RegType.MEM | RegType.RDONLY | RegType.UNTRUSTED, new Pointee.Memory(0, 0));
    }
    Btf btf = reg.btf().btf();
    int flags = trust(env, reg, walk);
    RegState r = RegState.pointer(RegType.BTF_ID | flags, new Pointee.BtfRef(btf, walk.targetId));
    return RegType.mayBeNull(r.type()) ? r.withId(env.newId()) : r;
  }

  /// Flags of a pointer read from a struct: by default it is less trusted than its parent.
  private static int trust(Env env, RegState reg, StructWalk walk) {
    if ((reg.type() & RegType.UNTRUSTED) != 0) {
      return RegType.UNTRUSTED;
    }
    int flags = walk.flags;
    if (!Trust.isTrusted(reg) && !Trust.isRcu(reg)) {
      return clearTrust(flags);
    }
    if (safe(reg, walk, SafeFields.TRUSTED)) {
      return flags | RegType.TRUSTED;
    }
    if (safe(reg, walk, SafeFields.TRUSTED_OR_NULL)) {
      return flags | RegType.TRUSTED | RegType.MAYBE_NULL;
    }
    if (!Trust.inRcu(env) || RegType.mayBeNull(reg.type())) {
      return RegType.UNTRUSTED;
    }
    if (safe(reg, walk, SafeFields.RCU)) {
      return flags | RegType.RCU;
    }
    boolean orNull = safe(reg, walk, SafeFields.RCU_OR_NULL);
    if ((flags & RegType.RCU) != 0 || orNull) {
      flags |= RegType.RCU | RegType.MAYBE_NULL;
      return orNull ? flags & ~RegType.UNTRUSTED : flags;
    }
    if ((flags & (RegType.PERCPU | RegType.USER)) != 0) {
      return flags;
    }
    return clearTrust(flags);
  }

  private static int clearTrust(int flags) {
    return flags & ~(RegType.TRUSTED_MODIFIERS | RegType.RCU);
  }

  private static boolean safe(RegState reg, StructWalk walk, String suffix) {
    Pointee.BtfRef t = reg.btf();
    return SafeFields.has(t.btf(), t.typeId(), walk.member, walk.targetId, suffix);
  }

  // ---- writes that some program types may do --------------------------------------------------

  private static boolean hasWriteRules(Env env) {
    return switch (env.progType()) {
      case SCHED_CLS, SCHED_ACT, XDP -> true;
      case STRUCT_OPS ->
          env.attach.target.equals("tcp_congestion_ops")
              || env.attach.target.equals("bpf_dummy_ops");
      default -> false;
    };
  }

  private static boolean mayWrite(Env env, Btf btf, int typeId, int off, int size) {
    String name = btf.name(typeId);
    if (env.attach.target.equals("bpf_dummy_ops")) {
      if (!name.equals("bpf_dummy_ops_state")) {
        env.log.print("only access to bpf_dummy_ops_state is supported\n");
        return false;
      }
      new StructWalk(env, btf).find(typeId, off, size, true);
      return true;
    }
    if (env.progType() == ProgType.STRUCT_OPS) {
      return WritableFields.tcpCongestion(env, btf, name, off, size);
    }
    return WritableFields.conntrack(env, btf, name, off, size);
  }

  // ---- map pointers -------------------------------------------------------------------------

  /// As [BtfPointers#mapAccess].
  static void mapAccess(Machine m, int regno, int off, int size, boolean write, int valueRegno) {
    Env env = m.env;
    Btf btf = env.kernelBtf;
    if (btf == null) {
      throw env.reject(
          Errno.ENOTSUPP, "map_ptr access not supported without CONFIG_DEBUG_INFO_BTF");
    }
    MapType type = env.reg(regno).map().type();
    String name = mapStruct(type);
    int id = name == null ? 0 : btf.find(name, BtfKind.STRUCT);
    if (name == null || id == 0) {
      throw env.reject(Errno.ENOTSUPP, "map_ptr access not supported for map type %d", type.id());
    }
    if (!env.priv.allowPtrLeaks()) {
      throw env.reject(
          Errno.EPERM, "'struct %s' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN", name);
    }
    if (off < 0) {
      throw env.reject(Errno.EACCES, "R%d is %s invalid negative access: off=%d", regno, name, off);
    }
    if (write) {
      throw env.reject(Errno.EACCES, "only read from %s is supported", name);
    }
    StructWalk walk = new StructWalk(env, btf);
    StructWalk.Found found = walk.find(id, off, size, true);
    if (valueRegno < 0) {
      return;
    }
    env.setReg(
        valueRegno,
        switch (found) {
          case SCALAR -> RegState.unknown(!env.priv.bpfCapable());
          case OTHER_POINTER ->
              RegState.pointer(
                  RegType.MEM | RegType.RDONLY | RegType.UNTRUSTED, new Pointee.Memory(0, 0));
          case STRUCT_POINTER ->
              RegState.pointer(RegType.BTF_ID | walk.flags, new Pointee.BtfRef(btf, walk.targetId));
        });
  }

  private static @Nullable String mapStruct(MapType type) {
    return switch (type) {
      case ARRAY, PERCPU_ARRAY, PROG_ARRAY, PERF_EVENT_ARRAY, CGROUP_ARRAY, ARRAY_OF_MAPS ->
          "bpf_array";
      case HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH, HASH_OF_MAPS -> "bpf_htab";
      case STACK_TRACE -> "bpf_stack_map";
      case LPM_TRIE -> "lpm_trie";
      case DEVMAP, DEVMAP_HASH -> "bpf_dtab";
      case SOCKMAP -> "bpf_stab";
      case SOCKHASH -> "bpf_shtab";
      case CPUMAP -> "bpf_cpu_map";
      case XSKMAP -> "xsk_map";
      case CGROUP_STORAGE, PERCPU_CGROUP_STORAGE -> "bpf_cgroup_storage_map";
      case REUSEPORT_SOCKARRAY -> "reuseport_array";
      case QUEUE, STACK -> "bpf_queue_stack";
      case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE -> "bpf_local_storage_map";
      case STRUCT_OPS -> "bpf_struct_ops_map";
      case RINGBUF, USER_RINGBUF -> "bpf_ringbuf_map";
      case BLOOM_FILTER -> "bpf_bloom_filter";
      case ARENA -> "bpf_arena";
      case UNSPEC -> null;
    };
  }
}
