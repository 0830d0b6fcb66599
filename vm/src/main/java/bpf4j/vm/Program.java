package bpf4j.vm;

import bpf4j.model.spec.ProgType;
import bpf4j.model.spec.ProgramSpec;
import bpf4j.verifier.VerifiedProgram;
import bpf4j.vm.engine.CheckedInterpreter;
import bpf4j.vm.engine.Executable;
import bpf4j.vm.engine.FastInterpreter;
import bpf4j.vm.engine.LinkedProgram;
import bpf4j.vm.jit.BlockValidator;
import bpf4j.vm.jit.JitCompiler;
import bpf4j.vm.jit.TieredExecutable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A live program of a [Collection].
public final class Program implements bpf4j.maps.VirtualKernel.Prog {
  private final Collection collection;
  private final ProgramSpec spec;
  private final LinkedProgram linked;
  private final @Nullable VerifiedProgram verified;
  private final boolean trusted;
  private volatile @Nullable TieredExecutable tiered;
  private volatile @Nullable Executable jit;
  private volatile @Nullable Executable fast;
  private volatile @Nullable Executable checked;

  Program(
      Collection collection,
      ProgramSpec spec,
      LinkedProgram linked,
      @Nullable VerifiedProgram verified,
      boolean trusted) {
    this.collection = collection;
    this.spec = spec;
    this.linked = linked;
    this.verified = verified;
    this.trusted = trusted;
  }

  public String name() {
    return spec.name();
  }

  public ProgType type() {
    return spec.type();
  }

  public ProgramSpec spec() {
    return spec;
  }

  /// The program's id in its collection, counted from 1.
  @Override
  public int id() {
    return linked.index() + 1;
  }

  @Override
  public Object tailCallOwner() {
    return spec.type();
  }

  Collection collection() {
    return collection;
  }

  /// Runs the program as `BPF_PROG_TEST_RUN` would. Program types that the kernel cannot test-run
  /// take their context from [TestRun#ctxIn]. Throws [TestRunException] with the kernel's errno,
  /// and [GuestTrap] for a fault of the program.
  public RunResult testRun(TestRun run) {
    return TestRunner.of(spec.type()).run(this, run);
  }

  /// Runs the program on a packet, once.
  public RunResult testRun(byte[] packet) {
    return testRun(TestRun.of(packet));
  }

  private boolean isAccepted() {
    return verified != null || trusted;
  }

  private boolean isDead(int slotIdx) {
    VerifiedProgram v = verified;
    return v != null && !v.facts().reached(slotIdx);
  }

  /// Checks the JIT's translation of the program block by block against the interpreter, from
  /// random states; one line for each block that differs.
  public List<String> validateTranslation(long seed) {
    return BlockValidator.validate(linked, seed);
  }

  /// Which tier `wanted` means for this program now.
  Tier resolve(Tier wanted) {
    return switch (wanted) {
      case AUTO, JIT -> isAccepted() ? wanted : Tier.CHECKED;
      case INTERP -> isAccepted() ? Tier.INTERP : Tier.CHECKED;
      case CHECKED -> Tier.CHECKED;
    };
  }

  /// The engine that runs the program now in a tier that [#resolve] gave.
  Tier engine(Tier tier) {
    TieredExecutable t = tiered;
    if (tier != Tier.AUTO) {
      return tier;
    }
    return t != null && t.compiled() != null ? Tier.JIT : Tier.INTERP;
  }

  /// The program made ready for a tier that [#resolve] gave.
  Executable executable(Tier tier) {
    if (tier == Tier.AUTO) {
      TieredExecutable t = tiered;
      if (t == null) {
        t = new TieredExecutable(linked, collection.machine().memory(), this::isDead);
        tiered = t;
      }
      Executable compiled = t.compiled();
      return compiled != null ? compiled : t;
    }
    if (tier == Tier.JIT) {
      Executable e = jit;
      if (e == null) {
        e = JitCompiler.compile(linked, collection.machine().memory(), this::isDead);
        jit = e;
      }
      return e;
    }
    if (tier == Tier.CHECKED) {
      Executable e = checked;
      if (e == null) {
        e = new CheckedInterpreter(linked, collection.enableShadow());
        checked = e;
      }
      return e;
    }
    Executable e = fast;
    if (e == null) {
      e = new FastInterpreter(linked);
      fast = e;
    }
    return e;
  }
}
