package bpf4j.verifier.object;

import bpf4j.model.btf.Btf;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.spec.Errno;
import bpf4j.verifier.btf.Trust;
import bpf4j.verifier.btf.TypeMatch;
import bpf4j.verifier.btf.TypesOfProgram;
import bpf4j.verifier.call.CallMeta;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.state.FieldRecord;
import bpf4j.verifier.state.FieldRecord.Kind;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;
import bpf4j.verifier.state.VerifierMap;
import java.util.Set;

/// Pointers kept in map values and allocated objects. Source of the rules: `check_map_kptr_access`,
/// `process_kptr_func` and `map_kptr_match_type` of Linux 6.18.
public final class Kptrs {
  private static final int CLASS = 0x07;
  private static final int LDX = 0x01;
  private static final int ST = 0x02;
  private static final int STX = 0x03;
  private static final int MODE = 0xe0;
  private static final int MEM = 0x60;

  /// Kernel structs whose memory lives on for an RCU grace period.
  private static final Set<String> RCU_PROTECTED =
      Set.of("prog_test_ref_kfunc", "cgroup", "bpf_cpumask", "task_struct", "bpf_crypto_ctx");

  private final TypesOfProgram types;

  public Kptrs(TypesOfProgram types) {
    this.types = types;
  }

  /// A load or store of a kptr by an instruction.
  void access(Machine m, int regno, int off, int valueRegno) {
    Env env = m.env;
    FieldRecord.Field field = env.reg(regno).map().fields().at(off);
    long insn = env.insns[env.insnIdx];
    int op = RawInsn.opcode(insn);
    int insnClass = op & CLASS;
    if (field == null) {
      throw new Rejection(Errno.EACCES);
    }
    if ((op & MODE) != MEM) {
      throw env.reject(
          Errno.EACCES, "kptr in map can only be accessed using BPF_MEM instruction mode");
    }
    if (insnClass != LDX && (field.kind() == Kind.KPTR_REF || field.kind() == Kind.KPTR_PERCPU)) {
      throw env.reject(Errno.EACCES, "store to referenced kptr disallowed");
    }
    if (insnClass != LDX && field.kind() == Kind.UPTR) {
      throw env.reject(Errno.EACCES, "store to uptr disallowed");
    }
    switch (insnClass) {
      case LDX -> load(env, field, valueRegno);
      case STX -> store(m, field, valueRegno);
      case ST -> {
        if (RawInsn.imm(insn) != 0) {
          throw env.reject(
              Errno.EACCES, "BPF_ST imm must be 0 when storing to kptr at off=%d", field.off());
        }
      }
      default ->
          throw env.reject(
              Errno.EACCES, "kptr in map can only be accessed using BPF_LDX/BPF_STX/BPF_ST");
    }
  }

  private static void store(Machine m, FieldRecord.Field field, int valueRegno) {
    RegState value = m.env.reg(valueRegno);
    if (!value.isNull() && !matches(m.env, field, value, valueRegno)) {
      throw new Rejection(Errno.EACCES);
    }
  }

  private void load(Env env, FieldRecord.Field field, int valueRegno) {
    if (valueRegno < 0) {
      return;
    }
    Btf btf = field.btf();
    if (btf == null) {
      throw new Rejection(Errno.EACCES);
    }
    RegState r;
    if (field.kind() == Kind.UPTR) {
      r =
          RegState.pointer(
              RegType.MEM | RegType.MAYBE_NULL, new Pointee.Memory(btf.size(field.typeId()), 0));
    } else {
      r =
          RegState.pointer(
              RegType.BTF_ID | loadedFlags(env, field, btf),
              new Pointee.BtfRef(btf, field.typeId()));
    }
    env.setReg(valueRegno, r.withId(env.newId()));
  }

  private int loadedFlags(Env env, FieldRecord.Field field, Btf btf) {
    boolean local = btf != types.kernel();
    boolean safe =
        field.kind() == Kind.KPTR_PERCPU
            || (field.kind() == Kind.KPTR_REF
                && (local || RCU_PROTECTED.contains(btf.name(field.typeId()))));
    if (!safe || !Trust.inRcu(env)) {
      return RegType.MAYBE_NULL | RegType.UNTRUSTED;
    }
    int flags = RegType.MAYBE_NULL | RegType.RCU;
    if (field.kind() == Kind.KPTR_PERCPU) {
      flags |= RegType.PERCPU;
    } else if (local) {
      flags |= RegType.ALLOC;
    }
    FieldRecord rec = local ? types.structs().find(field.typeId()) : null;
    return rec != null && rec.hasGraphNode() ? flags | RegType.NON_OWN_REF : flags;
  }

  /// The destination of `bpf_kptr_xchg`.
  void exchangeArg(Env env, int regno, CallMeta meta) {
    RegState reg = env.reg(regno);
    FieldRecord rec;
    if (RegType.isPtrToAllocObj(reg.type())) {
      rec = types.fieldsOf(reg);
    } else {
      VerifierMap map = reg.map();
      if (map.spec().btf() == null) {
        throw env.reject(
            Errno.EINVAL,
            "map '%s' has to have BTF in order to use bpf_kptr_xchg",
            map.kernelName());
      }
      rec = map.fields();
      meta.map = map;
    }
    if (!reg.range().isConst()) {
      throw env.reject(
          Errno.EINVAL,
          "R%d doesn't have constant offset. kptr has to be at the constant offset",
          regno);
    }
    if (rec == null || !rec.hasKptr()) {
      throw env.reject(Errno.EINVAL, "R%d has no valid kptr", regno);
    }
    int off = (int) reg.constOff();
    FieldRecord.Field field = rec.at(off);
    if (field == null || !field.kind().isKptr()) {
      throw env.reject(Errno.EACCES, "off=%d doesn't point to kptr", off);
    }
    if (field.kind() == Kind.KPTR_UNREF) {
      throw env.reject(Errno.EACCES, "off=%d kptr isn't referenced kptr", off);
    }
    meta.kptrField = field;
  }

  /// Whether a register may be stored in a kptr; says so in the log where not.
  public static boolean matches(Env env, FieldRecord.Field field, RegState reg, int regno) {
    Btf target = field.btf();
    if (target == null) {
      return false;
    }
    String name = "";
    if (RegType.base(reg.type()) == RegType.BTF_ID && reg.pointee() instanceof Pointee.BtfRef ref) {
      int allowed;
      if (ref.btf() == env.kernelBtf) {
        allowed = RegType.MAYBE_NULL | RegType.TRUSTED | RegType.RCU;
        if (field.kind() == Kind.KPTR_UNREF) {
          allowed |= RegType.UNTRUSTED;
        }
      } else {
        allowed = RegType.MAYBE_NULL | RegType.ALLOC;
        if (field.kind() == Kind.KPTR_PERCPU) {
          allowed |= RegType.PERCPU;
        }
      }
      if ((RegType.flags(reg.type()) & ~allowed) == 0) {
        name = ref.btf().name(ref.typeId());
        if (reg.range().isConst(0)
            && TypeMatch.matches(
                env,
                ref.btf(),
                ref.typeId(),
                reg.off(),
                target,
                field.typeId(),
                field.kind() != Kind.KPTR_UNREF)) {
          return true;
        }
      }
    }
    String wanted = target.name(field.typeId());
    env.log.printf("invalid kptr access, R%d type=%s%s ", regno, RegType.name(reg.type()), name);
    env.log.printf("expected=%s%s", RegType.name(RegType.BTF_ID), wanted);
    if (field.kind() == Kind.KPTR_UNREF) {
      env.log.printf(" or %s%s\n", RegType.name(RegType.BTF_ID | RegType.UNTRUSTED), wanted);
    } else {
      env.log.print("\n");
    }
    return false;
  }
}
