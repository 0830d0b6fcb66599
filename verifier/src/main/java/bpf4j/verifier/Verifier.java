package bpf4j.verifier;

import bpf4j.model.proto.ProgRules;
import bpf4j.model.spec.AttachType;
import bpf4j.model.spec.Errno;
import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.btf.AttachTargets;
import bpf4j.verifier.cfg.BtfInfoChecks;
import bpf4j.verifier.cfg.CfgWalk;
import bpf4j.verifier.cfg.Components;
import bpf4j.verifier.cfg.FastcallPatterns;
import bpf4j.verifier.cfg.Immediates;
import bpf4j.verifier.cfg.LiveRegisters;
import bpf4j.verifier.cfg.Postorder;
import bpf4j.verifier.cfg.SubprogDiscovery;
import bpf4j.verifier.env.AttachInfo;
import bpf4j.verifier.env.Counters;
import bpf4j.verifier.env.Env;
import bpf4j.verifier.env.Privileges;
import bpf4j.verifier.env.Rejection;
import bpf4j.verifier.exec.Execution;
import bpf4j.verifier.exec.Machine;
import bpf4j.verifier.fixup.StackDepth;
import bpf4j.verifier.log.VerifierLog;
import bpf4j.verifier.state.VerifierMap;
import java.util.stream.Collectors;

/// Verifies programs as Linux 6.18 does: same verdict, message, log and numbers.
public final class Verifier {
  private static final int MAX_INSNS = 1_000_000;

  private final Env env;
  private final Machine machine;
  private final AttachTargets targets;
  private final long startNanos = System.nanoTime();

  private Verifier(ProgramSpec spec, VerifierOptions options) {
    env =
        new Env(
            spec,
            new VerifierLog(options.logLevel()),
            options.privileged() ? Privileges.ALL : Privileges.NONE,
            options.kernelBtf(),
            new AttachInfo(spec));
    machine = new Machine(env);
    targets = Wiring.wire(env, machine);
  }

  /// Verifies one program by itself.
  public static Verdict verify(ProgramSpec spec, VerifierOptions options) {
    if (spec.insns().length == 0 || spec.insns().length > MAX_INSNS) {
      return refusedUnseen(Errno.E2BIG);
    }
    AttachType attach = spec.attachType();
    AttachType fixed =
        ProgRules.fixupAttach(
            spec.type(), attach == null ? AttachType.CGROUP_INET_INGRESS : attach);
    if (!ProgRules.loads(spec.type(), fixed)) {
      return refusedUnseen(Errno.EINVAL);
    }
    if (!options.privileged() && ProgRules.needsCapBpf(spec.type())) {
      return refusedUnseen(Errno.EPERM);
    }
    if (spec.type() == ProgType.UNSPEC) {
      return refusedUnseen(Errno.EINVAL);
    }
    return new Verifier(spec, options).run(options);
  }

  /// Refused before the verifier proper looks at it: without a log.
  private static Verdict refusedUnseen(Errno errno) {
    return new Verdict.Reject(errno, "", "", new VerifierStats(0, 0, 0, 0, 0, "", 0));
  }

  private Verdict run(VerifierOptions options) {
    Errno errno = null;
    try {
      passes();
    } catch (Rejection e) {
      errno = e.errno();
    }
    String message = errno == null ? "" : lastMessage(env.log.toString());
    VerifierStats stats = stats(errno == null);
    if (env.log.stats()) {
      printStats(stats);
    }
    String log = options.logLevel() == 0 ? "" : env.log.toString();
    return errno == null
        ? new Verdict.Accept(new VerifiedProgram(env.spec, facts()), log, stats)
        : new Verdict.Reject(errno, message, log, stats);
  }

  private void passes() {
    BtfInfoChecks.checkEarly(env);
    SubprogDiscovery.discover(env);
    SubprogDiscovery.checkJumps(env);
    BtfInfoChecks.check(env);
    Immediates.resolve(env);
    env.forgetTexts();
    CfgWalk.check(env);
    Postorder.compute(env);
    targets.resolve(env);
    Components.compute(env);
    LiveRegisters.compute(env);
    FastcallPatterns.mark(env);
    new Execution(machine).run();
    StackDepth.removeFastcallSpills(env);
    StackDepth.check(env);
    StackDepth.checkMissingKfuncs(env);
  }

  private VerifierStats stats(boolean accepted) {
    Counters c = env.counters;
    return new VerifierStats(
        c.insnProcessed,
        c.maxStatesPerInsn,
        c.totalStates,
        c.peakStates,
        0,
        StackDepth.reported(env, accepted).stream()
            .map(String::valueOf)
            .collect(Collectors.joining("+")),
        (System.nanoTime() - startNanos) / 1000);
  }

  private void printStats(VerifierStats s) {
    env.log.printf("verification time %d usec\n", s.verificationTimeUsec());
    env.log.printf("stack depth %s\n", s.stackDepths());
    env.log.printf(
        "processed %d insns (limit %d) max_states_per_insn %d total_states %d peak_states %d "
            + "mark_read %d\n",
        s.processedInsns(),
        Counters.INSN_LIMIT,
        s.maxStatesPerInsn(),
        s.totalStates(),
        s.peakStates(),
        s.markRead());
  }

  /// The last line that is neither a source line nor about liveness.
  private static String lastMessage(String log) {
    int end = log.length();
    while (end > 0) {
      int start = log.lastIndexOf('\n', end - 1) + 1;
      String line = log.substring(start, end).strip();
      if (!line.isEmpty() && !line.startsWith(";") && !line.contains("live stack update")) {
        return line;
      }
      end = start - 1;
    }
    return "";
  }

  private InsnFacts facts() {
    InsnFacts f = new InsnFacts(env.insns.length);
    for (int i = 0; i < env.insns.length; i++) {
      if (env.aux.seen[i]) {
        f.markReached(i);
      }
      VerifierMap map = env.aux.callMap[i];
      if (map != null && !env.aux.callMapVaries[i]) {
        f.setMapIdx(i, map.index());
      }
    }
    return f;
  }
}
