package bpf4j.verifier.exec;

import bpf4j.model.btf.Btf;
import bpf4j.model.isa.Opcodes;
import bpf4j.model.isa.RawInsn;
import bpf4j.model.proto.HelperTable;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.verifier.cfg.Insns;
import bpf4j.verifier.env.Counters;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.env.Subprog;
import bpf4j.verifier.env.SubprogArgs;
import bpf4j.verifier.kfunc.Kfuncs;
import bpf4j.verifier.state.Frame;
import bpf4j.verifier.state.PathState;
import bpf4j.verifier.state.Pointee;
import bpf4j.verifier.state.RegState;
import bpf4j.verifier.state.RegType;

/// Explores all paths of the program, instruction by instruction.
public final class Execution {
  private static final int SPIN_UNLOCK = HelperTable.id("spin_unlock");

  private final Machine m;
  private final Env env;
  private boolean printState;

  public Execution(Machine m) {
    this.m = m;
    this.env = m.env;
  }

  /// Verifies the main program, then every global function that verified code calls.
  public void run() {
    env.insnIdx = 0;
    verify(0);
    if (env.spec.funcInfo().isEmpty()) {
      return;
    }
    if (env.exceptionCallback != 0) {
      env.subprogs.get(env.exceptionCallback).called = true;
    }
    boolean found;
    do {
      found = false;
      for (int i = 1; i < env.subprogs.size(); i++) {
        Subprog s = env.subprogs.get(i);
        if (!s.isGlobal || !s.called || s.verified) {
          continue;
        }
        env.insnIdx = s.start;
        verify(i);
        if (env.log.level1()) {
          env.log.printf(
              "Func#%d ('%s') is safe for any args that match its prototype\n", i, s.name);
        }
        s.verified = true;
        found = true;
      }
    } while (found);
  }

  /// Verifies one function from its entry.
  private void verify(int subprogIdx) {
    env.forgetLine();
    Subprog s = env.subprogs.get(subprogIdx);
    PathState st = new PathState(new Frame(Frame.MAIN, 0, subprogIdx));
    st.branches = 1;
    st.inSleepable = env.sleepable();
    env.setCur(st);
    env.scratchAll();
    st.firstInsnIdx = s.start;
    st.lastInsnIdx = -1;
    boolean isMain = subprogIdx == 0 && env.spec.type() != ProgType.EXT;
    if (isMain) {
      mainArgs(s);
    } else {
      subprogArgs(s, subprogIdx);
    }
    if (subprogIdx == 0) {
      m.btf.acquireTargetArgs(m);
    }
    explore();
    if (!env.log.level2()) {
      env.log.reset(0);
    }
    env.setCur(null);
    m.paths.clear();
    m.checkpoints.clear();
  }

  private void mainArgs(Subprog s) {
    if (!env.spec.funcInfo().isEmpty()) {
      try {
        SubprogArgs a = m.subprogCalls.args(s, 0);
        s.unreliable = a.args().size() != 1 || a.args().getFirst().kind() != SubprogArgs.Kind.CTX;
      } catch (Rejection e) {
        s.unreliable = true;
      }
    }
    env.setReg(1, RegState.pointer(RegType.CTX, Pointee.NONE));
  }

  private void subprogArgs(Subprog s, int subprogIdx) {
    if (env.log.level1()) {
      env.log.printf("Validating %s() func#%d...\n", s.name, subprogIdx);
    }
    SubprogArgs args = m.subprogCalls.args(s, subprogIdx);
    if (s.isExceptionCallback) {
      env.frame().inExceptionCallback = true;
      if (args.args().size() != 1 || args.args().getFirst().kind() != SubprogArgs.Kind.SCALAR) {
        throw env.reject(Errno.EINVAL, "exception cb only supports single integer argument");
      }
    }
    for (int i = 0; i < args.args().size(); i++) {
      env.setReg(i + 1, argument(args.args().get(i)));
    }
  }

  private RegState argument(SubprogArgs.Arg arg) {
    RegState r =
        switch (arg.kind()) {
          case CTX -> RegState.pointer(RegType.CTX, Pointee.NONE);
          case SCALAR, ARENA -> RegState.unknown(!env.priv.bpfCapable());
          case DYNPTR ->
              RegState.pointer(RegType.DYNPTR, new Pointee.Dynptr(Pointee.DynptrType.LOCAL, true))
                  .withId(env.newId());
          case MEM ->
              RegState.pointer(RegType.MEM | arg.flags(), new Pointee.Memory(arg.memSize(), 0));
          case BTF_ID -> kernelPointer(RegType.BTF_ID | arg.flags(), arg);
          case UNTRUSTED ->
              RegType.base(arg.flags()) == RegType.BTF_ID
                  ? kernelPointer(arg.flags(), arg)
                  : RegState.pointer(arg.flags(), new Pointee.Memory(0, 0));
        };
    boolean needsId = arg.kind() == SubprogArgs.Kind.MEM && RegType.mayBeNull(r.type());
    return needsId ? r.withId(env.newId()) : r;
  }

  private RegState kernelPointer(int type, SubprogArgs.Arg arg) {
    Btf btf = env.kernelBtf;
    if (btf == null) {
      throw env.unsupported("kernel type without kernel BTF");
    }
    return RegState.pointer(type, new Pointee.BtfRef(btf, arg.btfId())).withId(env.newId());
  }

  // ---- main loop -----------------------------------------------------------------------------

  private void explore() {
    printState = false;
    int prevIdx = -1;
    while (true) {
      env.beginInsn();
      env.prevInsnIdx = prevIdx;
      countInsn();
      PathState st = env.cur();
      st.lastInsnIdx = prevIdx;
      st.insnIdx = env.insnIdx;
      boolean ended = false;
      if (env.aux.prunePoint[env.insnIdx] && m.checkpoints.visit(env.insnIdx)) {
        printSafe(st);
        ended = true;
      }
      if (!ended) {
        if (env.aux.jmpPoint[env.insnIdx]) {
          env.pushHistory(st, 0, 0);
        }
        print(st);
        if (!st.speculative) {
          env.aux.seen[env.insnIdx] = true;
        }
        prevIdx = env.insnIdx;
        ended = step(st);
      }
      if (ended) {
        if (!nextPath()) {
          return;
        }
        prevIdx = m.paths.prevInsnIdx();
      }
    }
  }

  private void countInsn() {
    if (env.insnIdx >= env.insns.length || env.insnIdx < 0) {
      throw env.reject(
          Errno.EFAULT, "invalid insn idx %d insn_cnt %d", env.insnIdx, env.insns.length);
    }
    if (++env.counters.insnProcessed > Counters.INSN_LIMIT) {
      throw env.reject(
          Errno.E2BIG, "BPF program is too large. Processed %d insn", env.counters.insnProcessed);
    }
  }

  private void printSafe(PathState st) {
    if (!env.log.level1()) {
      return;
    }
    if (printState) {
      env.log
          .out()
          .append("\nfrom ")
          .append(env.prevInsnIdx)
          .append(" to ")
          .append(env.insnIdx)
          .append(st.speculative ? " (speculative execution)" : "")
          .append(": safe\n");
    } else {
      env.log.out().append(env.insnIdx).append(": safe\n");
    }
  }

  private void print(PathState st) {
    if (env.log.level2() && printState) {
      env.log
          .out()
          .append("\nfrom ")
          .append(env.prevInsnIdx)
          .append(" to ")
          .append(env.insnIdx)
          .append(st.speculative ? " (speculative execution):" : ":");
      env.printState(st, st.curFrameno());
      printState = false;
    }
    if (env.log.level1()) {
      if (env.scratched()) {
        env.printInsnState(st, st.curFrameno());
      }
      env.printInsn(env.insnIdx);
    }
  }

  /// Executes the current instruction; true where the path ends.
  private boolean step(PathState st) {
    int idx = env.insnIdx;
    if (st.speculative && env.aux.nospec[idx]) {
      return true;
    }
    m.liveness.beginWrites(idx);
    try {
      boolean ended = execute(env.insns[idx]);
      m.liveness.commitWrites();
      return ended || (env.cur().speculative && env.aux.nospecResult[idx]);
    } catch (Rejection e) {
      if (!st.speculative || !e.recoverableBySpeculationBarrier()) {
        throw e;
      }
      // No real execution gets here; a barrier keeps the speculative one from it as well.
      m.liveness.commitWrites();
      env.aux.nospec[idx] = true;
      return true;
    }
  }

  private boolean nextPath() {
    env.scratchAll();
    m.checkpoints.pathEnded();
    m.liveness.update();
    if (!m.paths.pop(!env.log.level2())) {
      return false;
    }
    env.insnIdx = m.paths.insnIdx();
    printState = true;
    return true;
  }

  private boolean execute(long insn) {
    switch (RawInsn.insnClass(insn)) {
      case Opcodes.ALU, Opcodes.ALU64 -> m.alu.execute(insn);
      case Opcodes.LDX -> {
        m.memInsns.load(insn);
        m.alu.checkInvariants(RawInsn.dst(insn), "ldx");
      }
      case Opcodes.STX -> {
        if (Insns.isAtomic(insn)) {
          m.memInsns.atomic(insn);
        } else {
          m.memInsns.store(insn);
        }
      }
      case Opcodes.ST -> m.memInsns.storeImm(insn);
      case Opcodes.LD -> {
        switch (Insns.mode(insn)) {
          case Opcodes.ABS, Opcodes.IND -> m.memInsns.loadPacket(insn);
          case Opcodes.IMM -> {
            m.memInsns.loadWide(insn);
            env.insnIdx++;
            if (!env.cur().speculative) {
              env.aux.seen[env.insnIdx] = true;
            }
          }
          default -> throw env.reject(Errno.EINVAL, "invalid BPF_LD mode");
        }
      }
      default -> {
        return jump(insn);
      }
    }
    env.insnIdx++;
    return false;
  }

  /// Executes a jump, call or exit; true where the path ends.
  private boolean jump(long insn) {
    env.counters.jmpsProcessed++;
    boolean jmp32 = RawInsn.insnClass(insn) == Opcodes.JMP32;
    boolean isReg = Insns.isRegOperand(insn);
    switch (Insns.op(insn)) {
      case Opcodes.CALL -> {
        if (call(insn, jmp32, isReg)) {
          return true;
        }
      }
      case Opcodes.JA -> {
        boolean bad = jmp32 ? RawInsn.off(insn) != 0 : RawInsn.imm(insn) != 0;
        if (isReg || RawInsn.src(insn) != 0 || RawInsn.dst(insn) != 0 || bad) {
          throw env.reject(Errno.EINVAL, "BPF_JA uses reserved fields");
        }
        env.insnIdx += Insns.jumpOff(insn) + 1;
        return false;
      }
      case Opcodes.EXIT -> {
        if (isReg
            || RawInsn.imm(insn) != 0
            || RawInsn.src(insn) != 0
            || RawInsn.dst(insn) != 0
            || jmp32) {
          throw env.reject(Errno.EINVAL, "BPF_EXIT uses reserved fields");
        }
        if (m.exits.execute(false)) {
          return true;
        }
        printState = true;
        return false;
      }
      default -> m.jumps.execute(insn);
    }
    env.insnIdx++;
    return false;
  }

  private boolean call(long insn, boolean jmp32, boolean isReg) {
    int src = RawInsn.src(insn);
    if (isReg
        || (src != Opcodes.PSEUDO_KFUNC_CALL && RawInsn.off(insn) != 0)
        || src > Opcodes.PSEUDO_KFUNC_CALL
        || RawInsn.dst(insn) != 0
        || jmp32) {
      throw env.reject(Errno.EINVAL, "BPF_CALL uses reserved fields");
    }
    Kfuncs.Summary kfunc =
        src == Opcodes.PSEUDO_KFUNC_CALL ? env.kfuncs.summary(env, env.insnIdx) : null;
    if (env.cur().activeLocks != 0) {
      boolean helper = src == Opcodes.HELPER_CALL && RawInsn.imm(insn) != SPIN_UNLOCK;
      boolean kernel =
          src == Opcodes.PSEUDO_KFUNC_CALL && (kfunc == null || !kfunc.allowedUnderLock());
      if (helper || kernel) {
        throw env.reject(Errno.EINVAL, "function calls are not allowed while holding a lock");
      }
    }
    switch (src) {
      case Opcodes.PSEUDO_CALL -> m.subprogCalls.call(insn);
      case Opcodes.PSEUDO_KFUNC_CALL -> {
        if (RawInsn.imm(insn) == 0) {
          // A missing weak kfunc: refused at the end unless this turns out to be unreachable.
          return false;
        }
        env.kfuncs.call(m, env.insnIdx);
        if (kfunc != null && kfunc.isThrow()) {
          return m.exits.execute(true);
        }
      }
      default -> m.helpers.call(insn);
    }
    env.scratchReg(0);
    return false;
  }
}
