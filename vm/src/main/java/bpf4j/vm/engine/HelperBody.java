package bpf4j.vm.engine;

/// What a helper or kfunc does when it is called: five argument registers in, `r0` out. Pointers
/// are guest addresses; errors are negated errnos.
@FunctionalInterface
public interface HelperBody {
  long call(RunCtx rc, long r1, long r2, long r3, long r4, long r5);
}
