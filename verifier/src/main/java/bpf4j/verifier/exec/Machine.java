package bpf4j.verifier.exec;

import bpf4j.verifier.access.MemAccess;
import bpf4j.verifier.access.StackAccess;
import bpf4j.verifier.btf.BtfPointers;
import bpf4j.verifier.call.Callbacks;
import bpf4j.verifier.call.HelperCalls;
import bpf4j.verifier.call.References;
import bpf4j.verifier.call.SubprogCalls;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.flow.StackLiveness;
import bpf4j.verifier.object.StackObjects;
import bpf4j.verifier.prune.Checkpoints;
import bpf4j.verifier.prune.Precision;

/// The parts that execute a program symbolically, wired together. Each part holds the rules of one
/// subject and reaches the others through here.
public final class Machine {
  public final Env env;
  public final StackLiveness liveness;
  public final Precision precision;
  public final Checkpoints checkpoints;
  public final PathStack paths;
  public final References refs;
  public final StackAccess stack;
  public final MemAccess mem;
  public final RegUse regUse;
  public final AluInsns alu;
  public final PointerAlu pointerAlu;
  public final MemInsns memInsns;
  public final JumpInsns jumps;
  public final HelperCalls helpers;
  public final SubprogCalls subprogCalls;
  public final Callbacks callbacks;
  public final Exits exits;

  public final bpf4j.verifier.btf.SubprogPrototypes prototypes;

  /// Rules of dynptrs, locks, timers and kptrs.
  public StackObjects objects = StackObjects.NONE;

  /// Rules of pointers with BTF types.
  public BtfPointers btf = BtfPointers.NONE;

  public Machine(Env env) {
    this.env = env;
    liveness = new StackLiveness(env);
    precision = new Precision(env);
    checkpoints = new Checkpoints(env, precision, liveness);
    paths = new PathStack(env);
    refs = new References(env);
    stack = new StackAccess(this);
    mem = new MemAccess(this);
    regUse = new RegUse(env);
    alu = new AluInsns(this);
    pointerAlu = new PointerAlu(this);
    memInsns = new MemInsns(this);
    jumps = new JumpInsns(this);
    helpers = new HelperCalls(this);
    subprogCalls = new SubprogCalls(this);
    callbacks = new Callbacks(this);
    exits = new Exits(this);
    prototypes = new bpf4j.verifier.btf.SubprogPrototypes(env);
  }

  /// Whether RCU-protected objects stay alive here.
  public boolean inRcuSection() {
    return env.cur().activeRcuLocks != 0 || env.cur().activeLocks != 0 || !env.cur().inSleepable;
  }

  /// Whether the function that the program is attached to returns nothing.
  public boolean targetIsVoid() {
    bpf4j.model.btf.Btf t = env.attach.btf;
    return t != null && env.attach.funcProtoId != 0 && t.target(env.attach.funcProtoId) == 0;
  }
}
