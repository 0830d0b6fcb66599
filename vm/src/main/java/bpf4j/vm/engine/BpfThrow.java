package bpf4j.vm.engine;

/// `bpf_throw`: unwinds to the exception boundary, the outermost frame of the running program.
public final class BpfThrow extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final long cookie;

  public BpfThrow(long cookie) {
    super("bpf_throw", null, false, false);
    this.cookie = cookie;
  }

  public long cookie() {
    return cookie;
  }
}
